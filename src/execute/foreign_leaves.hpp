// foreign_leaves: builds an index on a partitioned table that has foreign tables among its leaves.
#pragma once

#include "execute/run_command.hpp"
#include "plan/index_build.hpp"

namespace psi
{

// The index of the plan, concurrently on the leaves that can have one: foreign tables cannot, and
// an index that is made on the table alone would stay invalid for them. So the leaves come first,
// and `command`, which the client sent, then finds all that it would build.
void BuildBesideForeign(Runner &runner, const IndexPlan &plan, Oid root, const char *command);

} // namespace psi
