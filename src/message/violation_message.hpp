// violation_message: tells the client about a violation, and counts and records it.
//
// Reads what the catalog layer found; the commands in the hint come from the plan layer (see
// plan/remedy.hpp for what that looks up). Takes an LWLock for as long as it records one row.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

// What Report() says. Looks up what the plan layer does; counts, records and raises nothing itself.
// Allocates.
struct ViolationTexts
{
	const char *message;
	const char *detail;
	const char *hint;
};

ViolationTexts TextsOf(const Judgments &judgments, const StatementText &statement,
					   const char *query, const Settings &settings, bool in_block,
					   int lock_timeout);

// Raises the first violation: a WARNING (01000) in mode warn, an ERROR (55000) in mode error, with
// the safe commands in the hint and schema, table and index in the error's own fields (the index as
// the constraint name, as PostgreSQL does it). `in_block`: CONCURRENTLY could not run here.
// `lock_timeout` (ms) is what the hint sets for commands behind which others would queue; 0: none.
void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, bool in_block, int lock_timeout);

// Raises, as Report() does, a request that had nothing to build at first and has by now: on this
// table, which has this size in bytes.
void ReportLate(const Request &request, const ClassRow &table, std::optional<std::int64_t> size,
				const StatementText &statement, const Settings &settings);

// A NOTICE that the safe form is run instead. `commands` are those that are run; null: a series of
// them for one partition after the other. `text` is what the client sent, for the record.
void TellRewritten(const Judgments &judgments, const char *commands, const char *text);

} // namespace psi
