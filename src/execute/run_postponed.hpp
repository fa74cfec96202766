// run_postponed: COMMIT of a transaction with postponed commands.
//
// Everything that can be known is checked before the commit, where an error still rolls everything
// back. What fails after it is an ERROR that begins with "transaction is committed, but", and lists
// the commands that are still to be run.
#pragma once

#include "pg/face.h"

namespace psi
{

// Commits, and runs the postponed commands before COMMIT returns to the client. `call`: COMMIT or
// END. Raises what a COMMIT raises, what the check raises, and an ERROR (55000) for what comes
// after the commit. Ends in a transaction of its own without a snapshot, as PostgreSQL's own
// concurrent commands do; with AND CHAIN, that one is a block which PostgreSQL will end with it.
void CommitAndRunPostponed(const psi_call &call);

} // namespace psi
