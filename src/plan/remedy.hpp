// remedy: the commands that do safely what a refused command would have done, ready to be run.
//
// Reads the user's own text, the parse tree, what the catalog layer found, and names that are
// taken. May open the table, under ACCESS SHARE that can be had at once and is released, and raise
// what parse analysis raises then.
#pragma once

#include "catalog/judgment.hpp"
#include "plan/step.hpp"

namespace psi
{

struct Remedy
{
	Array<Step> steps;            // empty: PostgreSQL has no safe form
	const char *remark = nullptr; // a sentence that has to go with the commands; null: none
};

// A hint spells out this many indexes or constraints of one command, and counts the rest.
constexpr int spelled_requests_max = 10;

// The remedy for a command. It is made from the user's own text if possible, otherwise from the
// tree. `most` is how many indexes or constraints of one command are spelled out; the remark counts
// the others. Allocates in the current memory context.
Remedy FindRemedy(const Judgments &judgments, const StatementText &statement, const char *query,
				  int most);

// CREATE INDEX CONCURRENTLY for a CREATE INDEX on a table, whatever the verdict and whether or not
// the command says CONCURRENTLY. Allocates.
Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query);

// The steps that drop all indexes of a DROP INDEX, one by one. One on a partitioned table has no
// concurrent form, but its wait for the lock is bounded. A name that does not exist gets a step,
// too, for its NOTICE. Allocates.
Array<Step> StepsToDrop(const Judgments &judgments);

// The first spelled_requests_max commands, one a line; the rest is counted. Allocates.
const char *FirstCommands(const List *commands);

} // namespace psi
