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
	Array<Step> steps; // empty: PostgreSQL has no safe form, or there is nothing to do
	// Why there are no steps, or what they leave undone, as sentences. Null: they do all that the
	// command would have done.
	const char *remark = nullptr;
	const char *note = nullptr; // what else there is to know about the steps; null: nothing
	bool more = false;          // there are more steps than these
	bool idle = false;          // there is nothing to do

	// Do the steps do all that the command would have done?
	bool IsWhole() const
	{
		return !steps.IsEmpty() && remark == nullptr && !more;
	}
};

// A hint spells out this many indexes or constraints of one command.
constexpr int spelled_requests_max = 10;

// The remedy for a command. It is made from the user's own text if possible, otherwise from the
// tree. `most` is how many indexes or constraints of one command are spelled out; how many
// partitions are, depends on the names that the sets of relations hold. Allocates in the current
// memory context.
Remedy FindRemedy(const Judgments &judgments, const StatementText &statement, const char *query,
				  int most);

// CREATE INDEX CONCURRENTLY for a CREATE INDEX on a table, whatever the verdict and whether or not
// the command says CONCURRENTLY. Allocates.
Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query);

// The command that does for one leaf partition what a REINDEX of a partitioned table or index asks
// for. Null if there is nothing to rebuild, or the partition is gone. Allocates.
const char *ReindexOfLeaf(const Judgment &judgment, Oid leaf);

// Leaves out what nobody may run: DROP ... CASCADE that is a violation again, where mode off is
// forbidden (pg_safe_index.minimum_mode). Mode rewrite runs DROP INDEX only.
void LeaveOutForbidden(Remedy &remedy, const Judgments &judgments, const Settings &settings);

// Does another object depend on one of the indexes that a DROP INDEX names? Scans pg_depend.
bool HaveDependents(const Judgments &judgments);

// The steps that drop all indexes of a DROP INDEX, one by one. One on a partitioned table has no
// concurrent form, and is a violation again, but its wait for the lock is bounded. A name that does
// not exist gets a step, too, for its NOTICE. Allocates.
Array<Step> StepsToDrop(const Judgments &judgments);

// The first spelled_requests_max commands, one a line; the rest is counted. Allocates.
const char *FirstCommands(const List *commands);

} // namespace psi
