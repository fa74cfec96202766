// timeouts: implemented with the backend's own variables and timers. The variables are those behind
// settings, so on an error it is the caller who puts them back (PG_FINALLY).
#include "pg/timeouts.hpp"

namespace psi
{

// SET LOCAL and a function's SET clause would end at the first commit of the concurrent command
// (AtEOXact_GUC()), and SET would outlive an error. So the variables behind the settings are
// changed here: ProcSleep() reads LockTimeout, StartTransaction() reads TransactionTimeout, and
// settings are not reloaded within a statement. statement_timeout is a timer, which
// start_xact_command() set before the statement began.
Timeouts SuspendTimeouts()
{
	Timeouts before{true, 0, LockTimeout, TransactionTimeoutInForce()};
	if (get_timeout_active(STATEMENT_TIMEOUT))
		before.statement = static_cast<int>(
			Max(1, TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
												   get_timeout_finish_time(STATEMENT_TIMEOUT))));
	disable_timeout(STATEMENT_TIMEOUT, false);
	LockTimeout = 0;
	SetTransactionTimeout(0);
	return before;
}

void ResumeTimeouts(const Timeouts &before)
{
	if (!before.suspended)
		return;
	LockTimeout = before.lock;
	SetTransactionTimeout(before.transaction);
	if (before.statement > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, before.statement);
}

LockWaitBound BoundLockWait(int milliseconds)
{
	const LockWaitBound before{LockTimeout, DeadlockTimeout};
	if (milliseconds > 0)
	{
		LockTimeout = LockTimeout > 0 ? Min(LockTimeout, milliseconds) : milliseconds;
		// ProcSleep() cancels an autovacuum that is in the way when it looks for a deadlock. That
		// has to be early enough for the autovacuum to end within the wait.
		DeadlockTimeout = Max(1, Min(DeadlockTimeout, LockTimeout / 4));
	}
	return before;
}

void RestoreLockWait(const LockWaitBound &before)
{
	LockTimeout = before.lock;
	DeadlockTimeout = before.deadlock;
}

void RestartStatementTimeout()
{
	if (StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

} // namespace psi
