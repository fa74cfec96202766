// lock_detail: who would have to wait for a command that is a violation, for how long, and for
// which lock. For this folder only.
//
// Reads what the catalog layer found and the system caches. Takes no locks.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

// The detail about the first violation, as sentences. `in_block`: the locks are kept until the
// transaction ends. Allocates.
const char *LockDetail(const Judgments &judgments, bool in_block);

} // namespace psi
