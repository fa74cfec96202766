// statement: one case per kind of statement that is ours.
#include "statement/request.hpp"

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
	auto *requests = static_cast<Request *>(
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Request) * count));
	for (int i = 0; i < count; ++i)
	{
		requests[i] = Request{};
		requests[i].operation = Operation::drop_index;
		requests[i].concurrently = drop->concurrent;
		requests[i].missing_ok = drop->missing_ok;
		requests[i].cascade = drop->behavior == DROP_CASCADE;
		requests[i].dropped = static_cast<List *>(list_nth(drop->objects, i));
	}
	return {requests, count};
}

// The last word counts, as in ExecReindex(). An option that it does not know, or whose value is
// none, PostgreSQL refuses before it takes a lock.
Requests Reindex(const ReindexStmt *reindex)
{
	bool concurrently = false;
	for (int i = 0; i < list_length(reindex->params); ++i)
	{
		auto *option = static_cast<DefElem *>(list_nth(reindex->params, i));
		if (strcmp(option->defname, "concurrently") == 0)
			concurrently = defGetBoolean(option);
		else if (strcmp(option->defname, "verbose") == 0)
			defGetBoolean(option);
		else if (strcmp(option->defname, "tablespace") == 0)
			defGetString(option);
		else
			return {nullptr, 0};
	}
	auto *request = static_cast<Request *>(palloc0(sizeof(Request)));
	request->operation = Operation::reindex;
	request->concurrently = concurrently;
	request->name = reindex->relation;
	request->reindex = reindex;
	return {request, 1};
}

Requests MoveAll(const AlterTableMoveAllStmt *move)
{
	if (move->objtype != OBJECT_INDEX)
		return {nullptr, 0};
	auto *request = static_cast<Request *>(palloc0(sizeof(Request)));
	request->operation = Operation::move_index;
	request->move_all = move;
	request->tablespace = move->new_tablespacename;
	return {request, 1};
}

// The requests of an ALTER TABLE, in an array that grows.
struct Subcommands
{
	const AlterTableStmt *alter;
	const AlterSummary *summary;
	Request *items;
	int count;
	int capacity;

	Request &Add(Operation operation, int subcommand)
	{
		if (count == capacity)
		{
			capacity = capacity == 0 ? 4 : capacity * 2;
			items = static_cast<Request *>(items == nullptr
											   ? palloc(sizeof(Request) * capacity)
											   : repalloc_huge(items, sizeof(Request) * capacity));
		}
		Request &request = items[count++];
		request = Request{};
		request.operation = operation;
		request.missing_ok = alter->missing_ok;
		request.name = alter->relation;
		request.alter = alter;
		request.summary = summary;
		request.subcommand = subcommand;
		return request;
	}
};

void AddColumn(Subcommands &requests, const AlterTableCmd &command, int subcommand)
{
	const auto *column = reinterpret_cast<const ColumnDef *>(command.def);
	for (int i = 0; i < list_length(column->constraints); ++i)
	{
		const auto *constraint = static_cast<const Constraint *>(list_nth(column->constraints, i));
		if (!BuildsIndex(*constraint))
			continue;
		Request &request = requests.Add(Operation::add_constraint, subcommand);
		request.constraint = constraint;
		request.column = column;
	}
}

// The key is the name, NUL-terminated, of at most NAMEDATALEN bytes as the parser has cut it.
HTAB *MakeNameSet()
{
	HASHCTL control{};
	control.keysize = NAMEDATALEN;
	control.entrysize = NAMEDATALEN;
	control.hcxt = CurrentMemoryContext;
	return hash_create("pg_safe_index names", 16, &control,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

const AlterSummary *Summarize(const AlterTableStmt &alter)
{
	auto *summary = static_cast<AlterSummary *>(palloc0(sizeof(AlterSummary)));
	summary->added_columns = MakeNameSet();
	for (int i = 0; i < list_length(alter.cmds); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const auto *command = static_cast<const AlterTableCmd *>(list_nth(alter.cmds, i));
		switch (command->subtype)
		{
		case AT_AddColumn:
			hash_search(summary->added_columns,
						reinterpret_cast<const ColumnDef *>(command->def)->colname, HASH_ENTER,
						nullptr);
			break;
		case AT_DropConstraint:
		case AT_DropColumn:
		case AT_DropNotNull:
			summary->drops_constraint = true;
			break;
		default:
			break;
		}
	}
	return summary;
}

Requests AlterTable(const AlterTableStmt *alter)
{
	Subcommands requests{alter, Summarize(*alter), nullptr, 0, 0};
	for (int i = 0; i < list_length(alter->cmds); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const auto *command = static_cast<const AlterTableCmd *>(list_nth(alter->cmds, i));
		switch (command->subtype)
		{
		case AT_AddConstraint:
		{
			const auto *constraint = reinterpret_cast<const Constraint *>(command->def);
			if (BuildsIndex(*constraint))
				requests.Add(Operation::add_constraint, i).constraint = constraint;
			break;
		}
		case AT_AddColumn:
			AddColumn(requests, *command, i);
			break;
		case AT_AttachPartition:
			if (alter->objtype == OBJECT_TABLE)
				requests.Add(Operation::attach_partition, i).attach =
					reinterpret_cast<const PartitionCmd *>(command->def);
			break;
		case AT_SetTableSpace:
			requests.Add(Operation::move_index, i).tablespace = command->name;
			break;
		default:
			break;
		}
	}
	return {requests.items, requests.count};
}

} // namespace

bool AlterSummary::AddsColumn(const char *name) const
{
	return hash_search(added_columns, name, HASH_FIND, nullptr) != nullptr;
}

bool BuildsIndex(const Constraint &constraint)
{
	return constraint.contype == CONSTR_EXCLUSION ||
		   ((constraint.contype == CONSTR_UNIQUE || constraint.contype == CONSTR_PRIMARY) &&
			constraint.indexname == nullptr);
}

Requests AskedFor(const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_IndexStmt:
		return CreateIndex(reinterpret_cast<const IndexStmt *>(statement));
	case T_DropStmt:
		return DropIndex(reinterpret_cast<const DropStmt *>(statement));
	case T_ReindexStmt:
		return Reindex(reinterpret_cast<const ReindexStmt *>(statement));
	case T_AlterTableStmt:
		return AlterTable(reinterpret_cast<const AlterTableStmt *>(statement));
	case T_AlterTableMoveAllStmt:
		return MoveAll(reinterpret_cast<const AlterTableMoveAllStmt *>(statement));
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
