// partitioned_build: builds an index on a partitioned table, concurrently on each leaf partition.
// For this folder only.
//
// Reads the catalogs. Takes the locks of the commands that it runs: SHARE on the partitioned table
// for the index on that table alone, SHARE UPDATE EXCLUSIVE on a leaf partition for the concurrent
// build, ACCESS EXCLUSIVE on a partition's index to attach it.
#pragma once

#include "execute/run_command.hpp"
#include "plan/index_build.hpp"

namespace psi
{

// Builds the index of the plan on the table and on all partitions below it, each step in a
// transaction of its own: first the index on the table alone, then for each partition the index
// that it lacks. Looks at what exists before each step. So it continues where an earlier attempt
// stopped, and takes account of partitions that are attached or dropped meanwhile.
//
// Raises what the commands raise; the hint then says how many partitions have the index.
void BuildOnPartitionTree(const Runner &runner, const IndexPlan &plan, Oid root);

} // namespace psi
