// command_text: finds its way in the user's own text of CREATE INDEX, DROP INDEX or REINDEX.
//
// Text only, by way of the server's scanner (tokens): no catalogs, no locks.
#pragma once

#include "statement/request.hpp"

namespace psi
{

// Where things are, as byte offsets in `text`.
struct CommandText
{
	bool found;       // false: this is not the text of such a command; the rest is void
	const char *text; // NUL-terminated
	int begin;        // the first word, comments before it left out
	int after_verb; // behind INDEX, or what REINDEX names in its place: where CONCURRENTLY belongs
	int definition; // CREATE INDEX: from USING or the column list on
	int end;        // behind the last word, the semicolon and comments after it left out
};

CommandText FindCommand(const StatementText &statement, Operation operation);

// Appends the text with CONCURRENTLY in its place, and a semicolon.
void AppendWithConcurrently(StringInfo out, const CommandText &command);

// Does an expression or the predicate refer to the table by its name alone, and so perhaps to a row
// as a whole?
bool MayHoldWholeRow(const IndexStmt &tree);

// The text from `definition` to `end`, with the table's name before column names taken out, so that
// it holds for any partition: t.a becomes a. `tree` is what the text was parsed to; null if it
// turns out not to be. Allocates.
const char *DefinitionForPartitions(const CommandText &command, const StatementText &statement,
									const IndexStmt &tree);

} // namespace psi
