// remedy: the commands that do safely what the refused one would have done, ready to be run.
#pragma once

#include "catalog/judgment.hpp"

namespace psi
{

struct Remedy
{
	const char *commands; // one a line, each with its semicolon; null: PostgreSQL has no safe form
	int command_count;
	const char *remark; // a sentence that has to go with the commands; null: none
	const List *list;   // the commands one by one, char *, each with its semicolon
};

// A hint names so many indexes or constraints of one command, and counts the rest.
constexpr int spelled_requests_max = 10;

// Made from the user's own text where that can be, else from the tree. `most`: spell out so many
// requests of a command that names many; the remark counts the others. Allocates in the current
// memory context; takes no lock that it would have to wait for.
Remedy FindRemedy(const Judgments &judgments, const StatementText &statement, const char *query,
				  int most);

// The same for CREATE INDEX on a table, whatever the verdict: with CONCURRENTLY, if it does not say
// so.
Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query);

// The commands, a line each, as far as one wants to read them: the rest is counted. Allocates.
const char *FirstCommands(const List *commands);

} // namespace psi
