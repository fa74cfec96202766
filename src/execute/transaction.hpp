// transaction: takes a command at the top level from one transaction to the next, as REINDEX SCHEMA
// and CREATE INDEX CONCURRENTLY do. For this folder only.
//
// Each function takes the memory context that is to be current afterwards. The context has to
// survive a commit and an abort: PortalContext or a child of it. No function takes a lock on a
// relation. The functions that commit raise what a commit raises.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Commits, and begins a transaction with an active snapshot, which the next command needs.
void CommitAndBegin(MemoryContext context);

// Commits, and begins a transaction without a snapshot, for a caller that waits for a lock first. A
// concurrent build waits for older snapshots: it must not wait for one whose owner waits for the
// lock that the build holds.
void CommitAndBeginWithoutSnapshot(MemoryContext context);

// Aborts after an error, and begins a transaction without a snapshot: the caller of the command
// expects to be in a transaction.
void AbortAndBegin(MemoryContext context);

// In PG_CATCH: takes the error off the error stack and returns a copy in the context.
ErrorData *TakeError(MemoryContext context);

} // namespace psi
