// partition_build: one step after the other, each found by looking at what there is.
#include "execute/partition_build.hpp"

#include "message/build_message.hpp"
#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"

namespace psi
{

namespace
{

// How far it has come. It lies where a longjmp does not matter.
struct Progress
{
	Oid index; // on the root
	int leaves;
	int done; // leaves that have it
};

struct Tree
{
	Runner &runner;
	const IndexPlan &plan;
	Oid root;
	Progress &progress;
};

const char *Qualified(Oid relation)
{
	const auto row = ReadClass(relation);
	if (!row.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("an index or a partition was dropped while the index was built")));
	return QualifiedNameOf(*row).Quoted();
}

const char *NameOn(const Tree &tree, const ClassRow &partition)
{
	return ChooseName(tree.plan, NameOf(partition), partition.schema, nullptr, 0);
}

void Run(Tree &tree, const Commands &commands)
{
	for (int i = 0; i < commands.count; ++i)
		RunCommand(tree.runner, static_cast<StringInfo>(list_nth(commands.list, i))->data);
}

void Attach(Tree &tree, Oid parent_index, const char *index)
{
	RunCommand(tree.runner,
			   psprintf("ALTER INDEX %s ATTACH PARTITION %s", Qualified(parent_index), index));
}

void CountLeaf(Tree &tree, Oid leaf)
{
	++tree.progress.done;
	ereport(DEBUG1,
			(errmsg_internal("index on partition \"%s\" is attached (%d of %d)", get_rel_name(leaf),
							 tree.progress.done, tree.progress.leaves)));
	// Every tenth of them.
	if (tree.progress.leaves > 10 && tree.progress.done * 10 / tree.progress.leaves >
										 (tree.progress.done - 1) * 10 / tree.progress.leaves)
		ereport(NOTICE, (errmsg("%d of %d partitions have the index", tree.progress.done,
								tree.progress.leaves)));
}

// The index on a leaf: built, and given its constraint. Its name, quoted.
const char *BuildLeaf(Tree &tree, const ClassRow &leaf, const PartitionIndexes &found)
{
	for (int i = 0; i < list_length(found.left); ++i)
		DropLeftover(tree.runner, list_nth_oid(found.left, i));

	const RelationName table = QualifiedNameOf(leaf);
	Commands commands{};
	const auto unfinished = ReadClass(found.unfinished);
	const RelationName index = unfinished.has_value()
								   ? QualifiedNameOf(*unfinished)
								   : RelationName{table.schema, NameOn(tree, leaf), false};
	if (unfinished.has_value())
		AppendUsingIndex(commands, tree.plan, table, index);
	else
		BuildOnTable(commands, tree.plan, table, index);
	Run(tree, commands);
	return index.Quoted();
}

// The index on a partition that is partitioned itself, alone: what is below comes next. Its name,
// quoted.
const char *CreateOnPartition(Tree &tree, const ClassRow &partition)
{
	const RelationName table = QualifiedNameOf(partition);
	const RelationName index{table.schema, NameOn(tree, partition), false};
	Commands commands{};
	CreateOnly(commands, tree.plan, table, index);
	Run(tree, commands);
	return index.Quoted();
}

// Since the round began, the partition may have been detached, or given the index by somebody else.
bool StillLacks(const ClassRow &partition, Oid parent_index)
{
	if (!partition.is_partition ||
		get_partition_parent(partition.id, true) != IndexGetRelation(parent_index, true))
		return false;
	const List *indexes = IndexesOf(partition.id);
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const auto index = ReadClass(list_nth_oid(indexes, i));
		if (index.has_value() && index->is_partition &&
			get_partition_parent(index->id, true) == parent_index)
			return false;
	}
	return true;
}

// Gives a partition its index: one that it has, or a new one. It may be gone by now.
void Complete(Tree &tree, const LackingPartition &lacking)
{
	const auto partition = ReadClass(lacking.partition);
	if (!partition.has_value() || !StillLacks(*partition, lacking.parent_index))
		return;
	// One may have been attached since the command began.
	if (!IsOwner(partition->id, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("partition \"%s\" belongs to another role", NameStr(partition->name))));
	const bool is_leaf = partition->kind != RELKIND_PARTITIONED_TABLE;
	const PartitionIndexes found = FindPartitionIndexes(lacking.parent_index, partition->id,
														FirstName(tree.plan, NameOf(*partition)));
	const char *index = nullptr;
	if (OidIsValid(found.match))
		index = Qualified(found.match);
	else
	{
		index = is_leaf ? BuildLeaf(tree, *partition, found) : CreateOnPartition(tree, *partition);
		BeginTransaction(tree.runner.context);
	}
	Attach(tree, lacking.parent_index, index);
	BeginTransaction(tree.runner.context);
	if (is_leaf)
		CountLeaf(tree, partition->id);
}

// Is it the name that the command gives, or one that PostgreSQL chooses for it: the first, and a
// number where that was taken?
bool IsNameOf(const IndexPlan &plan, const RelationName &table, const char *name)
{
	if (plan.name != nullptr)
		return strcmp(plan.name, name) == 0;
	const char *first = FirstName(plan, table);
	if (strncmp(name, first, strlen(first)) != 0)
		return false;
	const char *rest = name + strlen(first);
	return strspn(rest, "0123456789") == strlen(rest);
}

// An invalid index on the table that an earlier try has made, or InvalidOid.
Oid EarlierIndex(const Tree &tree, const RelationName &table, const char *definition)
{
	const auto *create = reinterpret_cast<const IndexStmt *>(ParseCommand(definition)->utilityStmt);
	const List *indexes = IndexesOf(tree.root);
	Oid found = InvalidOid;
	for (int i = 0; i < list_length(indexes) && !OidIsValid(found); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		const auto row = ReadClass(index);
		if (!row.has_value() || row->kind != RELKIND_PARTITIONED_INDEX || IsValidIndex(index) ||
			row->is_partition || !IsNameOf(tree.plan, table, NameStr(row->name)) ||
			OidIsValid(get_index_constraint(index)) != (tree.plan.constraint != nullptr))
			continue;
		if (IsSameIndex(index, *create, tree.root, definition))
			found = index;
	}
	return found;
}

// Round after round: what a round has made below a partition, or others have attached meanwhile, is
// for the next.
void CompleteAll(Tree &tree)
{
	// Commands switch to the runner's context. There may be thousands of them.
	const MemoryContext round =
		AllocSetContextCreate(tree.runner.context, "pg_safe_index round", ALLOCSET_SMALL_SIZES);
	const MemoryContext step =
		AllocSetContextCreate(tree.runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	tree.runner.context = step;
	LackingPartition before{InvalidOid, InvalidOid};
	for (;;)
	{
		MemoryContextReset(round);
		MemoryContextSwitchTo(round);
		const List *lacking = FindLackingPartitions(tree.root, tree.progress.index);
		if (lacking == NIL)
			break;
		// A round leaves none of its partitions as it was.
		const auto &first = *static_cast<const LackingPartition *>(linitial(lacking));
		if (first.partition == before.partition && first.parent_index == before.parent_index)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("could not attach an index to partition \"%s\"",
								   get_rel_name(first.partition))));
		before = first;
		for (const auto *partition : Each<const LackingPartition>(lacking))
		{
			MemoryContextReset(step);
			MemoryContextSwitchTo(step);
			Complete(tree, *partition);
		}
	}
}

// PostgreSQL marks a partitioned index valid when the last partition is attached. Where that was
// dropped instead, it looks again for one that is attached already.
void Validate(Tree &tree, Oid index)
{
	check_stack_depth();
	if (get_rel_relkind(index) != RELKIND_PARTITIONED_INDEX || IsValidIndex(index))
		return;
	Oid valid = InvalidOid;
	const List *attached = find_inheritance_children(index, NoLock);
	for (int i = 0; i < list_length(attached); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Oid child = list_nth_oid(attached, i);
		Validate(tree, child);
		if (IsValidIndex(child))
			valid = child;
	}
	if (!OidIsValid(valid))
		return;
	Attach(tree, index, Qualified(valid));
	BeginTransaction(tree.runner.context);
}

void Build(Tree &tree)
{
	BeginTransaction(tree.runner.context);
	const auto root = ReadClass(tree.root);
	if (!root.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("the table was dropped while the index was built")));
	const RelationName table = QualifiedNameOf(*root);
	const RelationName name{
		table.schema, tree.plan.name != nullptr ? tree.plan.name : NameOn(tree, *root), false};

	tree.progress.index = EarlierIndex(tree, table, DefinitionCommand(tree.plan, table, name));
	if (!OidIsValid(tree.progress.index))
	{
		const bool taken = OidIsValid(get_relname_relid(name.name, root->schema));
		Commands commands{};
		CreateOnly(commands, tree.plan, table, name);
		Run(tree, commands);
		// IF NOT EXISTS has been told so.
		if (taken)
			return;
		BeginTransaction(tree.runner.context);
		tree.progress.index = get_relname_relid(name.name, root->schema);
	}
	else
		ereport(NOTICE, (errmsg("going on with index \"%s\", which an earlier command has begun",
								get_rel_name(tree.progress.index))));

	tree.progress.done = CountLeavesWith(tree.progress.index);
	CompleteAll(tree);
	Validate(tree, tree.progress.index);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(tree.progress.index)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the index was dropped while it was built")));
	if (!IsValidIndex(tree.progress.index))
		ereport(WARNING,
				(errmsg("index \"%s\" is invalid still", get_rel_name(tree.progress.index)),
				 errdetail("An index that is attached to it is invalid.")));
}

} // namespace

void BuildOnTree(Runner &runner, const IndexPlan &plan, Oid root)
{
	auto *progress = static_cast<Progress *>(MemoryContextAlloc(runner.context, sizeof(Progress)));
	*progress = {InvalidOid, PartitionsOf(root, 0).members, 0};
	Tree tree{runner, plan, root, *progress};
	PG_TRY();
	{
		Build(tree);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		ErrorData *error = CopyErrorData();
		FlushErrorState();
		if (OidIsValid(progress->index))
			AddHint(
				*error,
				psprintf(
					"%d of %d partitions have got the index, and keep it. The same command, sent again, goes on from there.",
					progress->done, progress->leaves));
		ReThrowError(error);
	}
	PG_END_TRY();
}

} // namespace psi
