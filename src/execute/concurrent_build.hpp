// build: what surrounds a concurrent command, so that no failed build goes unnoticed.
//
// CREATE INDEX CONCURRENTLY, REINDEX CONCURRENTLY and DROP INDEX CONCURRENTLY commit on their way.
// What fails after that leaves an invalid index. This room takes note of the indexes that a command
// creates, and when it fails looks which of them are there, tells so in the error's hint, and drops
// them if it is asked to.
#pragma once

#include "catalog/concurrent_command.hpp"
#include "pg/face.h"
#include "pg/postgres.hpp"

namespace psi
{

struct BuildOptions
{
	bool tell;        // the operation is checked: extend hints, look at what was skipped
	bool tell_before; // ... warn of timeouts, give notice of old transactions
	bool drop_failed;
	bool suspend_timeouts;
	std::int64_t report_blockers_after; // ms; 0: never
};

// Runs the command. Before: a WARNING about timeouts, a NOTICE about old transactions. After a
// failure: its error with a longer hint. If CREATE INDEX IF NOT EXISTS skipped an index that turns
// out to be invalid, having waited for the build of it: as Report() for such a command. `command`
// is copied.
void RunConcurrently(const psi_call &call, const ConcurrentCommand &command,
					 const BuildOptions &options, const Settings &settings);

} // namespace psi
