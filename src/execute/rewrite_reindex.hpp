// rewrite_reindex: REINDEX of something partitioned, partition by partition, and what REINDEX
// CONCURRENTLY leaves undone of what REINDEX does. For this folder only.
#pragma once

#include "catalog/judgment.hpp"
#include "execute/run_command.hpp"
#include "plan/remedy.hpp"

namespace psi
{

// REINDEX CONCURRENTLY of a table or of several leaves out indexes that cannot be rebuilt
// concurrently. Is there one? Takes no lock on a table.
bool RebuildsExclusionIndex(const Judgment &judgment);

// It leaves out invalid indexes as well. Adds a step for each. Takes no lock on a table.
void CompleteReindex(const Judgment &judgment, Remedy &remedy);

// May the current role rebuild the indexes of all leaf partitions by themselves? PostgreSQL asks
// for the right on the partitioned table or index only.
bool MayReindexPartitions(const Judgment &judgment);

// Runs a REINDEX of a partitioned table or index, with a concurrent command for each leaf
// partition, and for each invalid index that this one leaves out. A partition that is gone is
// skipped, as PostgreSQL does. Raises what the commands raise; the hint then says how many
// partitions are done.
void ReindexPartitionByPartition(const Runner &runner, const Judgment &judgment);

// Drops what an interrupted REINDEX CONCURRENTLY has left on the tables that the command rebuilds
// indexes of. See DropLeftByReindex().
void DropLeftByEarlierReindex(const Runner &runner, const Judgment &judgment);

} // namespace psi
