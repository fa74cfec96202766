// timeouts: suspends the timeouts that could end a concurrent build before it is complete, and so
// leave an invalid index.
//
// Reads and sets variables and timers of this backend. Takes no locks and raises nothing, but
// leaves a change behind that has to be undone: SuspendTimeouts() is the last call before PG_TRY().
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// The timeouts that were in force before they were suspended. The default: none is suspended.
struct Timeouts
{
	bool suspended = false;
	int lock = 0;        // ms
	int transaction = 0; // ms
};

// Keeps statement_timeout from applying to the rest of this statement, and lock_timeout and
// transaction_timeout from applying until ResumeTimeouts(). Returns what ResumeTimeouts() needs.
Timeouts SuspendTimeouts();

// Puts lock_timeout and transaction_timeout back. Does nothing if they were not suspended.
void ResumeTimeouts(const Timeouts &before);

// Starts statement_timeout again if it is not running, so that what comes now has as much time as a
// statement. Not to be called while the timeouts are suspended.
void RestartStatementTimeout();

} // namespace psi
