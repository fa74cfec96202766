// statement: which index operations does a utility statement ask for, and on which names?
//
// Reads the parse tree only: no catalogs, no locks. Raises nothing but out of memory and, for a
// REINDEX option that is no Boolean value, what PostgreSQL itself would raise. The tree may belong
// to a cached plan, so nothing in it is changed.
#pragma once

#include "policy/policy.hpp"
#include "pg/postgres.hpp"

namespace psi
{

// What the subcommands of an ALTER TABLE do to each other, found in one pass over them.
struct AlterSummary
{
	HTAB *added_columns;   // the names in ADD COLUMN
	bool drops_constraint; // one of them drops a constraint, or a column, which takes its own along

	bool AddsColumn(const char *name) const;
};

// One operation that a statement asks for.
struct Request
{
	Operation operation;
	bool concurrently; // the command says CONCURRENTLY
	bool missing_ok;   // IF EXISTS
	bool cascade;      // DROP INDEX: CASCADE

	// CREATE INDEX, ALTER TABLE: the table; REINDEX INDEX, ALTER INDEX: the index. Null for a
	// schema, a database, a tablespace.
	const RangeVar *name;
	List *dropped; // DROP INDEX: what stands for the index's name, which may turn out to be none

	const IndexStmt *create;               // CREATE INDEX
	const ReindexStmt *reindex;            // REINDEX
	const AlterTableMoveAllStmt *move_all; // ALTER INDEX ALL IN TABLESPACE
	const AlterTableStmt *alter;           // ALTER TABLE, ALTER INDEX
	const AlterSummary *summary;           // ... ALTER TABLE: what else it does
	int subcommand;                        // ... and which one of its subcommands
	const Constraint *constraint;          // ... ADD CONSTRAINT, or a constraint of ADD COLUMN
	const ColumnDef *column;               // ... ADD COLUMN
	const PartitionCmd *attach;            // ... ATTACH PARTITION
	const char *tablespace;                // ... SET TABLESPACE
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

// UNIQUE, PRIMARY KEY and EXCLUDE build an index, unless they take one that is there.
bool BuildsIndex(const Constraint &constraint);

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
