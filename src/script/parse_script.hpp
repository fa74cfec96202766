// parse_script: the statements of a script.
//
// Reads no catalogs and takes no locks. For this folder only.
#pragma once

#include "statement/request.hpp"

namespace psi
{

// Calls `run(argument)`. The position of an error that it raises is one in the script, and not in
// the query that calls us.
void WithErrorsIn(const char *script, void (*run)(void *argument), void *argument);

// Parses a script, const RawStmt *. Raises its syntax errors, with their position in the script.
// Allocates.
List *ParseScript(const char *script);

// The text of a statement without the white space and the comments around it. Allocates.
StatementText TextIn(const char *script, const RawStmt &raw);

} // namespace psi
