// leftovers: what an earlier try has left, taken out of the way of the next.
#pragma once

#include "execute/run_command.hpp"

namespace psi
{

// Drops an invalid index, with a NOTICE, if nobody is at work on it.
void DropLeftover(Runner &runner, Oid index);

// Before CREATE INDEX CONCURRENTLY. An invalid index with the name that the command gives, or that
// PostgreSQL would choose, on the same table and of the same definition is dropped; `any_name`: one
// with another name, too, since an earlier try chose it. True if there
// is a valid one like that, which no constraint has: the command has done its work before. `create`
// as the parser made it. Runs in the current transaction, but for the drop.
bool ClearTheWay(Runner &runner, const IndexStmt &create, const char *command, bool any_name);

} // namespace psi
