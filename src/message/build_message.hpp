// build_message: what a client is told about a concurrent command, and about the invalid index that
// one leaves behind.
//
// Reads what other backends do (catalog/activity) and the invalid index that it is given. Takes no
// locks.
#pragma once

#include "catalog/activity.hpp"
#include "catalog/concurrent_command.hpp"
#include "catalog/invalid_index.hpp"

namespace psi
{

struct ViolationParts;

// What ReportSkipped() says. Allocates.
ViolationParts PartsOfSkipped(const InvalidIndex &index, const Request &request,
							  const StatementText &statement, const Settings &settings,
							  bool in_block);

// CREATE INDEX IF NOT EXISTS would skip an invalid index, or has skipped it: an ERROR (55000) in
// mode error, a WARNING (01000) in mode warn.
void ReportSkipped(const InvalidIndex &index, const Request &request,
				   const StatementText &statement, const Settings &settings);

// A WARNING (01000) if a timeout is set that could interrupt the build.
void WarnOfTimeouts(Operation operation);

// A NOTICE if the command has to wait for open transactions that are older than `older_than` (ms)
// and not in `told`. Adds those that it names.
void TellOldTransactions(const ConcurrentCommand &command, std::int64_t older_than,
						 Array<TransactionMark> &told);

// The transactions that are in the way, one a line; what is beyond blockers_max is counted.
// Allocates.
const char *BlockersText(const Blockers &blockers);

// Appends a sentence to the error's own hint, in the current memory context.
void AddHint(ErrorData &error, const char *hint);

// The hint about the `count` indexes that a failed command has left. The first `dropped` of them
// have been dropped meanwhile. If `drop_error` is not null, it is the reason why the rest could not
// be. `duplicates`: the command has failed because of duplicate keys. Allocates.
const char *HintForLeftovers(const InvalidIndex *left, int count, int dropped,
							 const char *drop_error, bool duplicates);
// Why an index could not be dropped, as `drop_error`. `lock_timeout`: the limit of the wait for a
// lock (ms). Allocates.
const char *ReasonNotDropped(const ErrorData &error, int lock_timeout);
// The hint if it could not be found out what was left.
const char *HintForUnknown();
// The hint for a name that an invalid index has already. Allocates.
const char *HintForTakenName(const InvalidIndex &index);

} // namespace psi
