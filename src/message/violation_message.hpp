// violation_message: tells the client about a violation, and counts and records it.
//
// Reads what the catalog layer found; the commands in the hint come from the plan layer (see
// plan/remedy.hpp for what that looks up). Takes an LWLock for as long as it records one row.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

// What a hint depends on besides the command.
struct HintFacts
{
	bool in_block;       // CONCURRENTLY could not run here
	int lock_timeout;    // ms: set for commands behind which others would queue; 0: not set
	const char *why_not; // why mode rewrite does not run it, as the rest of a sentence;
						 // null or empty: the remedy says it
	const char *postpone = nullptr; // a line on running it after COMMIT; null: none
};

// What Report() says. Looks up what the plan layer does; counts, records and raises nothing itself.
// Allocates.
struct ViolationTexts
{
	const char *message;
	const char *detail;
	const char *hint;
};

ViolationTexts TextsOf(const Judgments &judgments, const StatementText &statement,
					   const char *query, const Settings &settings, const HintFacts &facts);

// Raises the first violation: a WARNING (01000) in mode warn, an ERROR (55000) in mode error, with
// the safe commands in the hint and schema, table and index in the error's own fields (the index as
// the constraint name, as PostgreSQL does it).
void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, const HintFacts &facts);

// Raises, as Report() does, a request that had nothing to build at first and has by now: on this
// table, which has this size in bytes. Where the checks are overridden, only counts and records it.
void ReportLate(const Request &request, const ClassRow &table, std::optional<std::int64_t> size,
				const StatementText &statement, const Settings &settings);

// Counts and records violations that run, since the checks are overridden. Tells nobody.
void RecordOverride(const Judgments &judgments, const StatementText &statement);

// A NOTICE that the safe form is run instead. `commands` are those that are run; null: a series of
// them for one partition after the other. `text` is what the client sent, for the record.
void TellRewritten(const Judgments &judgments, const char *commands, const char *text);

// Counts a command as rewritten, and records it if it is a violation. `text` is what the client
// sent.
void CountRewritten(const Judgment &judgment, const char *text);

} // namespace psi
