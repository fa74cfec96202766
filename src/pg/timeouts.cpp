// timeouts: the backend's own variables and timers.
#include "pg/timeouts.hpp"

namespace psi
{

namespace
{

bool suspended = false;

} // namespace

// A concurrent command commits on its way. What SET LOCAL, or a function's SET clause, does would
// end there (AtEOXact_GUC()); what SET does would outlive an error. So it is done to the variables
// that the settings are read from, where they are used: LockTimeout in ProcSleep(),
// TransactionTimeout in StartTransaction(). Settings are not reloaded within a statement.
// statement_timeout is a timer that start_xact_command() has set once, before the statement.
Timeouts SuspendTimeouts()
{
	const Timeouts before{true, LockTimeout, TransactionTimeoutInForce()};
	suspended = true;
	disable_timeout(STATEMENT_TIMEOUT, false);
	LockTimeout = 0;
	SetTransactionTimeout(0);
	return before;
}

void ResumeTimeouts(const Timeouts &before)
{
	if (!before.suspended)
		return;
	suspended = false;
	LockTimeout = before.lock;
	SetTransactionTimeout(before.transaction);
}

void RestartStatementTimeout()
{
	if (!suspended && StatementTimeout > 0 && !get_timeout_active(STATEMENT_TIMEOUT))
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

} // namespace psi
