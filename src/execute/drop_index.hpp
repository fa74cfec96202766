// drop_index: drops an index concurrently. Every index that pg_safe_index drops is dropped here:
// one that a failed build left, and one that was built for a constraint that could not be added.
// For this folder only.
#pragma once

#include "execute/parse_command.hpp"
#include "execute/transaction.hpp"
#include "pg/timeouts.hpp"

namespace psi
{

// What DropConcurrently() does while the wait for locks is limited.
template <typename Wanted>
void LockAndDrop(const psi_call &client, MemoryContext context, Oid table, Wanted wanted,
				 bool &dropped)
{
	LockRelationOid(table, ShareUpdateExclusiveLock);
	const char *name = wanted();
	if (name == nullptr)
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	const auto drop = [&]
	{
		const psi_call call =
			CallInPlaceOf(client, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s", name));
		call.go_on(&call);
	};
	InOwnContext(context, drop);
	dropped = true;
}

// Drops an index of the table with DROP INDEX CONCURRENTLY, in a transaction of its own, through
// the next hooks in the chain. First waits for SHARE UPDATE EXCLUSIVE on the table, which any
// session holds that repairs or drops an index of it. Then calls `wanted`, which returns the quoted
// name of the index, or null if there is nothing left to drop. The snapshot comes after the lock,
// because concurrent builds wait for older snapshots.
//
// `lock_timeout` (ms): no wait for a lock, or for a transaction that uses the table, takes longer;
// the command fails then. 0: no limit but the client's own.
//
// Ends in a transaction without a snapshot, with `context` current (see transaction.hpp). Returns
// false if nothing was dropped. Raises what the command raises.
template <typename Wanted>
bool DropConcurrently(const psi_call &client, MemoryContext context, Oid table, int lock_timeout,
					  Wanted wanted)
{
	bool dropped = false;
	CommitAndBeginWithoutSnapshot(context);
	const LockWaitBound before = BoundLockWait(lock_timeout);
	PG_TRY();
	{
		LockAndDrop(client, context, table, wanted, dropped);
	}
	PG_FINALLY();
	{
		RestoreLockWait(before);
	}
	PG_END_TRY();
	CommitAndBeginWithoutSnapshot(context);
	return dropped;
}

} // namespace psi
