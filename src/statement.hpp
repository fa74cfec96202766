// statement: which index operations does a utility statement ask for, and on which names?
//
// Reads the parse tree only: no catalogs, no locks, raises nothing but out of memory. The tree may
// belong to a cached plan, so nothing in it is changed.
#pragma once

#include "policy.hpp"
#include "postgres.hpp"

namespace psi
{

// One operation that a statement asks for.
struct Request
{
	Operation operation;
	bool concurrently;       // the command says CONCURRENTLY
	bool missing_ok;         // DROP INDEX: IF EXISTS
	bool cascade;            // DROP INDEX: CASCADE
	const RangeVar *name;    // CREATE INDEX: the table; DROP INDEX: the index
	const IndexStmt *create; // CREATE INDEX: the statement, else null
};

// The operations in the order in which PostgreSQL will take them up; none for a statement that is
// no business of ours. Allocated in the current memory context.
struct Requests
{
	const Request *items;
	int count;

	const Request *begin() const
	{
		return items;
	}
	const Request *end() const
	{
		return items + count;
	}
};

Requests AskedFor(const Node *statement);

// The part of a query text that one statement of it takes up, leading and trailing white space and
// comments included; `offset` is where it starts in the whole, in bytes (parsenodes.h, RawStmt).
struct StatementText
{
	const char *text; // NUL-terminated, allocated in the current memory context
	int offset;
};

StatementText TextOf(const PlannedStmt &statement, const char *query);

} // namespace psi
