// leftovers: found by name and definition.
#include "execute/failed_builds.hpp"

#include "catalog/activity.hpp"
#include "catalog/index_match.hpp"
#include "catalog/index_name.hpp"
#include "catalog/relation.hpp"
#include "execute/drop_index.hpp"
#include "message/build_message.hpp"

namespace psi
{

void DropLeftover(Runner &runner, Oid index)
{
	const auto invalid = ReadInvalidIndex(index);
	if (!invalid.has_value())
		return;
	if (AtWorkOn(invalid->id, invalid->table_id).doing != Doing::nothing)
		return;
	volatile bool begun = false;
	const auto name_if_left = [&]() -> const char *
	{
		if (!IsInvalidStill(*invalid))
			return nullptr;
		begun = true;
		ereport(NOTICE,
				(errmsg("dropping index \"%s\", which an earlier build left behind, marked invalid",
						invalid->index.Shown())));
		return quote_qualified_identifier(invalid->index.schema, invalid->index.name);
	};
	PG_TRY();
	{
		DropConcurrently(*runner.call, runner.context, invalid->table_id, name_if_left);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		ErrorData *error = CopyErrorData();
		FlushErrorState();
		// It may have been committed that the index is not to be used any more.
		if (begun)
			AddHint(*error, HintForLeftovers(&*invalid, 1, 0, nullptr));
		ReThrowError(error);
	}
	PG_END_TRY();
	BeginTransaction(runner.context);
}

namespace
{

// The invalid indexes of a table that are not attached. Allocates.
const List *InvalidIndexes(Oid table)
{
	List *invalid = NIL;
	const List *indexes = IndexesOf(table);
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const auto index = ReadInvalidIndex(list_nth_oid(indexes, i));
		if (index.has_value() && !index->is_partition)
			invalid = lappend_oid(invalid, index->id);
	}
	return invalid;
}

} // namespace

bool ClearTheWay(Runner &runner, const IndexStmt &create, const char *command, bool any_name)
{
	const auto table = ReadClass(Resolve(*create.relation));
	if (!table.has_value())
		return false;
	// The first that PostgreSQL would choose, taken or not.
	const char *name = create.idxname != nullptr
						   ? create.idxname
						   : makeObjectName(NameStr(table->name), JoinColumnNames(create), "idx");
	const Oid named = get_relname_relid(name, table->schema);

	const List *invalid = InvalidIndexes(table->id);
	for (int i = 0; i < list_length(invalid); ++i)
	{
		const Oid index = list_nth_oid(invalid, i);
		if ((any_name || index == named) && IsSameIndex(index, create, table->id, command))
			DropLeftover(runner, index);
	}
	const auto row = ReadClass(named);
	return row.has_value() && row->kind == RELKIND_INDEX && !row->is_partition &&
		   !ReadInvalidIndex(named).has_value() && !OidIsValid(get_index_constraint(named)) &&
		   IsSameIndex(named, create, table->id, command);
}

} // namespace psi
