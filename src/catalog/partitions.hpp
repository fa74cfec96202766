// partitions: the one walk over a tree of partitions, of a table or of an index.
//
// Reads pg_inherits and the system caches, takes no lock on a table. A partition that goes away
// meanwhile is left out.
#pragma once

#include "catalog/relation.hpp"
#include "pg/list.hpp"

namespace psi
{

// Where the walk goes after a partition.
enum class Walk
{
	into, // its own partitions, if it has any
	past, // the next one beside it
	stop,
};

// Calls `visit(const ClassRow &partition, Oid parent, int level)` for each partition below `root`,
// a partition before its own, in the order of their OIDs within one level; level 0 is directly
// below the root. Returns false if a visit has said stop.
template <typename Visit> bool WalkPartitions(Oid root, Visit &&visit, int level = 0)
{
	check_stack_depth();
	// find_inheritance_children() fails for one that is gone.
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(root)))
		return true;
	List *children = find_inheritance_children(root, NoLock);
	for (const Oid child : EachOid(children))
	{
		const auto row = ReadClass(child);
		if (!row.has_value())
			continue;
		const Walk walk = visit(*row, root, level);
		if (walk == Walk::stop)
			return false;
		const bool has_partitions =
			row->kind == RELKIND_PARTITIONED_TABLE || row->kind == RELKIND_PARTITIONED_INDEX;
		if (walk == Walk::into && has_partitions && !WalkPartitions(child, visit, level + 1))
			return false;
	}
	list_free(children);
	return true;
}

// Is the current role the owner, and not only a member of it, of the table and of each partition
// below it, with the right to create in their schemas? Foreign tables are left out.
//
// Mode rewrite asks for it where several steps take the place of one: ATTACH PARTITION and ADD
// CONSTRAINT ... USING INDEX find by its name what the step before has built, and evaluate what is
// constant in it as the current user, while CREATE INDEX does so as the owner of the table, who
// could put an index with functions of his own in its place.
bool IsOwnerOfTree(Oid table);

// All partitions below a table that hold rows here, OIDs. Allocates.
List *LeavesOf(Oid table);

// The leaves below a partitioned index that have their part of it.
int CountLeavesWith(Oid partitioned_index);

// A partition that lacks the index of its parent.
struct LackingPartition
{
	Oid partition;
	Oid parent_index;
};

// The partitions of a table that lack what corresponds to the index, as far down as their parents
// have it, LackingPartition *. Foreign tables are left out. Allocates.
List *FindLackingPartitions(Oid table, Oid partitioned_index);

} // namespace psi
