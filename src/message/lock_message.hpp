// lock_message: what a client is told when mode rewrite does not get a lock.
//
// Reads what other backends do (catalog/activity) and the system caches. Takes no locks.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// A step that did not get a lock, and how often it was tried.
struct LockWait
{
	const char *command = nullptr; // the step
	Oid relation = InvalidOid;     // that was to be locked, or InvalidOid
	LOCKMODE mode = NoLock;
	int timeout = 0; // ms that each attempt has waited
	int attempts = 0;
	std::int64_t since_first = 0; // ms since the first attempt began
};

// A NOTICE after the first attempt: which lock, and which transactions are in the way.
void TellLockWait(const LockWait &wait);

// A LOG line when an attempt after the first has succeeded.
void LogLockWait(const LockWait &wait);

// Raises the ERROR (55P03) after the last attempt.
[[noreturn]] void RaiseLockNotAvailable(const LockWait &wait);

// A NOTICE that the command waits for the same rewrite on the table by another session, with this
// pid. 0: it has ended meanwhile.
void TellSameRewrite(int pid, const RelationName &table);

// Raises the ERROR (55006) that another session, with this pid, is executing the same rewrite on
// the table. 0: it has ended meanwhile.
[[noreturn]] void RaiseSameRewrite(int pid, const RelationName &table);

} // namespace psi
