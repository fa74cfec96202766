// rewrite_reindex: finds the indexes by their tables.
#include "execute/rewrite_reindex.hpp"

#include "catalog/index.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"
#include "message/build_message.hpp"
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

bool RebuildsExclusionIndex(const Judgment &judgment)
{
	for (const Oid table : EachOid(TablesOf(judgment)))
	{
		for (const Oid index : EachOid(IndexesOf(table)))
		{
			if (IsExclusionIndex(index))
				return true;
		}
	}
	return false;
}

void CompleteReindex(const Judgment &judgment, Remedy &remedy)
{
	for (const Oid table : EachOid(TablesOf(judgment)))
	{
		for (const Oid index : EachOid(IndexesOf(table)))
		{
			const auto invalid = ReadInvalidIndex(index);
			const char *command = invalid.has_value() && MayReindex(table, table, GetUserId())
									  ? ReindexCommand(*invalid, true)
									  : nullptr;
			if (command != nullptr)
				appendStringInfoString(remedy.steps.Add({makeStringInfo(), {}}).text, command);
		}
	}
}

bool MayReindexPartitions(const Judgment &judgment)
{
	for (const Oid leaf : EachOid(LeavesOf(judgment.target.table_id)))
	{
		if (!MayReindex(leaf, leaf, GetUserId()))
			return false;
	}
	return true;
}

namespace
{

// How far the command has come. Palloc'd: PG_CATCH needs it.
struct Progress
{
	int leaves = 0;
	int done = 0;
};

// Runs the command that `command_if_there` returns once the lock on the table is held, unless it is
// null. The table cannot be dropped any more then, and names are what they are.
template <typename Command>
void RunOnTable(const Runner &runner, Oid table, Command command_if_there)
{
	CommitAndBeginWithoutSnapshot(runner.context);
	LockBeforeSnapshot(table);
	const auto run = [&]
	{
		if (const char *command = command_if_there(); command != nullptr)
			RunLocked(runner, CallInPlaceOf(runner.call, command));
	};
	InOwnContext(runner.context, run);
}

void ReindexLeaf(const Runner &runner, const Judgment &judgment, Oid leaf)
{
	List *invalid = NIL;
	if (judgment.request.reindex->kind == REINDEX_OBJECT_TABLE)
	{
		for (const Oid index : EachOid(IndexesOf(leaf)))
		{
			if (ReadInvalidIndex(index).has_value())
				invalid = lappend_oid(invalid, index);
		}
	}
	RunOnTable(runner, leaf, [&] { return ReindexOfLeaf(judgment, leaf); });
	for (const Oid index : EachOid(invalid))
	{
		const auto repair = [index]() -> const char *
		{
			const auto found = ReadInvalidIndex(index);
			return found.has_value() ? ReindexCommand(*found, true) : nullptr;
		};
		RunOnTable(runner, leaf, repair);
	}
}

void ReindexLeaves(const Runner &runner, const Judgment &judgment, Progress &progress)
{
	const List *leaves = LeavesOf(judgment.target.table_id);
	progress.leaves = list_length(leaves);
	// There may be thousands of partitions. The memory of each is freed before the next.
	const MemoryContext step =
		AllocSetContextCreate(runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	for (const Oid leaf : EachOid(leaves))
	{
		MemoryContextReset(step);
		MemoryContextSwitchTo(step);
		ReindexLeaf(runner.In(step), judgment, leaf);
		++progress.done;
	}
	// Commits the last command here, where an error of the commit is handled.
	CommitAndBegin(runner.context);
	MemoryContextDelete(step);
}

} // namespace

void ReindexPartitionByPartition(const Runner &runner, const Judgment &judgment)
{
	Progress &progress = *Make(Progress{});
	PG_TRY();
	{
		ReindexLeaves(runner, judgment, progress);
	}
	PG_CATCH();
	{
		ErrorData *error = TakeError(runner.context);
		if (progress.done > 0)
			AddHint(*error, psprintf("The indexes of %d of %d partitions have been rebuilt.",
									 progress.done, progress.leaves));
		ReThrowError(error);
	}
	PG_END_TRY();
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
