// index: what pg_index says of an index.
//
// Reads the system caches. An index that is gone is an empty answer, not an error.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// What is needed of a row of pg_index.
struct IndexRow
{
	Oid id;
	Oid table;
	bool valid;     // queries may use it
	bool ready;     // writes maintain it
	bool live;      // false: a drop got past the point where it could be had back
	bool exclusion; // of an exclusion constraint
};

// The row of an index, from the system cache; nothing if it is none, or gone.
std::optional<IndexRow> ReadIndex(Oid index);

// Is it an index that is marked valid?
inline bool IsValidIndex(Oid index)
{
	const auto row = ReadIndex(index);
	return row.has_value() && row->valid;
}

// Is it the index of an exclusion constraint?
inline bool IsExclusionIndex(Oid index)
{
	const auto row = ReadIndex(index);
	return row.has_value() && row->exclusion;
}

// Does anything depend on the index, so that DROP INDEX will be refused (findDependentObjects())? A
// foreign key does on that of what it refers to. Takes ACCESS SHARE on pg_depend for the time of
// the scan.
bool HasDependents(Oid index);

// The name of an index on that table which no constraint has, qualified and quoted; null if there
// is none any more. The caller holds a lock on the table that keeps it so. Allocates.
const char *NameOfFreeIndex(Oid index, Oid table);

// The table of an index that is being created, whose catalog entries are not visible yet to
// anything but SnapshotSelf. InvalidOid if it is no index.
Oid TableOfNewIndex(Oid index);

// The indexes of a table, OIDs in their order: those that a drop ended half way left dead, too,
// which RelationGetIndexList() leaves out. No lock on the table. Allocates.
List *IndexesOf(Oid table);

} // namespace psi
