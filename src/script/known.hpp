// known: the verdict on an operation that names what the script has made, changed or dropped.
// For this folder only.
//
// Reads the system caches. Takes no lock that it keeps, and waits for none.
#pragma once

#include "script/judge.hpp"

namespace psi
{

// Has the script made, changed or dropped what the request names? `denied`: a schema that the role
// may not use.
bool IsTouched(const State &state, const Request &request, const char *&denied);

Finding JudgeKnown(const State &state, const Request &request, const Settings &settings);

// The name of what a request is about, as the command has it. Null for REINDEX DATABASE without a
// name. Allocates.
const char *ObjectOf(const Request &request);

} // namespace psi
