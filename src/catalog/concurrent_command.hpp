// concurrent_command: what is known of CREATE INDEX, REINDEX or DROP INDEX CONCURRENTLY before it
// runs.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// A concurrent command that runs outside of a transaction block, as far as it is known beforehand.
struct ConcurrentCommand
{
	Operation operation; // create_index, drop_index or reindex
	Oid table;           // InvalidOid: not known, or several (REINDEX SCHEMA)
	Oid schema;          // CREATE INDEX: that of the table
	const char *name;    // ... and the index's name; null: PostgreSQL chooses
	bool if_not_exists;  // ...
	Oid dropped;         // DROP INDEX: the index
	bool builds;         // an index will be built, for all that is known
};

// What is known of it. `target` is what it was looked up to be.
ConcurrentCommand DescribeConcurrent(const Request &request, const Target &target);

} // namespace psi
