// skipped_index: the indexes that REINDEX CONCURRENTLY leaves as they are, with a WARNING that
// comes when it is too late: invalid ones, and those of exclusion constraints.
//
// Reads pg_index and the system caches, and takes no lock on a table. Serves interrupts. Raises
// nothing but out of memory.
#pragma once

#include "catalog/invalid_index.hpp"
#include "pg/array.hpp"

namespace psi
{

// So many of each kind are named.
constexpr int named_skipped_max = 3;

struct SkippedIndexes
{
	// The first ones, in the order of their OIDs.
	Array<InvalidIndex> invalid;
	Array<RelationName> exclusion;
	// All of them.
	int invalid_count = 0;
	int exclusion_count = 0;
};

// Those of a table and of its TOAST table, or of all leaf partitions of a partitioned table.
// Allocates.
SkippedIndexes SkippedOnTable(Oid table);

// Those of the tables in a schema or, for InvalidOid, in the database. Allocates.
SkippedIndexes SkippedIn(Oid schema);

} // namespace psi
