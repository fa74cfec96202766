// partition_build: one step after the other, each found by looking at what there is.
#include "partition_build.hpp"

#include "build_report.hpp"
#include "index_match.hpp"
#include "leftovers.hpp"

namespace psi
{

namespace
{

enum class Step
{
	none,   // all partitions have their index
	attach, // one that is there
	create, // on a partitioned partition, alone
	build,  // on a leaf
};

struct Task
{
	Step step;
	Oid partition;
	Oid parent_index;
	PartitionIndexes found;
};

struct Tree
{
	Runner &runner;
	const IndexPlan &plan;
	Oid root;
	Oid index; // on the root
	int leaves;
	int done; // leaves, in this try
};

const char *Qualified(Oid relation)
{
	const auto row = ReadClass(relation);
	if (!row.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("an index or a partition was dropped while the index was built")));
	return quote_qualified_identifier(get_namespace_name(row->schema), NameStr(row->name));
}

// As if there were only this name, whatever the search path.
RelationName HiddenName(Oid relation)
{
	const auto row = ReadClass(relation);
	if (!row.has_value())
		return {"?", "?", false};
	RelationName name = NameOf(*row);
	name.visible = false;
	return name;
}

// The index of a table that is attached to that of its parent, or InvalidOid.
Oid AttachedIndex(const List *indexes, Oid table)
{
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		if (IndexGetRelation(index, true) == table)
			return index;
	}
	return InvalidOid;
}

const char *NameOn(const Tree &tree, const ClassRow &partition)
{
	return ChooseName(tree.plan, NameOf(partition), partition.schema, nullptr, 0);
}

Task TaskFor(const Tree &tree, const ClassRow &partition, Oid parent_index)
{
	const Oid constraint = get_index_constraint(parent_index);
	const char *first = FirstName(tree.plan, NameOf(partition));
	const PartitionIndexes found =
		FindPartitionIndexes(parent_index, constraint, partition.id, first);
	if (OidIsValid(found.match))
		return {Step::attach, partition.id, parent_index, found};
	return {partition.kind == RELKIND_PARTITIONED_TABLE ? Step::create : Step::build, partition.id,
			parent_index, found};
}

// The first thing to do below a table, depth first.
Task NextTask(const Tree &tree, Oid table, Oid index)
{
	constexpr Task nothing{Step::none, InvalidOid, InvalidOid, {InvalidOid, InvalidOid, NIL}};
	check_stack_depth();
	// find_inheritance_children() fails for one that is gone.
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table)) ||
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index)))
		return nothing;
	const List *partitions = find_inheritance_children(table, NoLock);
	const List *indexes = find_inheritance_children(index, NoLock);
	for (int i = 0; i < list_length(partitions); ++i)
	{
		const auto partition = ReadClass(list_nth_oid(partitions, i));
		if (!partition.has_value() || partition->kind == RELKIND_FOREIGN_TABLE)
			continue;
		const Oid attached = AttachedIndex(indexes, partition->id);
		if (!OidIsValid(attached))
			return TaskFor(tree, *partition, index);
		if (partition->kind != RELKIND_PARTITIONED_TABLE || IsValidIndex(attached))
			continue;
		const Task below = NextTask(tree, partition->id, attached);
		if (below.step != Step::none)
			return below;
	}
	return nothing;
}

// The leaves that have the index.
int CountDone(Oid index)
{
	int done = 0;
	const List *indexes = find_inheritance_children(index, NoLock);
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const Oid attached = list_nth_oid(indexes, i);
		if (get_rel_relkind(attached) == RELKIND_PARTITIONED_INDEX)
			done += CountDone(attached);
		else
			++done;
	}
	return done;
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
	++tree.done;
	ereport(DEBUG1, (errmsg_internal("index on partition \"%s\" is attached (%d of %d)",
									 get_rel_name(leaf), tree.done, tree.leaves)));
	// Every tenth of them.
	if (tree.leaves > 10 && tree.done * 10 / tree.leaves > (tree.done - 1) * 10 / tree.leaves)
		ereport(NOTICE, (errmsg("%d of %d partitions have the index", tree.done, tree.leaves)));
}

// The index on a leaf: built, given its constraint, attached.
void BuildLeaf(Tree &tree, const Task &task)
{
	for (int i = 0; i < list_length(task.found.left); ++i)
		DropLeftover(tree.runner, list_nth_oid(task.found.left, i));

	const auto leaf = ReadClass(task.partition);
	if (!leaf.has_value())
		return; // the next look will not find it, either
	const RelationName table = HiddenName(task.partition);
	RelationName index{table.schema, nullptr, false};
	Commands commands{};
	if (OidIsValid(task.found.unfinished))
	{
		index = HiddenName(task.found.unfinished);
		AppendUsingIndex(commands, tree.plan, table, index);
	}
	else
	{
		index.name = NameOn(tree, *leaf);
		BuildOnTable(commands, tree.plan, table, index);
	}
	Run(tree, commands);
	BeginTransaction(tree.runner);
	Attach(tree, task.parent_index, index.Quoted());
}

void Do(Tree &tree, const Task &task)
{
	switch (task.step)
	{
	case Step::attach:
		Attach(tree, task.parent_index, Qualified(task.found.match));
		break;
	case Step::create:
	{
		const auto partition = ReadClass(task.partition);
		if (!partition.has_value())
			break;
		const RelationName table = HiddenName(task.partition);
		const RelationName index{table.schema, NameOn(tree, *partition), false};
		Commands commands{};
		CreateOnly(commands, tree.plan, table, index);
		Run(tree, commands);
		BeginTransaction(tree.runner);
		Attach(tree, task.parent_index, index.Quoted());
		break;
	}
	case Step::build:
		BuildLeaf(tree, task);
		break;
	case Step::none:
		break;
	}
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
Oid EarlierIndex(const Tree &tree, const char *definition)
{
	const auto *create = reinterpret_cast<const IndexStmt *>(ParseCommand(definition)->utilityStmt);
	const List *indexes = IndexesOf(tree.root);
	Oid found = InvalidOid;
	for (int i = 0; i < list_length(indexes) && !OidIsValid(found); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		const auto row = ReadClass(index);
		if (!row.has_value() || row->kind != RELKIND_PARTITIONED_INDEX || IsValidIndex(index) ||
			row->is_partition || !IsNameOf(tree.plan, HiddenName(tree.root), NameStr(row->name)) ||
			OidIsValid(get_index_constraint(index)) != (tree.plan.constraint != nullptr))
			continue;
		if (IsSameIndex(index, *create, tree.root, definition))
			found = index;
	}
	return found;
}

void Build(Tree &tree)
{
	BeginTransaction(tree.runner);
	const auto root = ReadClass(tree.root);
	if (!root.has_value())
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("the table was dropped while the index was built")));
	const RelationName table = HiddenName(tree.root);
	const RelationName name{
		table.schema, tree.plan.name != nullptr ? tree.plan.name : NameOn(tree, *root), false};

	tree.index = EarlierIndex(tree, DefinitionCommand(tree.plan, table, name));
	if (!OidIsValid(tree.index))
	{
		const bool taken = OidIsValid(get_relname_relid(name.name, root->schema));
		Commands commands{};
		CreateOnly(commands, tree.plan, table, name);
		Run(tree, commands);
		// IF NOT EXISTS has been told so.
		if (taken)
			return;
		BeginTransaction(tree.runner);
		tree.index = get_relname_relid(name.name, root->schema);
	}
	else
		ereport(NOTICE, (errmsg("going on with index \"%s\", which an earlier command has begun",
								get_rel_name(tree.index))));

	tree.done = CountDone(tree.index);
	// Commands switch to the runner's context.
	const MemoryContext step =
		AllocSetContextCreate(tree.runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	tree.runner.context = step;
	Oid last = InvalidOid;
	for (;;)
	{
		// There may be thousands of them.
		MemoryContextReset(step);
		MemoryContextSwitchTo(step);
		const Task task = NextTask(tree, tree.root, tree.index);
		if (task.step == Step::none)
			break;
		if (task.partition == last)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("could not attach an index to partition \"%s\"",
								   get_rel_name(task.partition))));
		last = task.partition;
		Do(tree, task);
		BeginTransaction(tree.runner);
		if (task.step != Step::create &&
			get_rel_relkind(task.partition) != RELKIND_PARTITIONED_TABLE)
			CountLeaf(tree, task.partition);
	}
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(tree.index)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the index was dropped while it was built")));
	if (!IsValidIndex(tree.index))
		ereport(WARNING, (errmsg("index \"%s\" is invalid still", get_rel_name(tree.index)),
						  errdetail("An index that is attached to it is invalid.")));
}

} // namespace

bool MayIndexPartitions(Oid table)
{
	check_stack_depth();
	const List *partitions = find_inheritance_children(table, NoLock);
	for (int i = 0; i < list_length(partitions); ++i)
	{
		const auto partition = ReadClass(list_nth_oid(partitions, i));
		if (!partition.has_value() || partition->kind == RELKIND_FOREIGN_TABLE)
			continue;
		if (!OwnsRelation(partition->id, GetUserId()) ||
			!MayCreateIn(partition->schema, GetUserId()) ||
			(partition->kind == RELKIND_PARTITIONED_TABLE && !MayIndexPartitions(partition->id)))
			return false;
	}
	return true;
}

void BuildOnTree(Runner &runner, const IndexPlan &plan, Oid root)
{
	Tree tree{runner, plan, root, InvalidOid, PartitionsOf(root, 0).members, 0};
	PG_TRY();
	{
		Build(tree);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		ErrorData *error = CopyErrorData();
		FlushErrorState();
		if (OidIsValid(tree.index))
			AddHint(*error,
					psprintf("%d of %d partitions have got the index, and keep it. The same "
							 "command, sent again, goes on from there.",
							 tree.done, tree.leaves));
		ReThrowError(error);
	}
	PG_END_TRY();
}

namespace
{

// All that hold rows. Allocates.
List *Leaves(Oid table, List *leaves)
{
	check_stack_depth();
	const List *partitions = find_inheritance_children(table, NoLock);
	for (int i = 0; i < list_length(partitions); ++i)
	{
		const Oid partition = list_nth_oid(partitions, i);
		const char kind = get_rel_relkind(partition);
		if (kind == RELKIND_PARTITIONED_TABLE)
			leaves = Leaves(partition, leaves);
		else if (kind == RELKIND_RELATION)
			leaves = lappend_oid(leaves, partition);
	}
	return leaves;
}

// Does the leaf have the index that a command would build? Invalid ones are dropped.
bool HasIndex(Runner &runner, Oid leaf, const char *command)
{
	const auto *create = reinterpret_cast<const IndexStmt *>(ParseCommand(command)->utilityStmt);
	const List *indexes = IndexesOf(leaf);
	bool has = false;
	List *invalid = NIL;
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		const auto row = ReadClass(index);
		if (!row.has_value() || row->is_partition ||
			!IsSameIndex(index, *create, leaf, command, Likeness::attaches))
			continue;
		if (IsValidIndex(index))
			has = true;
		else
			invalid = lappend_oid(invalid, index);
	}
	for (int i = 0; i < list_length(invalid); ++i)
		DropLeftover(runner, list_nth_oid(invalid, i));
	return has;
}

} // namespace

void BuildBesideForeign(Runner &runner, const IndexPlan &plan, Oid root, const char *command)
{
	BeginTransaction(runner);
	IndexPlan leaf_plan = plan;
	leaf_plan.name = nullptr;
	leaf_plan.if_not_exists = false;
	const List *leaves = Leaves(root, NIL);
	for (int i = 0; i < list_length(leaves); ++i)
	{
		BeginTransaction(runner);
		const Oid leaf = list_nth_oid(leaves, i);
		const auto row = ReadClass(leaf);
		if (!row.has_value())
			continue;
		const RelationName table = HiddenName(leaf);
		const RelationName index{
			table.schema, ChooseName(leaf_plan, NameOf(*row), row->schema, nullptr, 0), false};
		if (HasIndex(runner, leaf, DefinitionCommand(leaf_plan, table, index)))
			continue;
		Commands commands{};
		BuildOnTable(commands, leaf_plan, table, index);
		RunCommand(runner, static_cast<StringInfo>(llast(commands.list))->data);
	}
	RunCommand(runner, command);
	BeginTransaction(runner);
}

} // namespace psi
