// partition_build: builds an index on a partitioned table, concurrently on each leaf partition.
#pragma once

#include "execute/run_command.hpp"
#include "plan/index_build.hpp"

namespace psi
{

// The index of the plan on the table and on all partitions below it, each step in a transaction of
// its own: first the index on the table alone, then for each partition what is found to be missing.
// So it goes on where an earlier try has ended, and takes partitions as they come and go.
void BuildOnTree(Runner &runner, const IndexPlan &plan, Oid root);

} // namespace psi
