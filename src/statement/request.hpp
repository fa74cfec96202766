// request: which index operations does a utility statement ask for, and on which names?
//
// Reads the parse tree only: no catalogs, no locks. Raises nothing but out of memory, an
// interrupt, and for an invalid value of a REINDEX option what PostgreSQL itself would raise. The
// tree may belong to a cached plan, so nothing in it is changed.
#pragma once

#include "policy/policy.hpp"
#include "pg/array.hpp"
#include "pg/hash.hpp"

namespace psi
{

// What the subcommands of an ALTER TABLE mean for each other, found in one pass over them.
struct AlterSummary
{
	NameSet added_columns;           // the names in ADD COLUMN
	NameSet virtual_columns;         // those of them that are generated and have no storage
	NameSet dropped_columns;         // the names in DROP COLUMN
	NameSet retyped_columns;         // the names in ALTER COLUMN ... TYPE
	NameSet nullable_columns;        // the names in ALTER COLUMN ... DROP NOT NULL
	List *dropped_constraints = NIL; // the names in DROP CONSTRAINT (char *)
	bool drops_constraint =
		false; // one of them drops a constraint, or a column, which may be part of one

	bool AddsColumn(const char *name) const
	{
		return added_columns.Has(name);
	}
	bool DropsColumn(const char *name) const
	{
		return dropped_columns.Has(name);
	}
	// Is the type of the column another one when constraints are looked at?
	bool ChangesType(const char *name) const
	{
		return AddsColumn(name) || retyped_columns.Has(name);
	}
};

// One operation that a statement asks for. What does not belong to its kind of statement is null.
struct Request
{
	Operation operation = Operation::create_index;
	bool concurrently = false; // the command says CONCURRENTLY
	bool missing_ok = false;   // IF EXISTS
	bool cascade = false;      // DROP INDEX: CASCADE

	// CREATE INDEX, ALTER TABLE: the table; REINDEX INDEX, ALTER INDEX: the index. Null for a
	// schema, a database, a tablespace.
	const RangeVar *name = nullptr;
	List *dropped = NIL;                             // DROP INDEX: the name
	const DropStmt *drop = nullptr;                  // DROP of something else with CASCADE
	const IndexStmt *create = nullptr;               // CREATE INDEX
	const ReindexStmt *reindex = nullptr;            // REINDEX
	const AlterTableMoveAllStmt *move_all = nullptr; // ALTER INDEX ALL IN TABLESPACE
	const char *tablespace = nullptr;                // SET TABLESPACE, REINDEX: the new one

	const AlterTableStmt *alter = nullptr;  // ALTER TABLE, ALTER INDEX
	const AlterSummary *summary = nullptr;  // what else it does
	int subcommand = 0;                     // which of its subcommands this is
	const Constraint *constraint = nullptr; // ADD CONSTRAINT, or a constraint in ADD COLUMN
	const ColumnDef *column = nullptr;      // ADD COLUMN
	bool uses_index = false;                // ADD PRIMARY KEY USING INDEX
	const PartitionCmd *attach = nullptr;   // ATTACH PARTITION

	// Is it all that its statement does, as far as ALTER TABLE is concerned?
	bool IsAlone() const
	{
		return alter == nullptr || (list_length(alter->cmds) == 1 && column == nullptr);
	}
};

// The operations in the order in which PostgreSQL takes them up; none if the statement asks for no
// index operation.
using Requests = Array<Request>;

// Does the constraint build an index? UNIQUE and PRIMARY KEY do, unless they say USING INDEX, and
// EXCLUDE does.
bool BuildsIndex(const Constraint &constraint);

// The index operations that a utility statement asks for. Allocates.
Requests AskedFor(const Node *statement);

// The part of a query text that is one statement, with the white space and the comments around it.
// `offset` is where it starts in the whole text, in bytes (parsenodes.h, RawStmt).
struct StatementText
{
	const char *text; // NUL-terminated
	int offset;
};

// The text of a statement in the query text that it was parsed from. Allocates.
StatementText TextOf(const PlannedStmt &statement, const char *query);

} // namespace psi
