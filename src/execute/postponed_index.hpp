// postponed_index: a CREATE INDEX that is postponed means the columns that it named when it was
// sent, whatever they are called at COMMIT. For this folder only.
//
// Reads the system caches. Takes no locks.
#pragma once

#include "execute/postponed.hpp"

namespace psi
{

// The numbers of the columns that are keys or included, 0 for an expression (a List of int).
// `analyzed`: after parse analysis. Allocates.
List *ColumnsOf(const IndexStmt &analyzed, Oid table);

// Does an expression or the predicate use a generated column without storage, which cannot be
// indexed?
bool UsesVirtualColumn(const IndexStmt &analyzed, Oid table);

// Is the table gone, or one of the columns, with which PostgreSQL would have dropped the index?
bool IsVoid(const PostponedCommand &command);

// The CREATE INDEX on the list that gives this name to an index in the schema; null: there is none.
// One that is void does not count.
PostponedCommand *FindPostponedCreate(Oid schema, const char *name);

// The statement with the names that table and columns have now, and with CONCURRENTLY. Null if it
// is void. Raises
// an error if the type of a column in an expression has changed. Allocates.
IndexStmt *FormNow(const PostponedCommand &command);

// The text of that form, if a name has changed; otherwise the text of the command as it is. May
// allocate.
const char *TextNow(const PostponedCommand &command, const IndexStmt &form);

// CREATE INDEX CONCURRENTLY as a text, from the tree after parse analysis. `otherwise`: what is
// returned if the table is gone. Allocates.
const char *WriteCommand(const IndexStmt &analyzed, const ClassRow &table, const char *name,
						 const char *otherwise);

} // namespace psi
