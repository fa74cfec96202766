// index_match: is this index the one that is asked for?
//
// Part of target: reads catalogs. Takes ACCESS SHARE on the table and the indexes it compares.
#pragma once

#include "relation.hpp"

namespace psi
{

// Would CREATE INDEX make the same index: same table, access method, columns or expressions with
// their classes, collations, orders and options, predicate, uniqueness, storage parameters? Where
// the index would lie does not count, nor its name. `create` as the parser made it. May raise what
// parse analysis raises.
bool IsSameIndex(Oid index, const IndexStmt &create, Oid table, const char *query);

// An index on a partition that corresponds to one on its parent, as ALTER INDEX ... ATTACH
// PARTITION wants it (CompareIndexInfo()), and is not attached to any.
struct PartitionIndexes
{
	Oid match;        // a good one, with the constraint that it takes; InvalidOid: none
	Oid unfinished;   // ... one that lacks the constraint and has the name given
	const List *left; // those that are invalid
};

// `constraint` is that of the parent's index, or InvalidOid; `name` what the index on the partition
// would be called. An index on a partitioned partition need not be valid: it becomes so later.
// Waits for the locks; finds nothing where something is gone. Allocates.
PartitionIndexes FindPartitionIndexes(Oid parent_index, Oid constraint, Oid partition,
									  const char *name);

} // namespace psi
