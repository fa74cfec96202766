// report: tells the client. The only room that raises.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

// Raises the first violation: a WARNING (01000) in mode warn, an ERROR (55000) in mode error, with
// the safe commands in the hint and schema, table and index in the error's own fields (the index as
// constraint name, as PostgreSQL does it). `in_block`: CONCURRENTLY could not run here.
void Report(const Judgments &judgments, const StatementText &statement, const char *query,
			const Settings &settings, bool in_block);

// Raises what has become a violation since it was looked at, on that table, of that size in bytes.
void ReportLate(const Request &request, const ClassRow &table, std::optional<std::int64_t> size,
				const StatementText &statement, const Settings &settings);

// A NOTICE that the safe form is run instead: these commands, or with null a series of them, one
// partition after the other.
// `text` is what the client sent, for the record.
void TellRewritten(const Judgments &judgments, const char *commands, const char *text);

} // namespace psi
