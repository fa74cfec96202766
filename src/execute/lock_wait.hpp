// lock_wait: runs a command that takes a lock behind which other sessions queue, so that they never
// wait for long. For this folder only.
//
// A command that waits for ACCESS EXCLUSIVE on a table makes every later reader of that table wait
// behind it, for as long as one other transaction is open. So the wait is short; then the command
// gives way, pauses outside a transaction, and tries again.
#pragma once

#include "pg/face.h"
#include "pg/postgres.hpp"
#include "plan/step.hpp"

namespace psi
{

// How long a command waits for its locks, and how often it tries to get them.
struct LockLimit
{
	int timeout = 0; // ms; 0: no limit, and one attempt
	int attempts = 1;
};

// Runs the command of a step in a transaction of its own, through the next hooks in the chain, and
// commits. First takes the locks of the step, all of them within the limit. The client's own
// lock_timeout applies if it is shorter. The pause after an attempt is at least four times its
// wait and doubles each time, up to 10 s; a cancel or a timeout of the client ends it. After the
// first failure there is a NOTICE.
//
// `command` must survive a commit. Ends in a transaction with an active snapshot, with `context`
// current (see transaction.hpp). Raises 55P03 after the last attempt, and what the command raises.
void RunBounded(const psi_call &client, MemoryContext context, const LockLimit &limit,
				const Array<StepLock> &locks, const char *command);

} // namespace psi
