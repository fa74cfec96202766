// target: what is there? A request in, the facts about the table it would lock out.
//
// This room, with relation and partition_tree below it, is the only one that reads catalogs. It
// never waits for a lock and leaves none behind: names are resolved without locking, rows come from
// the system caches. So a relation can be renamed or dropped while it looks; a row that is gone
// counts as missing, and PostgreSQL, which looks again under the lock, has the last word.
//
// Could the command, let through, then lock another table than the one that was looked at? Only if
// a rename gets between the look and the command's own request for its lock, a matter of
// microseconds: one that already holds or waits for its ACCESS EXCLUSIVE makes the look find the
// table locked (no size, hence not small), and one that comes later queues behind the command.
#pragma once

#include "partition_tree.hpp"
#include "policy.hpp"
#include "relation.hpp"
#include "statement.hpp"

namespace psi
{

// The table that an operation would lock, and what remedy and report need to know of it.
struct Target
{
	TableFacts facts;
	// PostgreSQL ends the command at this name with its own error, before it comes to the next one.
	bool ends_command;
	Oid table_id;
	Oid schema;
	RelationName table;
	RelationName index; // DROP INDEX: the index
	PartitionTree tree; // a partitioned table's
};

// Looks at what a request names. `enough`: sizes of partitions are added up until this many bytes.
// Allocates in the current memory context. Raises what RangeVarGetRelidExtended() raises: no
// permission on the schema, another database.
Target Look(const Request &request, std::int64_t enough);

// Raises PostgreSQL's own error if parse analysis will refuse an expression or the predicate of a
// CREATE INDEX. Does nothing if another session's lock keeps the table from being opened at once.
void RaiseAnalysisErrors(const IndexStmt &create, const Target &target, const char *query);

// The name that PostgreSQL would choose for the index that `create` makes on a table
// (DefineIndex()). `nth`: 0, or how many earlier choices turned out to be taken. Allocates.
const char *ChooseIndexName(const IndexStmt &create, const RelationName &table, Oid schema,
							int nth);

} // namespace psi
