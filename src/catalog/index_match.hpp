// index_match: compares an index with the one that a command asks for, or with an index of the
// parent.
//
// Reads the system caches and pg_index. IsSameIndex() opens the table only under a lock that this
// transaction holds or gets at once, and raises the errors of parse analysis.
// FindPartitionIndexes() waits for ACCESS SHARE on the tables and their indexes, and releases it
// again.
#pragma once

#include "catalog/index.hpp"

namespace psi
{

enum class Likeness
{
	same,     // equal to what CREATE INDEX would make, also in tablespace if the command names one
	attaches, // PostgreSQL accepts it for a partition (CompareIndexInfo()): the order, storage
			  // parameters, and operator classes of the same family may differ
};

// Is the index what CREATE INDEX would make? Compares table, access method, columns or expressions
// with their operator classes, collations, orders and options, predicate, uniqueness and storage
// parameters, but not the name. `create` may have been through parse analysis for this table
// already; otherwise `query` is what errors point into. False if the table cannot be opened at
// once. Allocates.
bool IsSameIndex(Oid index, const IndexStmt &create, Oid table, const char *query,
				 Likeness likeness = Likeness::same);

// The same index on a partition, whose columns may have other numbers. `create` has been through
// parse analysis for the table and refers to no row as a whole. Null if one of the tables cannot be
// opened at once. Allocates.
const IndexStmt *MapToPartition(const IndexStmt &create, Oid table, Oid partition);

// An index in the form that CompareIndexInfo() takes. Its relation may be closed.
struct ComparableIndex
{
	IndexInfo *info = nullptr;
	Oid *collations = nullptr;
	Oid *families = nullptr;
	Oid constraint = InvalidOid; // the constraint that it belongs to, or InvalidOid
};

// Reads an open index of the table. Evaluates constant expressions in it as the current user
// (BuildIndexInfo()), so only the owner of the table may call it. Allocates.
ComparableIndex ReadComparable(Relation index, Oid table);

// Does the index of a partition correspond to an index of its parent, according to
// AttachPartitionEnsureIndexes() and ATExecAttachPartitionIdx()? Constraints are not compared.
// `columns` maps the columns of the parent to those of the partition.
bool Corresponds(const ComparableIndex &index, const ComparableIndex &parent,
				 const AttrMap *columns);

// Does the index belong to a constraint of the same type if that of the parent belongs to one?
bool HasConstraintFor(const ComparableIndex &index, const ComparableIndex &parent);

// The indexes on a partition that correspond to an index on its parent, as ALTER INDEX ... ATTACH
// PARTITION requires (CompareIndexInfo()), and are not attached.
struct PartitionIndexes
{
	Oid match = InvalidOid;      // a valid one with the necessary constraint, or InvalidOid
	Oid unfinished = InvalidOid; // a valid one of the expected name, without its constraint
	List *left = NIL;            // OIDs of the invalid ones
};

// Finds the indexes of a partition that correspond to `parent_index`. `name`: the name that a new
// index on the partition would get. An index on a partitioned partition need not be valid: it
// becomes valid later. Waits for locks. The result is empty if one of the relations is gone.
// Evaluates constant expressions in the indexes of the partition as the current user
// (BuildIndexInfo()), so only the owner of the partition may call it. Allocates.
PartitionIndexes FindPartitionIndexes(Oid parent_index, Oid partition, const char *name);

} // namespace psi
