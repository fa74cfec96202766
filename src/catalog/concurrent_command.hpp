// concurrent_command: what is known about a CREATE INDEX, REINDEX or DROP INDEX CONCURRENTLY before
// it runs.
//
// Derived from the request and its target; reads no catalogs, takes no locks, raises nothing.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// A concurrent command outside a transaction block.
struct ConcurrentCommand
{
	Operation operation = Operation::create_index; // create_index, drop_index or reindex
	Oid table = InvalidOid;     // InvalidOid: unknown, or several tables (REINDEX SCHEMA)
	Oid schema = InvalidOid;    // CREATE INDEX: schema of the table
	const char *name = nullptr; // CREATE INDEX: name of the index; null: PostgreSQL chooses it
	bool if_not_exists = false; // CREATE INDEX IF NOT EXISTS, not known to skip an invalid index
	Oid dropped = InvalidOid;   // DROP INDEX: the index
	bool builds = false;        // as far as is known, the command will build an index
};

// Describes the command of a request. `target`: what the request leads to.
ConcurrentCommand DescribeConcurrent(const Request &request, const Target &target);

} // namespace psi
