// timeouts: suspends the timeouts that could end a concurrent build before it is complete, and so
// leave an invalid index; limits the time that the backend waits for a lock.
//
// Reads and sets variables and timers of this backend. Takes no locks and raises nothing, but
// leaves a change behind that has to be undone: SuspendTimeouts() and BoundLockWait() are the last
// call before PG_TRY().
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// The timeouts that were in force before they were suspended. The default: none is suspended.
struct Timeouts
{
	bool suspended = false;
	int statement = 0;   // ms: what remained of it; 0: it was not running
	int lock = 0;        // ms
	int transaction = 0; // ms
};

// Keeps statement_timeout, lock_timeout and transaction_timeout from applying until
// ResumeTimeouts(). Returns what ResumeTimeouts() needs.
Timeouts SuspendTimeouts();

// Puts the timeouts back. Does nothing if they were not suspended. The time while they were
// suspended does not count for statement_timeout: a statement goes on with what remained of it.
void ResumeTimeouts(const Timeouts &before);

// What BoundLockWait() has changed: the values before.
struct LockWaitBound
{
	int lock;     // ms; 0: no limit
	int deadlock; // ms
};

// Limits each wait for a lock to so many milliseconds, or to the client's lock_timeout if that is
// shorter, until RestoreLockWait(). Waits for a transaction to end are such waits, too. An
// autovacuum that is in the way, other than one that prevents wraparound, is cancelled within that
// time, as it would be in an unlimited wait. 0: changes nothing.
LockWaitBound BoundLockWait(int milliseconds);

// Puts back what BoundLockWait() has changed.
void RestoreLockWait(const LockWaitBound &before);

// Restarts statement_timeout, so that what comes now has as much time as a statement. Not to be
// called while the timeouts are suspended.
void RestartStatementTimeout();

} // namespace psi
