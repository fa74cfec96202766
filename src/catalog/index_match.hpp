// index_match: is this index the one that is asked for?
//
// Part of target: reads catalogs. Takes ACCESS SHARE on the table and the indexes it compares.
#pragma once

#include "catalog/index.hpp"

namespace psi
{

enum class Likeness
{
	same,     // what CREATE INDEX would make; the tablespace counts if the command names one
	attaches, // what PostgreSQL takes for a partition's index, as CompareIndexInfo() has it:
			  // orders, operator classes of one family, storage parameters may differ
};

// Is the index what CREATE INDEX would make: same table, access method, columns or expressions with
// their classes, collations, orders and options, predicate, uniqueness, storage parameters? The
// name does not count. `create` as the parser made it. May raise what parse analysis raises.
bool IsSameIndex(Oid index, const IndexStmt &create, Oid table, const char *query,
				 Likeness likeness = Likeness::same);

// An index as CompareIndexInfo() wants it, kept while its relation is closed.
struct ComparableIndex
{
	IndexInfo *info;
	Oid *collations;
	Oid *families;
	Oid constraint; // that it belongs to, or InvalidOid
};

// Reads an index that is open, of the table. Evaluates what is constant in it as the current user
// (BuildIndexInfo()): only for one who owns the table. Allocates.
ComparableIndex ReadComparable(Relation index, Oid table);

// AttachPartitionEnsureIndexes(), ATExecAttachPartitionIdx(): does the index of a partition
// correspond to that of its parent? The constraint does not count. `columns` map those of the
// parent to those of the partition.
bool Corresponds(const ComparableIndex &index, const ComparableIndex &parent,
				 const AttrMap *columns);

// ... and has it the constraint that it needs for that?
bool HasConstraintFor(const ComparableIndex &index, const ComparableIndex &parent);

// An index on a partition that corresponds to one on its parent, as ALTER INDEX ... ATTACH
// PARTITION wants it (CompareIndexInfo()), and is not attached to any.
struct PartitionIndexes
{
	Oid match;        // a good one, with the constraint that it takes; InvalidOid: none
	Oid unfinished;   // ... one that lacks the constraint and has the name given
	const List *left; // those that are invalid
};

// `name`: what the index on the partition would be called. An index on a partitioned partition need
// not be valid: it becomes so later. Waits for the locks; finds nothing where something is gone.
// Evaluates what is constant in the indexes of the partition as the current user
// (BuildIndexInfo()): only for one who owns it. Allocates.
PartitionIndexes FindPartitionIndexes(Oid parent_index, Oid partition, const char *name);

} // namespace psi
