// code: does a statement run code whose effects the script does not show?
//
// Reads the system caches. Raises nothing but out of memory.
#pragma once

#include "pg/node.hpp"

namespace psi
{

// DO, CALL, EXECUTE; and the call of a function that may change tables. Returns what the statement
// runs, for a message, or null.
const char *CodeIn(const Node *statement);

// Does EXPLAIN execute what it explains?
bool IsExecuted(const ExplainStmt &explain);

// The one call of a SELECT that does nothing but set_config(), or null.
const FuncCall *SetConfigCall(const Node *statement);

} // namespace psi
