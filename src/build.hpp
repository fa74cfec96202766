// build: what surrounds a concurrent command, so that no failed build goes unnoticed.
//
// CREATE INDEX CONCURRENTLY, REINDEX CONCURRENTLY and DROP INDEX CONCURRENTLY commit on their way.
// What fails after that leaves an invalid index. This room takes note of the indexes that a command
// creates, and when it fails looks which of them are there, tells so in the error's hint, and drops
// them if it is asked to.
#pragma once

#include "guard.h"
#include "target.hpp"
#include "postgres.hpp"

namespace psi
{

// A concurrent command that runs outside of a transaction block, as far as it is known beforehand.
struct ConcurrentCommand
{
	Operation operation; // create_index, drop_index or reindex
	Oid table;           // InvalidOid: not known, or several (REINDEX SCHEMA)
	Oid schema;          // CREATE INDEX: that of the table
	const char *name;    // ... and the index's name; null: PostgreSQL chooses
	bool if_not_exists;  // ...
	Oid dropped;         // DROP INDEX: the index
	bool builds;         // an index will be built, for all that is known
};

struct BuildOptions
{
	bool tell;        // the operation is checked: extend hints, look at what was skipped
	bool tell_before; // ... warn of timeouts, give notice of old transactions
	bool drop_failed;
	bool suspend_timeouts;
	std::int64_t report_blockers_after; // ms; 0: never
};

// What is known of it. `target` is what it was looked up to be.
ConcurrentCommand DescribeConcurrent(const Request &request, const Target &target);

// Runs the command. Before: a WARNING about timeouts, a NOTICE about old transactions. After a
// failure: its error with a longer hint. If CREATE INDEX IF NOT EXISTS skipped an index that turns
// out to be invalid, having waited for the build of it: as Report() for such a command. `command`
// is copied.
void RunConcurrently(const psi_call &call, const ConcurrentCommand &command,
					 const BuildOptions &options, const Settings &settings);

} // namespace psi
