// timeouts: implemented with the backend's own variables and timers.
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
	const Timeouts before{true, LockTimeout, TransactionTimeoutInForce()};
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
}

void RestartStatementTimeout()
{
	if (StatementTimeout > 0 && !get_timeout_active(STATEMENT_TIMEOUT))
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

} // namespace psi
