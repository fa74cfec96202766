// violation_hint: the hint of a violation. What to run instead, why that cannot run here, how to
// run the command anyway: ten lines at most. For this folder only.
//
// The commands come from the plan layer (see plan/remedy.hpp for what that looks up).
#pragma once

#include "message/violation_message.hpp"

namespace psi
{

// The hint without pg_safe_index.help. Allocates.
const char *ViolationHint(const Judgments &judgments, const StatementText &statement,
						  const char *query, const Settings &settings, const HintFacts &facts);

} // namespace psi
