// concurrent_build: runs a concurrent command so that no failed build goes unnoticed.
//
// CREATE INDEX CONCURRENTLY, REINDEX CONCURRENTLY and DROP INDEX CONCURRENTLY commit several times.
// An error after the first commit leaves an invalid index. This file notes the indexes that a
// command creates. If the command fails, it finds out which of them are left, adds them to the hint
// of the error, and drops them if the settings say so.
//
// Reads the system caches. Takes locks only to drop an index (see drop_index.hpp).
#pragma once

#include "catalog/activity.hpp"
#include "catalog/concurrent_command.hpp"
#include "pg/face.h"
#include "pg/postgres.hpp"

namespace psi
{

// What the client has been told before the concurrent commands of one statement, so that none of it
// is repeated.
struct Told
{
	bool timeouts = false;
	Array<TransactionMark> transactions{};
};

// Memory for it, in the current context, which has to survive the commands.
Told *MakeTold();

// What is done for a concurrent command besides running it.
struct BuildOptions
{
	bool explain = false;     // extend the hint of its error, and check what IF NOT EXISTS skipped
	bool warn_before = false; // a WARNING about timeouts and a NOTICE about old transactions
	bool drop_failed = false; // drop what a failed build leaves
	bool suspend_timeouts = false;          // for a build, not for DROP INDEX
	std::int64_t report_blockers_after = 0; // ms: which transactions are old; 0: no NOTICE
	int lock_timeout = 0;  // ms: of each lock of a drop after a failure; 0: no limit
	int lock_attempts = 1; // of a step of mode rewrite
	Told *told = nullptr;  // null: the command is the only one of the statement
	// The leaf partitions of a build on a partitioned table, and how many of them have the index,
	// for pg_stat_progress_create_index; 0: the command builds no such part.
	int partitions_total = 0;
	int partitions_done = 0;
};

// Runs the command, outside a transaction block. Raises its error if it fails, with a longer hint.
// If CREATE INDEX IF NOT EXISTS waited for another session's build of the same index and skipped
// it, and that build failed, reports the index with ReportSkipped(), which raises an ERROR in mode
// error.
void RunConcurrently(const psi_call &call, const ConcurrentCommand &command,
					 const BuildOptions &options, const Settings &settings);

} // namespace psi
