// partitions: the walk over the partitions below a table or an index, and questions about all of
// them.
//
// Reads pg_inherits and the system caches, and takes no lock on a table. A partition that goes away
// meanwhile is left out. The walk serves interrupts.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"

namespace psi
{

// Where the walk goes after a partition.
enum class Walk
{
	into, // to the partitions below it, if it has any
	past, // to the next one on the same level
	stop,
};

// Calls `visit(const ClassRow &partition, Oid parent, int level)` for each partition below `root`.
// A partition comes before those below it; within one level the order is that of the OIDs. Level 0
// is directly below the root. Returns false if a visit has said stop.
template <typename Visit> bool WalkPartitions(Oid root, Visit &&visit, int level = 0)
{
	check_stack_depth();
	// find_inheritance_children() raises an error for a relation that is gone.
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

// Is the current role itself the owner (IsOwner()) of the table and of each partition below it, and
// may it create objects in the schemas of the partitions? Foreign tables do not count.
//
// Mode rewrite requires this where several steps replace one command. ATTACH PARTITION and ADD
// CONSTRAINT ... USING INDEX find the index that the previous step has built by its name, and
// evaluate constant expressions in it as the current user. CREATE INDEX evaluates them as the owner
// of the table. Another owner could replace the index by one that calls functions of his own.
bool IsOwnerOfTree(Oid table);

// Returns the OIDs of the leaf partitions below a table, without foreign tables. Allocates.
List *LeavesOf(Oid table);

// Returns the OIDs of what the relation is a partition or an inheritance child of. Allocates.
List *ParentsOf(Oid relation);

// A partition below a table.
struct Partition
{
	Oid id = InvalidOid;
	Oid parent = InvalidOid;
	int parent_position = -1; // of its parent in the array of partitions; -1: the table itself
	bool leaf = false;
};

// Returns the partitions below a table, without foreign tables, each before those below it.
// Allocates.
Array<Partition> AllPartitionsOf(Oid table);

// Counts the leaf partitions whose index is attached below the partitioned index.
int CountLeavesWith(Oid partitioned_index);

// A partition without an index that corresponds to one on its parent.
struct LackingPartition
{
	Oid partition = InvalidOid;
	Oid parent_index = InvalidOid;
};

// Returns the partitions below a table that have no index attached below the partitioned index
// although their parent has one, as a List of LackingPartition *. The partitions below those are
// not listed, nor are foreign tables. Allocates.
List *FindLackingPartitions(Oid table, Oid partitioned_index);

} // namespace psi
