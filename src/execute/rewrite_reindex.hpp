// rewrite_reindex: what REINDEX CONCURRENTLY leaves undone of what REINDEX does. For this folder
// only.
#pragma once

#include "catalog/judgment.hpp"
#include "execute/run_command.hpp"
#include "plan/remedy.hpp"

namespace psi
{

// REINDEX CONCURRENTLY of a table or of several leaves out invalid indexes, and indexes that cannot
// be rebuilt concurrently. Adds a step for each of the former; returns false if there is one of the
// latter. Takes no lock on a table.
bool CompleteReindex(const Judgment &judgment, Remedy &remedy);

// Drops what an interrupted REINDEX CONCURRENTLY has left on the tables that the command rebuilds
// indexes of. See DropLeftByReindex().
void DropLeftByEarlierReindex(const Runner &runner, const Judgment &judgment);

} // namespace psi
