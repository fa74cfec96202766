// partition_tree: depth first, so that parents come before their partitions.
#include "partition_tree.hpp"

namespace psi
{

namespace
{

struct Walk
{
	PartitionTree tree;
	Partition *spelled;
	int capacity;
	std::int64_t enough;
};

int Spell(Walk &walk, const ClassRow &row, bool leaf, int parent)
{
	if (walk.tree.spelled_leaves >= spelled_leaves_max)
		return -1;
	if (walk.tree.spelled_count == walk.capacity)
	{
		walk.capacity *= 2;
		walk.spelled =
			static_cast<Partition *>(repalloc(walk.spelled, sizeof(Partition) * walk.capacity));
	}
	walk.spelled[walk.tree.spelled_count] = {NameOf(row), row.schema, leaf, parent};
	if (leaf)
		++walk.tree.spelled_leaves;
	return walk.tree.spelled_count++;
}

void AddLeaf(Walk &walk, const ClassRow &row, int parent)
{
	PartitionTree &tree = walk.tree;
	if (row.kind == RELKIND_FOREIGN_TABLE)
	{
		++tree.foreign_leaves;
		return;
	}
	++tree.leaves;
	Spell(walk, row, true, parent);

	if (row.persistence == RELPERSISTENCE_TEMP || IsCreatedHere(row.id))
		return;
	++tree.standing_leaves;

	if (tree.size.has_value() && *tree.size < walk.enough)
	{
		const auto size = MainForkSize(row.id);
		if (size.has_value())
			*tree.size += *size;
		else
			tree.size.reset();
	}
}

void WalkChildren(Walk &walk, Oid table, int parent)
{
	check_stack_depth();

	// It looks up the parent's row and fails if that is gone. It is not: the caller has just read
	// it, and nothing has accepted an invalidation since.
	List *children = find_inheritance_children(table, NoLock);
	for (int i = 0; i < list_length(children); ++i)
	{
		const auto row = ReadClass(list_nth_oid(children, i));
		if (!row.has_value())
			continue;
		if (row->kind != RELKIND_PARTITIONED_TABLE)
		{
			AddLeaf(walk, *row, parent);
			continue;
		}
		const int position = Spell(walk, *row, false, parent);
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(row->id)))
			WalkChildren(walk, row->id, position);
	}
	list_free(children);
}

} // namespace

PartitionTree WalkPartitions(Oid root, std::int64_t enough)
{
	Walk walk{};
	walk.capacity = 2 * spelled_leaves_max;
	walk.spelled = static_cast<Partition *>(palloc(sizeof(Partition) * walk.capacity));
	walk.enough = enough;
	if (enough > 0)
		walk.tree.size = 0;

	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(root)))
		WalkChildren(walk, root, -1);

	walk.tree.spelled = walk.spelled;
	return walk.tree;
}

} // namespace psi
