// alter_refusal: will PostgreSQL itself refuse an ALTER TABLE?
//
// Two moments matter. What PostgreSQL finds out before it builds the first index ends the command
// without harm, so it gets PostgreSQL's own error. What it finds out about an index when the turn
// of that index comes, it finds out after it has built the indexes before it.
//
// Reads the system caches. Opens the table only under a lock that this transaction holds or gets at
// once; what cannot be read counts as not refused.
#pragma once

#include "catalog/relation.hpp"
#include "statement/request.hpp"

namespace psi
{

// Does the word behind ALTER fit the relation (RangeVarCallbackForAlterRelation())?
bool FitsObjectType(const AlterTableStmt &alter, char kind);

// Will PostgreSQL refuse the command before it builds any index: the wrong kind of object, another
// role's table, a column that is to be dropped and is missing, one that is to be added and is
// there? `request` is one of those of the command, and `table` what it names.
bool IsRefusedAtOnce(const Request &request, const ClassRow &table);

// Is the constraint a primary key on a table that has one? `earlier_primary_key`: the command has
// one before it.
bool IsSecondPrimaryKey(const Request &request, const ClassRow &table, bool earlier_primary_key);

// Will PostgreSQL refuse this constraint when its index is to be built: a column that is missing or
// cannot be indexed, a name that is taken, a second primary key, a partition key that it lacks?
bool IsRefusedAtItsTurn(const Request &request, const ClassRow &table, bool earlier_primary_key);

// The columns among these (String) for which PostgreSQL has to scan the table when they become part
// of a primary key: they are not NOT NULL, and no valid check constraint proves that they hold no
// nulls. What `summary` drops counts no longer. Names (char *). Allocates.
List *ColumnsToScanForNulls(Oid table, const List *names, const AlterSummary &summary);

} // namespace psi
