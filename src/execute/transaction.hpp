// transaction: from one transaction to the next, as a command at the top level does that commits on
// its way (REINDEX SCHEMA, CREATE INDEX CONCURRENTLY).
//
// Each takes the memory context that is to be current afterwards. It has to survive the commits:
// one below PortalContext.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Commits, and begins a new transaction with an active snapshot, so that catalogs can be looked at.
void BeginTransaction(MemoryContext context);

// ... without one, to wait for a lock first: whoever builds an index waits for older snapshots, and
// must not wait for one that waits for its lock.
void BeginWithoutSnapshot(MemoryContext context);

// After an error: aborts, and begins a new transaction without a snapshot. What is outside of the
// command expects to be in one.
void BeginAfterError(MemoryContext context);

} // namespace psi
