// index_refusal: will PostgreSQL refuse an index for its definition, at once (DefineIndex())?
//
// Reads the system caches. Opens the table only under a lock that this transaction holds or gets at
// once; what cannot be read counts as not refused. Raises nothing but out of memory.
#pragma once

#include "catalog/relation.hpp"
#include "pg/list.hpp"

namespace psi
{

// Would a unique index or constraint with these key columns (String) be refused since a column of
// the table's partition key is none of them, or the partition key has an expression?
bool LacksPartitionKey(Oid table, const List *names);

// The column that is a key of an index, in parentheses too, which ComputeIndexAttrs() takes for the
// column itself; null for an expression. A cast may turn out to be one: the column then counts.
// Reads the tree before parse analysis.
const char *ColumnOf(const IndexElem &element);

// Is it a generated column without storage, which cannot be indexed?
bool IsVirtualColumn(Oid table, const char *column);

// Is there an access method of this name, with an operator class for the column: the one given, or
// a default one for its type? True if the column is not known yet.
bool CanIndexColumn(Oid table, const char *column, const List *opclass, const char *method);

// Is the name that of a relation in the schema which no earlier attempt at the same command can
// have left: neither an invalid index of the table, nor, for a constraint, a unique index without
// one?
bool IsNameTaken(const ClassRow &table, const char *name, bool for_constraint);

// Is the same name (String) twice in the list?
bool HasNameTwice(const List *names);

// Will PostgreSQL refuse CREATE INDEX on this table before it builds anything?
bool IsCreateRefused(const IndexStmt &create, const ClassRow &table);

} // namespace psi
