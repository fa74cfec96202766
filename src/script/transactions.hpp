// transactions: BEGIN, COMMIT, ROLLBACK and savepoints of a script.
#pragma once

#include "script/state.hpp"

namespace psi
{

void FollowTransaction(State &state, const TransactionStmt &transaction);

// Outside a transaction block, a statement is a transaction of its own.
void EndStatement(State &state);

} // namespace psi
