// command_text: finds its way in the user's own text of CREATE INDEX or DROP INDEX.
//
// With the server's own scanner, so that comments, quotes, dollar quotes and Unicode identifiers
// are what the server takes them for. Text only: no catalogs, no locks. The text has been parsed
// before; on one that has not the scanner may raise a syntax error.
#pragma once

#include "statement.hpp"

namespace psi
{

// Where things are, as byte offsets in `text`.
struct CommandText
{
	bool found;       // false: this is not the text of such a command; the rest is void
	const char *text; // NUL-terminated
	int begin;        // the first word, comments before it left out
	int after_index;  // behind the word INDEX, where CONCURRENTLY belongs
	int definition;   // CREATE INDEX: from USING or the column list on; DROP INDEX: same as end
	int end;          // behind the last word, the semicolon and comments after it left out
};

CommandText FindCommand(const StatementText &statement, Operation operation);

// The text from `definition` to `end`, with the table's name before column names taken out, so that
// it holds for any partition: t.a becomes a. `tree` is what the text was parsed to. Allocates.
const char *DefinitionForPartitions(const CommandText &command, const StatementText &statement,
									const IndexStmt &tree);

} // namespace psi
