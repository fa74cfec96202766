// target: what is there? A request in, the facts about the table it would lock out.
//
// This room, with relation and relation_set below it, is the only one that reads catalogs. It never
// waits for a lock and leaves none behind: names are resolved without locking, rows come from the
// system caches. So a relation can be renamed or dropped while it looks; a row that is gone counts
// as missing, and PostgreSQL, which looks again under the lock, has the last word.
//
// Could the command, let through, then lock another table than the one that was looked at? Only if
// a rename gets between the look and the command's own request for its lock, a matter of
// microseconds: one that already holds or waits for its ACCESS EXCLUSIVE makes the look find the
// table locked (no size, hence not small), and one that comes later queues behind the command. What
// passes since there is nothing to build is looked at once more before an index is built
// (late_build).
#pragma once

#include "catalog/invalid_index.hpp"
#include "policy/policy.hpp"
#include "catalog/relation.hpp"
#include "catalog/relation_set.hpp"
#include "statement/request.hpp"

namespace psi
{

// An index that ATTACH PARTITION would build.
struct MissingIndex
{
	RelationName parent;     // the index on the partitioned table
	const IndexStmt *create; // how to make the same on the partition, already analyzed
};

struct MissingIndexes
{
	const MissingIndex *items;
	int count;

	const MissingIndex *begin() const
	{
		return items;
	}
	const MissingIndex *end() const
	{
		return items + count;
	}
};

// The table that an operation would lock, and what remedy and report need to know of it.
struct Target
{
	TableFacts facts;
	// PostgreSQL ends the command here with its own error, before it comes to what follows.
	bool ends_command;
	bool refused; // DROP INDEX: ... or refuses it in the end, once all names are locked
	Oid table_id;
	Oid schema;
	RelationName table; // of REINDEX SCHEMA and its like: the schema, database or tablespace
	RelationName index; // DROP INDEX, REINDEX INDEX, ALTER INDEX: the index
	Oid index_id;
	RelationSet set; // what is reached through a partitioned table, a schema and so on

	// CREATE INDEX IF NOT EXISTS: what has the name, if it is an invalid index.
	std::optional<InvalidIndex> invalid;
	bool exists;                  // ... or is there, whatever it is: nothing will be built
	bool exclusion;               // the index is that of an exclusion constraint
	const List *nullable_columns; // ADD PRIMARY KEY: char *, columns not yet NOT NULL
	MissingIndexes missing;       // ATTACH PARTITION
	bool unseen;                  // ... or the indexes could not be compared, for a lock on them
};

// The tables that one statement has led to so far: it can name the same one, with all its
// partitions, in each of thousands of requests.
using SeenTables = HTAB;
SeenTables *NoTablesYet();

// What the look depends on besides the request.
struct Circumstances
{
	std::int64_t enough; // sizes of several relations are added up until this many bytes
	bool sized;          // the size is wanted at all
	bool in_block;       // CONCURRENTLY could not run here, nor REINDEX of several relations
	SeenTables *seen;    // null: this is the only request
};

// Looks at what a request names. Allocates in the current memory context. Raises what
// RangeVarGetRelidExtended() raises: no permission on the schema, another database.
Target Look(const Request &request, const Circumstances &circumstances);

// Raises PostgreSQL's own error if parse analysis will refuse an expression or the predicate of a
// CREATE INDEX. Does nothing if another session's lock keeps the table from being opened at once.
void RaiseAnalysisErrors(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
