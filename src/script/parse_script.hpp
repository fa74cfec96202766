// parse_script: the statements of a script.
//
// Reads no catalogs and takes no locks. For this folder only.
#pragma once

#include "statement/request.hpp"

namespace psi
{

// An error context callback, for WithErrorsIn().
void PlaceError(void *script);

// What `run` returns. The position of an error that it raises is one in the script, and not in the
// query that calls us.
template <typename Run> auto WithErrorsIn(const char *script, const Run &run)
{
	ErrorContextCallback callback{error_context_stack, PlaceError, const_cast<char *>(script)};
	error_context_stack = &callback;
	const auto result = run();
	error_context_stack = callback.previous;
	return result;
}

// Parses a script, const RawStmt *. Raises its syntax errors, with their position in the script.
// Allocates.
List *ParseScript(const char *script);

// The text of a statement without the white space and the comments around it. Allocates.
StatementText TextIn(const char *script, const RawStmt &raw);

} // namespace psi
