// build_report: what a client is told about a concurrent command, and about the invalid index that
// one leaves. Part of report.
#pragma once

#include "catalog/concurrent_command.hpp"
#include "catalog/invalid_index.hpp"

namespace psi
{

// CREATE INDEX IF NOT EXISTS would skip, or has skipped, an invalid index: an ERROR (55000) in mode
// error, a WARNING (01000) in mode warn.
void ReportSkipped(const InvalidIndex &index, bool concurrently, const Settings &settings);

// A WARNING if a timeout is set that could end the build half way.
void WarnOfTimeouts(Operation operation);

// A NOTICE if transactions older than that (ms) are open that the command has to wait for.
void TellOldTransactions(const ConcurrentCommand &command, std::int64_t older_than);

// Appends a sentence to the error's own hint, in the current memory context.
void AddHint(ErrorData &error, const char *hint);

// What a failed command has left: `dropped` of the `count` have been dropped meanwhile, and if it
// is not null, `drop_error` kept the rest from it. These allocate.
const char *HintForLeftovers(const InvalidIndex *left, int count, int dropped,
							 const char *drop_error);
// ... when that could not be found out.
const char *HintForUnknown();
// The name is taken by an invalid index.
const char *HintForTakenName(const InvalidIndex &index);

} // namespace psi
