// transaction: what exec_simple_query() does around a portal.
#include "execute/transaction.hpp"

namespace psi
{

void BeginWithoutSnapshot(MemoryContext context)
{
	// The one of the portal, or of the command before. It does not outlive the commit, and the
	// portal does not miss it (PreCommit_Portals()).
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	CommitTransactionCommand();
	StartTransactionCommand();
	// What a command allocates before its commits it needs after them.
	MemoryContextSwitchTo(context);
}

void BeginTransaction(MemoryContext context)
{
	BeginWithoutSnapshot(context);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void BeginAfterError(MemoryContext context)
{
	AbortCurrentTransaction();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

} // namespace psi
