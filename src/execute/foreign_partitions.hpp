// foreign_partitions: builds an index on a partitioned table some of whose partitions are foreign
// tables. For this folder only.
//
// Reads the catalogs; takes the locks of the commands that it runs.
#pragma once

#include "execute/run_command.hpp"
#include "plan/index_build.hpp"

namespace psi
{

// Builds the index of the plan concurrently on the leaf partitions that can have one, and then runs
// `command`, which the client sent. A foreign table cannot have an index, and an index that is
// created on the partitioned table alone would stay invalid because of it. So the leaf partitions
// come first, and the client's command finds all indexes that it would build.
//
// Raises what the commands raise.
void BuildBesideForeign(const Runner &runner, const IndexPlan &plan, Oid root, const char *command);

} // namespace psi
