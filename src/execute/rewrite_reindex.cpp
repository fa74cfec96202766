// rewrite_reindex: finds the indexes by their tables.
#include "execute/rewrite_reindex.hpp"

#include "catalog/index.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// The tables whose indexes a REINDEX of something else than an index rebuilds.
List *TablesOf(const Judgment &judgment)
{
	const ReindexStmt &reindex = *judgment.request.reindex;
	switch (reindex.kind)
	{
	case REINDEX_OBJECT_INDEX:
		return NIL;
	case REINDEX_OBJECT_TABLE:
		return ReachesSeveral(judgment.target.facts.kind)
				   ? LeavesOf(judgment.target.table_id)
				   : list_make1_oid(judgment.target.table_id);
	case REINDEX_OBJECT_SCHEMA:
		return OidsOfTablesIn(get_namespace_oid(reindex.name, true));
	default:
		return OidsOfTablesIn(InvalidOid);
	}
}

} // namespace

bool CompleteReindex(const Judgment &judgment, Remedy &remedy)
{
	for (const Oid table : EachOid(TablesOf(judgment)))
	{
		for (const Oid index : EachOid(IndexesOf(table)))
		{
			if (IsExclusionIndex(index))
				return false;
			const auto invalid = ReadInvalidIndex(index);
			const char *command = invalid.has_value() && MayReindex(table, table, GetUserId())
									  ? ReindexCommand(*invalid, true)
									  : nullptr;
			if (command != nullptr)
				appendStringInfoString(remedy.steps.Add({makeStringInfo(), {}}).text, command);
		}
	}
	return true;
}

void DropLeftByEarlierReindex(const Runner &runner, const Judgment &judgment)
{
	const Target &target = judgment.target;
	const List *tables = judgment.request.reindex != nullptr ? TablesOf(judgment) : NIL;
	if (tables == NIL && target.facts.kind == TableKind::partitioned_table)
		tables = LeavesOf(target.table_id);
	if (tables == NIL && OidIsValid(target.table_id))
		tables = list_make1_oid(target.table_id);
	for (const Oid table : EachOid(tables))
		DropLeftByReindex(runner, table, target.index_id);
}

} // namespace psi
