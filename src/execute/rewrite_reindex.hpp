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

// Drops what an interrupted REINDEX CONCURRENTLY has left on the table, or on its leaf partitions.
// See DropLeftByReindex().
void DropLeftByEarlierReindex(const Runner &runner, const Target &target);

} // namespace psi
