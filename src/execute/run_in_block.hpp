// run_in_block: a concurrent command inside a transaction block, which PostgreSQL refuses.
//
// Hands the command on. Raises what that raises.
#pragma once

#include "pg/face.h"

namespace psi
{

// Hands the command on. If PostgreSQL refuses it because of the transaction block (25001), its
// error gets a hint how to leave the block. `postpone`: one more line for the hint; null: none.
void RunInBlock(const psi_call &call, const char *postpone);

} // namespace psi
