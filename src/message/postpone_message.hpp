// postpone_message: what a client is told about commands that run after the COMMIT of their
// transaction.
//
// Looks nothing up and takes no lock, except that TellPostponed() takes an LWLock while it records
// a row.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

// A NOTICE, and a line in the server's log: if the session ends before the command is run, nothing
// else shows it. Counts the command as rewritten, and records it if it is a violation.
// `command`: what will be run. `text`: what the client sent. `is_first`: in this transaction.
void TellPostponed(const Judgment &judgment, const char *command, const char *text, bool is_first);

// The line of a hint: how to have the command run after the COMMIT.
const char *HintToPostpone();
// The line of a hint: why that is not done, as the rest of a sentence. Allocates.
const char *HintNotPostponed(const char *why_not);

// Adds a hint to an error about a missing object, or about one that is in the way, if its message
// names the index. Allocates in the current memory context.
void AddHintIfNamed(ErrorData &error, Operation operation, const char *index);

// Adds to an error before the commit which command would fail. In the current memory context.
void ExplainFailedCheck(ErrorData &error, const char *command);

// A relation of that name exists. As PostgreSQL says it: a NOTICE if `missing_ok`, else an ERROR
// (42P07), with the hint if there is one.
void ReportExists(const char *name, bool missing_ok, const char *hint);

// An index of that name is to be built after the COMMIT. As PostgreSQL says it of one that exists:
// a NOTICE if `missing_ok`, else an ERROR (42P07).
void ReportPostponedTwice(const char *index, bool missing_ok);

// The index is to be dropped after the COMMIT. As PostgreSQL says it of one that does not exist: a
// NOTICE if `missing_ok`, else an ERROR (42704).
void ReportDroppedTwice(const char *index, bool missing_ok);

// A command that is not postponed names an index that a postponed one is to create or to drop, and
// would pass over it in silence (IF EXISTS, IF NOT EXISTS): PostgreSQL's ERROR without these.
// `postponed`: create_index (42704) or drop_index (42P07).
void RaiseNotYet(const char *index, Operation postponed);

// ERRORs that roll the transaction back.
void RaiseNotCommitted();
void RaiseNotPrepared();
void RaiseUsesDropped();
void RaiseNotPossible(const char *why_not);
void RaiseAltered(const char *column);
void RaiseIsNeeded(const char *index);
void RaiseRebuilt(const char *index);
void RaiseOtherRole(Oid role);

// The transaction is committed, but something after it has failed: an ERROR (55000). `failed`: the
// command that has; null: all have been run. `others`: how many after it have not been run.
// `commands`: those that are still to be run, with the failed one, one a line; null: none is left.
// The message names the command, since many programs show nothing but the message.
void RaiseCommittedBut(const ErrorData &error, const char *failed, int others,
					   const char *commands);

} // namespace psi
