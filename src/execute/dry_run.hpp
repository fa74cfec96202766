// dry_run: tries a CREATE INDEX on an empty copy of the table, which is gone again afterwards.
// For this folder only.
//
// Whatever PostgreSQL finds wrong with an index before it looks at the rows, it finds with the
// copy: an operator class, an access method or a storage parameter that does not exist, a function
// that is not immutable, a tablespace that the role may not use. The copy is a temporary table in a
// subtransaction. It goes to PostgreSQL directly, past the other hooks in the chain.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// Tries the command. Waits for ACCESS SHARE on the table, and keeps it until the end of the
// transaction. Returns null, or why the command could not be tried, as the rest of a sentence: the
// role may not create temporary tables, for example. Raises the error that the command would raise.
// Allocates.
const char *WhyNotTried(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
