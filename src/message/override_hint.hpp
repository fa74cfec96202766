// report_parts: what the files of the room report share; for them only.
#pragma once

#include "policy/policy.hpp"

namespace psi
{

// What this session can do about a verdict: always the last sentence of the hint. Allocates.
const char *Override(const Settings &settings);

} // namespace psi
