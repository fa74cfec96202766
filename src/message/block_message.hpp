// block_message: a command that cannot run inside a transaction block, and how to leave the block.
//
// Reads nothing and takes no locks. Raises nothing but out of memory.
#pragma once

#include "policy/policy.hpp"

namespace psi
{

// CREATE INDEX CONCURRENTLY and the like; never null.
const char *ConcurrentName(Operation operation);

// One line: why `command` cannot run here, and how the common tools leave the transaction.
// Allocates.
const char *HintToLeaveBlock(const char *command);

// One line for PostgreSQL's own error that says why.
const char *HintForRefusedInBlock();

// One line for commands that could run here, but would keep their locks for too long.
const char *HintToLeaveBlockForLocks();

} // namespace psi
