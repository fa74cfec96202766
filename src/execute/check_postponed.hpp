// check_postponed: the last check of the postponed commands, before the commit. For this folder
// only.
//
// Takes the locks of TryOut().
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Checks all commands, and gives them the names of now. Returns the error that has to be raised
// once PostgreSQL has accepted the COMMIT: an error before that would leave the client in an
// aborted block. Null: there is none.
ErrorData *CheckAllPostponed();

} // namespace psi
