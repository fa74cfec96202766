// rewrite: mode rewrite: the safe form of a violation, run in its place.
#pragma once

#include "execute/run_command.hpp"
#include "catalog/judgment.hpp"

namespace psi
{

// Runs the safe form of what the client has sent, with a NOTICE that says so. False, and nothing
// done, if there is none that could be run here as a whole: then it is to be refused. Raises what
// the commands raise. After an error nothing is left that a second try would not take up; of an
// index on a plain table nothing at all.
//
// Ends the transaction that it is called in and begins others: nothing of the caller's may be
// needed after that but what lies in the runner's context or above.
bool Rewrite(Runner &runner, const Judgments &judgments, const StatementText &statement,
			 const char *query);

} // namespace psi
