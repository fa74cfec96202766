// foreign_partitions: builds an index on a partitioned table some of whose partitions are foreign
// tables. For this folder only.
//
// Reads the catalogs; takes the locks of the commands that it runs.
#pragma once

#include "execute/run_command.hpp"
#include "plan/index_build.hpp"

namespace psi
{

// Builds the index of the plan concurrently on the leaf partitions on which `command`, which the
// client sent, would build one, and then runs the command. A foreign table cannot have an index,
// and an index that is created on the partitioned table alone would stay invalid because of it. So
// the leaf partitions come first, and the client's command finds all indexes that it would build.
// If the name that it gives the index is taken, nothing is built.
//
// Raises what the commands raise; the hint then says which partitions have got an index.
void BuildBesideForeign(const Runner &runner, const IndexPlan &plan, Oid root, const char *command);

} // namespace psi
