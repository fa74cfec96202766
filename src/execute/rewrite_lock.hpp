// rewrite_lock: keeps two sessions apart that build the same index in mode rewrite, such as two
// servers that run the same migration when they start. For this folder only.
//
// It is a heavyweight lock that conflicts with nothing else. A lock on the table would not do:
// CREATE TABLE ... PARTITION OF would wait for it, and readers would wait behind that. The tag is
// of the type that the server reserves for user code and does not use itself (lock.h), so no
// advisory lock is the same. pg_locks shows it as "userlock".
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// The lock of those that build an index of this definition on the table.
LOCKTAG RewriteLock(Oid table, const char *definition);

// Takes the lock for the session, so that it outlives transactions, if no other session has it.
// Until Unlock() or the end of the session: not released on an error.
bool TryToLock(const LOCKTAG &tag);
void Unlock(const LOCKTAG &tag);

// Waits until no other session has the lock, without a snapshot: the other one may wait for older
// snapshots. Ends in a transaction with an active snapshot, with `context` current (see
// transaction.hpp).
void WaitUntilFree(const LOCKTAG &tag, MemoryContext context);

// The pid of the session that has the lock; 0 if none has it any more. Allocates.
int HolderOf(const LOCKTAG &tag);

} // namespace psi
