// find_target: from a request to its target.
//
// Reads catalogs, and neither waits for a lock nor keeps one: names are resolved without locking,
// rows come from the system caches, relations are opened only under a lock that this transaction
// holds or gets at once. So a relation can be renamed or dropped meanwhile. A row that is gone
// counts as missing, and PostgreSQL, which looks again under the lock, raises the error.
//
// Could a command that is allowed then lock another table than the one that was looked at? Only if
// a relation is renamed in the microseconds before the command requests its lock. If the rename
// already holds or waits for ACCESS EXCLUSIVE, the table cannot be opened, so its size is unknown
// and it does not count as small. If the rename comes later, it queues behind the command. A
// command that is allowed because it has nothing to build is checked again when it creates an index
// (execute/recheck.hpp).
#pragma once

#include "catalog/table_description.hpp"

namespace psi
{

// Finds what a request leads to. Allocates in the current memory context. Raises what
// RangeVarGetRelidExtended() raises: no permission on the schema, another database.
Target Look(const Request &request, const Circumstances &circumstances);

// Will PostgreSQL refuse the statement as a whole before it builds any index, whatever its
// operations are? Asked for ALTER TABLE, whose subcommands are not executed in the order of the
// text. Allocates; raises what Look() raises.
bool IsRefusedWhole(const Requests &requests);

} // namespace psi
