// run_remedy: runs the steps of a safe form, one after the other, and undoes or tells what is done
// if one of them fails. For this folder only.
#pragma once

#include "catalog/judgment.hpp"
#include "execute/run_command.hpp"
#include "plan/remedy.hpp"

namespace psi
{

// Runs the steps, each in a transaction of its own. Skips the build of an index that an earlier
// attempt has built for a later step.
//
// Raises what the commands raise. The hint then says which steps are done. An index that was built
// for a constraint is dropped if the constraint cannot be added; it stays if only a lock was in the
// way (55P03), as the same command, sent again, uses it.
void RunRemedy(const Runner &runner, const Remedy &remedy, const Judgment &judgment);

} // namespace psi
