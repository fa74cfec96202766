// override: how to run a command in spite of the checks. For this folder only.
//
// Reads the user's own text with the server's scanner, and no catalogs. Takes no locks. Raises
// nothing but out of memory and a cancel.
#pragma once

#include "policy/policy.hpp"
#include "statement/request.hpp"

namespace psi
{

// A command that is a violation, as far as the way around the checks depends on it.
struct OverriddenCommand
{
	const char *text = nullptr; // without its semicolon; null: it cannot be repeated
	bool in_block = false;      // it was sent inside a transaction block
	bool alone = false;         // PostgreSQL does not run it inside a transaction block
	// ms: there is no safe form, so the wait for its lock is to be bounded; 0: it is not
	int lock_timeout = 0;
};

// The command of a request as the user wrote it, without its semicolon. Null if it is long or has
// several lines, or if the statement's text is that of something else. Allocates.
const char *ShortCommand(const Request &request, const StatementText &statement);

// One line: the commands that run it anyway, ready to be pasted, or why there are none. Null if
// there is nothing to say. Allocates.
const char *OverrideLine(const Settings &settings, const OverriddenCommand &command);

} // namespace psi
