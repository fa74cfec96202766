// target: what an operation leads to, above all the table that it would lock.
//
// Plain data, filled in by Look() (find_target.hpp).
#pragma once

#include "catalog/cascade.hpp"
#include "catalog/invalid_index.hpp"
#include "catalog/relation.hpp"
#include "catalog/relation_set.hpp"
#include "policy/policy.hpp"
#include "statement/request.hpp"

namespace psi
{

// An index that ATTACH PARTITION would build.
struct MissingIndex
{
	RelationName parent;               // the index on the partitioned table
	const IndexStmt *create = nullptr; // creates such an index on the partition; already analyzed
};

struct MissingIndexes
{
	const MissingIndex *items = nullptr;
	int count = 0;

	const MissingIndex *begin() const
	{
		return items;
	}
	const MissingIndex *end() const
	{
		return items + count;
	}
};

// What an operation leads to: the facts that decide the verdict, and what plans and messages need.
struct Target
{
	TableFacts facts;
	// PostgreSQL ends the command here with its own error, before it takes up the next operation.
	bool ends_command = false;
	// DROP INDEX: PostgreSQL refuses the command, but only after it has locked all names.
	bool refused = false;
	Oid table_id = InvalidOid;
	Oid schema = InvalidOid; // of the table
	RelationName table;      // for REINDEX SCHEMA and the like: the schema, database or tablespace
	RelationName index;      // DROP INDEX, REINDEX INDEX, ALTER INDEX: the index
	Oid index_id = InvalidOid;
	RelationSet set; // the relations behind a partitioned table, schema, database or tablespace

	// CREATE INDEX IF NOT EXISTS: a relation of that name exists, so nothing will be built.
	bool exists = false;
	std::optional<InvalidIndex> invalid; // that relation, if it is an invalid index
	bool in_citus = false;               // Citus manages the table
	bool exclusion = false;              // the index belongs to an exclusion constraint
	const List *nullable_columns = NIL;  // ADD PRIMARY KEY: char *, those to be scanned for nulls
	bool scans = false;            // ADD PRIMARY KEY USING INDEX: ... which is all that takes time
	MissingIndexes missing;        // ATTACH PARTITION: the indexes that it would build
	Array<CascadedIndex> cascaded; // DROP ... CASCADE: the indexes that it would drop
	bool second_key = false;       // ATTACH PARTITION: one of them is a second primary key
	bool unseen = false; // ATTACH PARTITION: locks prevented the indexes from being compared
};

} // namespace psi
