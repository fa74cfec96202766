// postpone: keeps CREATE INDEX and DROP INDEX inside a transaction block until after its COMMIT
// (pg_safe_index.in_transaction).
//
// CREATE INDEX waits for ACCESS SHARE on its table, and keeps it until the end of the transaction,
// as any query of the table does. Nothing else is locked until the COMMIT.
#pragma once

#include "execute/concurrent_build.hpp"
#include "statement/request.hpp"

namespace psi
{

struct Postponement
{
	bool done = false;     // nothing remains to be done with the command now
	bool possible = false; // it might be postponed
	// The command is one of those that could be postponed, but for this reason, the rest of a
	// sentence. Null: it is none, or it is postponed.
	const char *why_not = nullptr;
};

// Why CREATE INDEX or DROP INDEX cannot run after the commit, as the rest of a sentence; null:
// nothing that is known now is in the way.
const char *WhyNotAfterCommit(Operation operation);

// Raises PostgreSQL's error if a relation in the schema has this name, unless a postponed command
// drops it.
void RaiseIfTaken(Oid schema, const char *name);

// Raises an error if the statement, which is not postponed, says IF EXISTS or IF NOT EXISTS of an
// index that a postponed command is to create or to drop: it would be passed over in silence. Reads
// CREATE INDEX, DROP INDEX, ALTER INDEX and ALTER TABLE.
void RaiseIfPassedOver(const Node &statement);

// Postpones the command of a client inside a transaction block, if it is CREATE INDEX or DROP INDEX
// on a table or a materialized view, is a violation or says CONCURRENTLY, and can be postponed. A
// command that PostgreSQL refuses is not postponed, or raises PostgreSQL's error. `really` = false:
// only finds out whether that might be possible. Allocates.
Postponement Postpone(const psi_call &call, const Requests &requests, const Settings &settings,
					  const BuildOptions &options, bool really);

} // namespace psi
