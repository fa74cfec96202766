// statement: one case per kind of statement that is ours.
#include "statement.hpp"

namespace psi
{

namespace
{

Requests CreateIndex(const IndexStmt *create)
{
	auto *request = static_cast<Request *>(palloc0(sizeof(Request)));
	request->operation = Operation::create_index;
	request->concurrently = create->concurrent;
	request->name = create->relation;
	request->create = create;
	return {request, 1};
}

Requests DropIndex(const DropStmt *drop)
{
	if (drop->removeType != OBJECT_INDEX)
		return {nullptr, 0};

	const int count = list_length(drop->objects);
	auto *requests = static_cast<Request *>(palloc0(sizeof(Request) * count));
	for (int i = 0; i < count; ++i)
	{
		requests[i].operation = Operation::drop_index;
		requests[i].concurrently = drop->concurrent;
		requests[i].missing_ok = drop->missing_ok;
		requests[i].cascade = drop->behavior == DROP_CASCADE;
		requests[i].name =
			makeRangeVarFromNameList(static_cast<List *>(list_nth(drop->objects, i)));
	}
	return {requests, count};
}

} // namespace

Requests AskedFor(const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_IndexStmt:
		return CreateIndex(reinterpret_cast<const IndexStmt *>(statement));
	case T_DropStmt:
		return DropIndex(reinterpret_cast<const DropStmt *>(statement));
	default:
		return {nullptr, 0};
	}
}

StatementText TextOf(const PlannedStmt &statement, const char *query)
{
	const int whole = static_cast<int>(strlen(query));
	// -1 and 0 stand for "not known": the statement takes up the whole text.
	const int offset = statement.stmt_location > 0 && statement.stmt_location <= whole
						   ? statement.stmt_location
						   : 0;
	const int rest = whole - offset;
	const int length =
		statement.stmt_len > 0 && statement.stmt_len < rest ? statement.stmt_len : rest;
	return {pnstrdup(query + offset, length), offset};
}

} // namespace psi
