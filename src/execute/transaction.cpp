// transaction: what exec_simple_query() does before and after a portal.
#include "execute/transaction.hpp"

namespace psi
{

void CommitAndBeginWithoutSnapshot(MemoryContext context)
{
	// The active snapshot belongs to the portal or to the command before. It does not outlive the
	// commit, and the portal does not need it any more (PreCommit_Portals()).
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	CommitTransactionCommand();
	StartTransactionCommand();
	// The memory of a transaction would be freed by the next command's commits.
	MemoryContextSwitchTo(context);
}

void CommitAndBegin(MemoryContext context)
{
	CommitAndBeginWithoutSnapshot(context);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void AbortAndBegin(MemoryContext context)
{
	AbortCurrentTransaction();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

ErrorData *TakeError(MemoryContext context)
{
	MemoryContextSwitchTo(context);
	ErrorData *error = CopyErrorData();
	FlushErrorState();
	return error;
}

} // namespace psi
