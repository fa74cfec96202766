// command_text: finds its way in the user's own text, above all in that of CREATE INDEX, DROP INDEX
// or REINDEX.
//
// Reads the text with the server's scanner, and no catalogs. Takes no locks. Raises nothing but out
// of memory and a cancel; a text that the scanner refuses counts as not found.
#pragma once

#include "statement/request.hpp"

namespace psi
{

// The positions of the parts of a command, as byte offsets in `text`.
struct CommandText
{
	bool found = false; // false: the text is not that of such a command; the other fields are void
	const char *text = nullptr; // NUL-terminated
	int begin = 0;              // the first word, after any comments
	int after_verb = 0; // after INDEX, or after the word for what REINDEX rebuilds: CONCURRENTLY
						// belongs here
	int definition = 0; // CREATE INDEX: USING or, without it, the column list
	int end = 0;        // after the last word; a semicolon and comments follow it
};

CommandText FindCommand(const StatementText &statement, Operation operation);

// Appends the text with CONCURRENTLY in its place, and a semicolon.
void AppendWithConcurrently(StringInfo out, const CommandText &command);

// Any command as the user wrote it, without comments around it and without its semicolon; null if
// the text is empty, if the scanner refuses it, or if its first word is another one. Allocates.
const char *CommandIn(const StatementText &statement, const char *first_word);

} // namespace psi
