// drop_index: drops an index concurrently. Every index that pg_safe_index drops is dropped here:
// one that a failed build left, and one that was built for a constraint that could not be added.
// For this folder only.
#pragma once

#include "execute/parse_command.hpp"
#include "execute/transaction.hpp"

namespace psi
{

// Drops an index of the table with DROP INDEX CONCURRENTLY, in a transaction of its own, through
// the next hooks in the chain. First waits for SHARE UPDATE EXCLUSIVE on the table, which any
// session holds that repairs or drops an index of it. Then calls `wanted`, which returns the quoted
// name of the index, or null if there is nothing left to drop. The snapshot comes after the lock,
// because concurrent builds wait for older snapshots.
//
// Ends in a transaction without a snapshot, with `context` current (see transaction.hpp). Returns
// false if nothing was dropped. Raises what the command raises.
template <typename Wanted>
bool DropConcurrently(const psi_call &client, MemoryContext context, Oid table, Wanted wanted)
{
	CommitAndBeginWithoutSnapshot(context);
	LockRelationOid(table, ShareUpdateExclusiveLock);
	const char *name = wanted();
	if (name != nullptr)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		const auto drop = [&]
		{
			const psi_call call =
				CallInPlaceOf(client, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s", name));
			call.go_on(&call);
		};
		InOwnContext(context, drop);
	}
	CommitAndBeginWithoutSnapshot(context);
	return name != nullptr;
}

} // namespace psi
