// deparse: an expression as text that means the same in every session.
//
// Reads the catalogs; takes no locks. Raises nothing but out of memory, and what an output function
// raises.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// deparse_expression() with constants in a form that does not depend on the session's settings, as
// postgres_fdw sends them (set_transmission_modes()): a date written as DateStyle wants it here
// would be another one elsewhere. `context` is what column numbers are resolved with. Allocates.
const char *DeparseForAnySession(Node *expression, List *context);

} // namespace psi
