// partitioned_build: one step after the other, each chosen by what exists at that moment.
#include "execute/partitioned_build.hpp"

#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "message/build_message.hpp"
#include "pg/array.hpp"

namespace psi
{

namespace
{

// How far the build has come. Palloc'd: PG_CATCH needs it.
struct Progress
{
	Oid index = InvalidOid; // on the root
	int leaves = 0;
	int done = 0; // leaf partitions that have the index
};

struct PartitionedBuild
{
	const Runner &runner;
	const IndexPlan &plan;
	Oid root;
	Progress &progress;
};

// The name of a relation that has to be there still.
RelationName LiveNameOf(Oid relation)
{
	const auto row = ReadClass(relation);
	if (!row.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("an index or a partition was dropped while the index was built")));
	return QualifiedNameOf(*row);
}

// The name of the index on a table of the tree.
RelationName IndexNameFor(const PartitionedBuild &build, const ClassRow &table)
{
	return {QualifiedNameOf(table).schema, ChooseName(build.plan, NameOf(table), table.schema),
			false};
}

void RunSteps(const PartitionedBuild &build, const Steps &steps)
{
	Runner runner = build.runner;
	runner.options.partitions_total = build.progress.leaves;
	runner.options.partitions_done = build.progress.done;
	for (const Step &step : steps.All())
		RunStep(runner, step);
}

void Attach(const PartitionedBuild &build, Oid parent_index, const RelationName &index)
{
	Steps steps;
	AttachIndex(steps, LiveNameOf(parent_index), index);
	RunSteps(build, steps);
}

void CountLeaf(Progress &progress, Oid leaf)
{
	++progress.done;
	ereport(DEBUG1, (errmsg_internal("index on partition \"%s\" is attached (%d of %d)",
									 get_rel_name(leaf), progress.done, progress.leaves)));
	// At each tenth part of them.
	if (progress.leaves > 10 &&
		progress.done * 10 / progress.leaves > (progress.done - 1) * 10 / progress.leaves)
		ereport(NOTICE,
				(errmsg("%d of %d partitions have the index", progress.done, progress.leaves)));
}

// Builds the index on a leaf partition, and adds its constraint. Returns its name.
RelationName BuildOnLeaf(const PartitionedBuild &build, const ClassRow &leaf,
						 const PartitionIndexes &found)
{
	for (const Oid index : EachOid(found.left))
		DropFailedBuild(build.runner, index);

	const RelationName table = QualifiedNameOf(leaf);
	const auto unfinished = ReadClass(found.unfinished);
	const RelationName index =
		unfinished.has_value() ? QualifiedNameOf(*unfinished) : IndexNameFor(build, leaf);
	Steps steps;
	if (unfinished.has_value())
		AppendUsingIndex(steps, build.plan, table, index);
	else
		BuildOnTable(steps, build.plan, table, index);
	RunSteps(build, steps);
	return index;
}

// Creates the index on a partitioned table alone. Returns its name.
RelationName CreateOnParent(const PartitionedBuild &build, const ClassRow &parent,
							const RelationName &index)
{
	Steps steps;
	CreateOnly(steps, build.plan, QualifiedNameOf(parent), index);
	RunSteps(build, steps);
	return index;
}

// Does the partition still lack an index that is attached to that of its parent? It may have been
// detached, or another session may have attached one.
bool StillLacksIndex(const ClassRow &partition, Oid parent_index)
{
	if (!partition.is_partition ||
		get_partition_parent(partition.id, true) != IndexGetRelation(parent_index, true))
		return false;
	for (const Oid id : EachOid(IndexesOf(partition.id)))
	{
		const auto index = ReadClass(id);
		if (index.has_value() && index->is_partition &&
			get_partition_parent(id, true) == parent_index)
			return false;
	}
	return true;
}

// Attaches an index of the partition to that of its parent: one that exists, or a new one. Does
// nothing if the partition is gone.
void IndexPartition(const PartitionedBuild &build, const LackingPartition &lacking)
{
	const auto partition = ReadClass(lacking.partition);
	if (!partition.has_value() || !StillLacksIndex(*partition, lacking.parent_index))
		return;
	// The owner was checked before, but the partition may have been attached since then.
	if (!IsOwner(partition->id, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("partition \"%s\" belongs to another role", NameStr(partition->name))));
	const bool is_leaf = partition->kind != RELKIND_PARTITIONED_TABLE;
	const PartitionIndexes found = FindPartitionIndexes(lacking.parent_index, partition->id,
														FirstName(build.plan, NameOf(*partition)));
	RelationName index;
	if (OidIsValid(found.match))
		index = LiveNameOf(found.match);
	else
	{
		index = is_leaf ? BuildOnLeaf(build, *partition, found)
						: CreateOnParent(build, *partition, IndexNameFor(build, *partition));
		CommitAndBegin(build.runner.context);
	}
	Attach(build, lacking.parent_index, index);
	CommitAndBegin(build.runner.context);
	if (is_leaf)
		CountLeaf(build.progress, partition->id);
}

// Is it a name that PostgreSQL would choose for the index: the first one, or that with a number
// because the first one was taken? If the command gives a name: is it that one?
bool IsNameForIndex(const IndexPlan &plan, const RelationName &table, const char *name)
{
	if (plan.name != nullptr)
		return strcmp(plan.name, name) == 0;
	const char *first = FirstName(plan, table);
	if (strncmp(name, first, strlen(first)) != 0)
		return false;
	const char *rest = name + strlen(first);
	return strspn(rest, "0123456789") == strlen(rest);
}

// The invalid index on the root that an earlier attempt created, or InvalidOid.
Oid FindEarlierIndex(const PartitionedBuild &build, const RelationName &table)
{
	const bool for_constraint = build.plan.constraint != nullptr;
	for (const Oid index : EachOid(IndexesOf(build.root)))
	{
		const auto row = ReadClass(index);
		if (row.has_value() && row->kind == RELKIND_PARTITIONED_INDEX && !IsValidIndex(index) &&
			!row->is_partition && IsNameForIndex(build.plan, table, NameStr(row->name)) &&
			OidIsValid(get_index_constraint(index)) == for_constraint &&
			IsSameIndex(index, *build.plan.create, build.root, build.runner.call.query))
			return index;
	}
	return InvalidOid;
}

// Attaches the missing indexes in rounds. The next round finds the partitions below those that got
// their index in this one, and the partitions that others have attached meanwhile.
void IndexAllPartitions(const PartitionedBuild &build)
{
	const MemoryContext context = build.runner.context;
	const MemoryContext round =
		AllocSetContextCreate(context, "pg_safe_index round", ALLOCSET_SMALL_SIZES);
	// There may be thousands of partitions. The memory of each is freed before the next.
	const MemoryContext step =
		AllocSetContextCreate(context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	const Runner step_runner = build.runner.In(step);
	const PartitionedBuild step_build{step_runner, build.plan, build.root, build.progress};
	LackingPartition previous{InvalidOid, InvalidOid};
	for (;;)
	{
		MemoryContextReset(round);
		MemoryContextSwitchTo(round);
		const List *lacking = FindLackingPartitions(build.root, build.progress.index);
		if (lacking == NIL)
			break;
		// Every round must make progress. If the first partition is unchanged, give up.
		const auto &first = *static_cast<const LackingPartition *>(linitial(lacking));
		if (first.partition == previous.partition && first.parent_index == previous.parent_index)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("could not attach an index to partition \"%s\"",
								   get_rel_name(first.partition))));
		previous = first;
		for (const auto *partition : Each<const LackingPartition>(lacking))
		{
			MemoryContextReset(step);
			MemoryContextSwitchTo(step);
			IndexPartition(step_build, *partition);
		}
	}
	MemoryContextSwitchTo(context);
	MemoryContextDelete(step);
	MemoryContextDelete(round);
}

// Marks a partitioned index valid if each partition of its table has a valid part of it, as
// validatePartitionedIndex() does. Waits for SHARE UPDATE EXCLUSIVE on the table, which keeps
// partitions from being attached and detached. ANALYZE may hold it for long, so the snapshot comes
// after the lock. Called in a transaction without one.
void MarkValidIfComplete(Oid index)
{
	const Oid table = IndexGetRelation(index, true);
	if (!OidIsValid(table))
		return;
	InvalidateCatalogSnapshot();
	LockRelationOid(table, ShareUpdateExclusiveLock);
	PushActiveSnapshot(GetTransactionSnapshot());
	bool complete = true;
	int parts = 0;
	const auto count = [&](const ClassRow &part, Oid, int)
	{
		++parts;
		complete = complete && IsValidIndex(part.id);
		return Walk::past;
	};
	WalkPartitions(index, count);
	const HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple) || !complete ||
		parts != list_length(find_inheritance_children(table, NoLock)))
		return;
	reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indisvalid = true;
	const Relation catalog = table_open(IndexRelationId, RowExclusiveLock);
	CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
	table_close(catalog, RowExclusiveLock);
}

// Marks the partitioned index and those below it valid. PostgreSQL does so when the index of the
// last partition is attached, but not if that partition was dropped instead. From 15.18, 16.14,
// 17.10 and 18.4 on it looks again when an index is attached that is attached already; older minor
// versions do nothing then.
void MarkValid(const PartitionedBuild &build, Oid index)
{
	check_stack_depth();
	if (get_rel_relkind(index) != RELKIND_PARTITIONED_INDEX || IsValidIndex(index))
		return;
	Oid valid = InvalidOid;
	for (const Oid child : EachOid(find_inheritance_children(index, NoLock)))
	{
		MarkValid(build, child);
		if (IsValidIndex(child))
			valid = child;
	}
	if (OidIsValid(valid))
		Attach(build, index, LiveNameOf(valid));
	// All partitions may be gone, too: then there is no index to attach.
	CommitAndBeginWithoutSnapshot(build.runner.context);
	if (!IsValidIndex(index))
		MarkValidIfComplete(index);
	CommitAndBegin(build.runner.context);
}

// Finds the index on the root that an earlier attempt created, or creates it. InvalidOid if there
// is nothing to do.
Oid FindOrCreateRootIndex(const PartitionedBuild &build)
{
	const auto root = ReadClass(build.root);
	if (!root.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("the table was dropped while the index was built")));
	const RelationName table = QualifiedNameOf(*root);
	const RelationName name = build.plan.name != nullptr
								  ? RelationName{table.schema, build.plan.name, false}
								  : IndexNameFor(build, *root);

	const Oid earlier = FindEarlierIndex(build, table);
	if (OidIsValid(earlier))
	{
		ereport(NOTICE, (errmsg("going on with index \"%s\", which an earlier command has begun",
								get_rel_name(earlier))));
		return earlier;
	}
	const bool taken = OidIsValid(get_relname_relid(name.name, root->schema));
	CreateOnParent(build, *root, name);
	// PostgreSQL has raised an error, or with IF NOT EXISTS a NOTICE.
	if (taken)
		return InvalidOid;
	CommitAndBegin(build.runner.context);
	return get_relname_relid(name.name, root->schema);
}

void Build(const PartitionedBuild &build)
{
	Progress &progress = build.progress;
	CommitAndBeginWithoutSnapshot(build.runner.context);
	// An index of an earlier attempt is recognized by its definition, for which the table is
	// opened. Nobody queues behind this lock.
	LockRelationOid(build.root, AccessShareLock);
	PushActiveSnapshot(GetTransactionSnapshot());
	progress.index = FindOrCreateRootIndex(build);
	if (!OidIsValid(progress.index))
		return;
	progress.done = CountLeavesWith(progress.index);
	IndexAllPartitions(build);
	MarkValid(build, progress.index);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(progress.index)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the index was dropped while it was built")));
	if (!IsValidIndex(progress.index))
		ereport(WARNING, (errmsg("index \"%s\" is still invalid", get_rel_name(progress.index)),
						  errdetail("An index that is attached to it is invalid.")));
}

} // namespace

void BuildOnPartitionTree(const Runner &runner, const IndexPlan &plan, Oid root)
{
	Progress &progress = *Make(Progress{InvalidOid, PartitionsOf(root, {}).members, 0});
	PG_TRY();
	{
		Build({runner, plan, root, progress});
	}
	PG_CATCH();
	{
		ErrorData *error = TakeError(runner.context);
		if (OidIsValid(progress.index))
			AddHint(
				*error,
				psprintf(
					"%d of %d partitions have got the index, and keep it. The same command, sent again, goes on from there.",
					progress.done, progress.leaves));
		ReThrowError(error);
	}
	PG_END_TRY();
}

} // namespace psi
