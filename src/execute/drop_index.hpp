// drop_index: the one way in which we drop an index: what a failed build has left, what an earlier
// try has left, what was built for a constraint that could not be made.
#pragma once

#include "execute/parse_command.hpp"
#include "execute/transaction.hpp"

namespace psi
{

// Drops an index of the table concurrently, in a transaction of its own, through the next hooks in
// the chain. Waits for SHARE UPDATE EXCLUSIVE on the table first, which whoever repairs or drops an
// index of it holds; then asks `wanted` for the quoted name of the index, null if there is nothing
// to drop any more. Only then it takes a snapshot: concurrent builds wait for older ones.
//
// Ends in a transaction without a snapshot; `context`: see transaction.hpp. False if nothing was
// dropped. Raises what the command raises.
template <typename Wanted>
bool DropConcurrently(const psi_call &client, MemoryContext context, Oid table, Wanted wanted)
{
	BeginWithoutSnapshot(context);
	LockRelationOid(table, ShareUpdateExclusiveLock);
	const char *name = wanted();
	if (name != nullptr)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		const auto drop = [&]
		{
			const psi_call call =
				OwnCall(client, psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s", name));
			call.go_on(&call);
		};
		InOwnContext(context, drop);
	}
	BeginWithoutSnapshot(context);
	return name != nullptr;
}

} // namespace psi
