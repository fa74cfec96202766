// effects: what a statement changes that later verdicts depend on.
//
// Reads the system caches, and pg_inherits for what a DROP takes along. Takes no lock on a table.
// Raises nothing but out of memory, and for a name with too many parts what PostgreSQL raises.
#pragma once

#include "script/state.hpp"

namespace psi
{

// Writes down what the statement does if it succeeds. SET and transaction control are not done
// here.
void ApplyEffects(State &state, const Node *statement);

} // namespace psi
