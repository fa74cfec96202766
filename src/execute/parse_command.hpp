// own_command: a command of our own, made from its text as if the client had sent it.
#pragma once

#include "pg/face.h"
#include "pg/postgres.hpp"

namespace psi
{

// Reads a command: the parser, analysis and the hooks there (pg_stat_statements marks it in one).
// Raises what they raise. Allocates.
PlannedStmt *ParseCommand(const char *command);

// The call that runs the command in place of the client's: nothing of its result reaches the
// client. Allocates.
psi_call OwnCall(const psi_call &client, const char *command);

} // namespace psi
