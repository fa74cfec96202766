// raise_violation: how a violation reaches the client. For this folder only.
//
// Reads no catalogs and takes no locks. Raises the error that it is there for.
#pragma once

#include "catalog/relation.hpp"
#include "policy/policy.hpp"

namespace psi
{

// The parts of the message, after PostgreSQL's message style guide.
struct ViolationParts
{
	const char *message;
	const char *detail;
	const char *hint;          // several lines, or ""; pg_safe_index.help follows them
	const RelationName *table; // null: there is no single one
	const char *index;         // null: not known
};

// The hint with pg_safe_index.help. Allocates.
const char *WholeHint(const Settings &settings, const ViolationParts &parts);

// Raises an ERROR (55000) in mode error and above, a WARNING (01000) below. The error's own fields
// name the table and its schema, and the index as the constraint, as PostgreSQL does it.
void RaiseViolation(const Settings &settings, const ViolationParts &parts);

// Appends a line, which is `text` formatted by `format`, with a newline before it unless it is the
// first one. Does nothing if `text` is null.
void AppendLine(StringInfo out, const char *format, const char *text);

} // namespace psi
