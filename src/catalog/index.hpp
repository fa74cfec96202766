// index: what the system catalogs say about an index.
//
// Reads the system caches, pg_index and pg_depend. Takes ACCESS SHARE on a catalog while it is
// scanned, and no lock on a table or an index. An index that is gone is an empty result, not an
// error.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"

namespace psi
{

// The columns of pg_index that are needed.
struct IndexRow
{
	Oid id = InvalidOid;
	Oid table = InvalidOid;
	bool valid = false; // queries may use it
	bool ready = false; // writes maintain it
	bool live = false;  // false: a drop has passed the point where it could be undone
	bool unique = false;
	bool exclusion = false; // it belongs to an exclusion constraint
};

// Reads the row of an index from the system cache. Nothing if there is no such index.
std::optional<IndexRow> ReadIndex(Oid index);

// Is it an index, and marked valid?
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

// Is the column one of the index, not counting expressions?
bool HasColumn(Oid index, AttrNumber column);

// Does any object depend on the index, so that DROP INDEX will be refused (findDependentObjects())?
// A foreign key depends on the index of the columns that it references. Scans pg_depend.
bool HasDependents(Oid index);

// What the index depends on: collations, operator classes, what its expressions use. Without the
// table, and without what belongs to PostgreSQL itself. Scans pg_depend. Allocates.
Array<ObjectAddress> DependenciesOf(Oid index);

// Returns the name of an index that belongs to this table and to no constraint, qualified and
// quoted; null if there is no such index any more. The caller holds a lock on the table that
// prevents further changes. Allocates.
const char *NameOfFreeIndex(Oid index, Oid table);

// Returns the table of an index that is being created, whose catalog rows only SnapshotSelf sees
// yet; InvalidOid if it is no index. Scans pg_index.
Oid TableOfNewIndex(Oid index);

// Returns the OIDs of the indexes of a table in ascending order. Includes dead indexes, which an
// interrupted drop has left and which RelationGetIndexList() omits. Scans pg_index. Allocates.
List *IndexesOf(Oid table);

} // namespace psi
