// foreign_partitions: the leaf partitions first, then the client's command.
#include "execute/foreign_partitions.hpp"

#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "message/build_message.hpp"
#include "plan/remedy.hpp"

namespace psi
{

namespace
{

// What has been built so far. Palloc'd: PG_CATCH needs it.
struct Progress
{
	int leaves = 0;
	int done = 0;  // leaf partitions with which nothing remains to be done
	int built = 0; // leaf partitions that have got an index
	const char *first[spelled_requests_max]; // the names of the first ones
};

struct ForeignBuild
{
	const Runner &runner;
	const IndexPlan &plan; // of the index on a leaf partition
	Oid root;
	Progress &progress;
};

// Begins a transaction that holds ACCESS SHARE on the table and the partition, so that the indexes
// of the partition can be compared. Nobody queues behind this lock. The snapshot comes after the
// wait for the lock.
void BeginWithPartition(const ForeignBuild &build, Oid partition, MemoryContext context)
{
	CommitAndBeginWithoutSnapshot(context);
	LockRelationOid(build.root, AccessShareLock);
	LockRelationOid(partition, AccessShareLock);
	PushActiveSnapshot(GetTransactionSnapshot());
}

// Does the partition have an index that the client's command would attach instead of building one?
// Drops those that a failed build has left on a leaf partition.
bool HasIndex(const ForeignBuild &build, const Runner &runner, const ClassRow &partition)
{
	const IndexStmt *create = MapToPartition(*build.plan.create, build.root, partition.id);
	if (create == nullptr)
		return false;
	bool has = false;
	List *failed = NIL;
	for (const Oid index : EachOid(IndexesOf(partition.id)))
	{
		const auto row = ReadClass(index);
		if (!row.has_value() || row->is_partition ||
			!IsSameIndex(index, *create, partition.id, runner.call.query, Likeness::attaches))
			continue;
		// PostgreSQL attaches a partitioned index that is invalid as it is, and builds nothing
		// below it.
		if (row->kind == RELKIND_PARTITIONED_INDEX || IsValidIndex(index))
			has = true;
		else
			failed = lappend_oid(failed, index);
	}
	for (const Oid index : EachOid(failed))
		DropFailedBuild(runner, index);
	return has;
}

void NoteBuilt(const ForeignBuild &build, const ClassRow &leaf)
{
	Progress &progress = build.progress;
	if (progress.built < spelled_requests_max)
		progress.first[progress.built] =
			MemoryContextStrdup(build.runner.context, NameOf(leaf).Shown());
	++progress.built;
}

// Builds the index on a leaf partition if the client's command would. Returns false if nothing is
// left to do for the partition and those below it. `step` is for what is allocated meanwhile.
bool IndexPartition(const ForeignBuild &build, const Partition &partition, MemoryContext step)
{
	Runner runner = build.runner.In(step);
	runner.options.partitions_total = build.progress.leaves;
	runner.options.partitions_done = build.progress.done;
	BeginWithPartition(build, partition.id, step);
	const auto row = ReadClass(partition.id);
	// It may have been dropped or detached meanwhile.
	if (!row.has_value() || !row->is_partition ||
		get_partition_parent(row->id, true) != partition.parent || HasIndex(build, runner, *row))
		return false;
	if (!partition.leaf)
		return true;
	// The name is chosen when what a failed build has left is gone.
	const RelationName table = QualifiedNameOf(*row);
	const RelationName index{table.schema, ChooseName(build.plan, NameOf(*row), row->schema),
							 false};
	Steps steps;
	BuildOnTable(steps, build.plan, table, index);
	RunStep(runner, steps.All().Last());
	CommitAndBegin(step);
	NoteBuilt(build, *row);
	return false;
}

// Builds the index on every leaf partition on which the client's command would build one.
void BuildOnLeaves(const ForeignBuild &build)
{
	const MemoryContext context = build.runner.context;
	// There may be thousands of partitions. The memory of each is freed before the next.
	const MemoryContext step =
		AllocSetContextCreate(context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	const Array<Partition> partitions = AllPartitionsOf(build.root);
	Array<bool> goes_on; // for the partition at the same position: to those below it
	goes_on.Reserve(partitions.Count());
	for (const Partition &partition : partitions)
		build.progress.leaves += partition.leaf ? 1 : 0;
	for (const Partition &partition : partitions)
	{
		MemoryContextReset(step);
		const bool reached = partition.parent_position < 0 || goes_on[partition.parent_position];
		goes_on.Add(reached && IndexPartition(build, partition, step));
		build.progress.done += partition.leaf ? 1 : 0;
	}
	CommitAndBegin(context);
	MemoryContextDelete(step);
}

// The client's command locks all partitions (DefineIndex()).
void RunLast(const Runner &runner, Oid root, const char *command)
{
	const auto row = ReadClass(root);
	if (!row.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("the table was dropped while the index was built")));
	Steps steps;
	appendStringInfoString(steps.Finish({ShareLock, QualifiedNameOf(*row), LockedPart::tree}),
						   command);
	RunStep(runner, steps.All().Last());
}

// Is the name that the client's command gives the index taken? PostgreSQL then refuses the command,
// or with IF NOT EXISTS skips it.
bool IsNameTaken(const IndexPlan &plan, Oid root)
{
	const auto row = ReadClass(root);
	return plan.name != nullptr && row.has_value() &&
		   OidIsValid(get_relname_relid(plan.name, row->schema));
}

// The hint about the indexes that stay after an error. Allocates.
const char *HintForBuilt(const Progress &progress)
{
	StringInfoData hint;
	initStringInfo(&hint);
	appendStringInfoString(&hint, progress.built == 1 ? "An index has been built on partition "
													  : "Indexes have been built on partitions ");
	const int shown = Min(progress.built, spelled_requests_max);
	for (int i = 0; i < shown; ++i)
		appendStringInfo(&hint, "%s\"%s\"", i > 0 ? ", " : "", progress.first[i]);
	if (progress.built > shown)
		appendStringInfo(&hint, " and %d more", progress.built - shown);
	appendStringInfo(&hint, ", and stay%s. The same command, sent again, goes on from there.",
					 progress.built == 1 ? "s" : "");
	return hint.data;
}

} // namespace

void BuildBesideForeign(const Runner &runner, const IndexPlan &plan, Oid root, const char *command)
{
	IndexPlan leaf_plan = plan;
	leaf_plan.name = nullptr;
	leaf_plan.if_not_exists = false;
	Progress &progress = *Make(Progress{});
	PG_TRY();
	{
		CommitAndBegin(runner.context);
		if (!IsNameTaken(plan, root))
			BuildOnLeaves({runner, leaf_plan, root, progress});
		RunLast(runner, root, command);
		CommitAndBegin(runner.context);
	}
	PG_CATCH();
	{
		ErrorData *error = TakeError(runner.context);
		if (progress.built > 0)
			AddHint(*error, HintForBuilt(progress));
		ReThrowError(error);
	}
	PG_END_TRY();
}

} // namespace psi
