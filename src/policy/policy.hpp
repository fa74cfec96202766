// policy: may this operation run on this table under these settings?
//
// Takes plain facts, gives a verdict. Knows no PostgreSQL header, allocates nothing, raises nothing
// and takes no lock, so that every row of the table of verdicts can be unit-tested
// (test/unit/policy_test.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace psi
{

// What happens to a violation, from the most lenient to the strictest. The numbers are those that
// the settings pg_safe_index.mode and pg_safe_index.minimum_mode hold (guard.h).
enum class Mode
{
	off,
	warn,
	error,
	rewrite, // the safe form is run instead; where there is none, as error
};

// The operations on indexes that a statement can ask for.
enum class Operation
{
	create_index,
	drop_index,
	reindex,
	add_constraint,
	attach_partition,
	move_index,
};

constexpr int operation_count = 6;

// As pg_safe_index.operations calls them, in the order of the enum.
constexpr std::string_view operation_names[operation_count] = {
	"create_index", "drop_index", "reindex", "add_constraint", "attach_partition", "move_index"};

// The settings and the state of the session, as far as a verdict depends on them.
struct Settings
{
	Mode mode;
	Mode minimum_mode;           // floor: the stricter of the two modes is in force
	std::int64_t min_table_size; // bytes; 0: every table is checked
	unsigned operations;         // a bit for each operation that is checked
	bool exempt;                 // this session or command is not asked at all, whatever the mode

	// The mode in force.
	constexpr Mode ModeInForce() const
	{
		return mode < minimum_mode ? minimum_mode : mode;
	}
	constexpr bool Checks(Operation operation) const
	{
		return (operations >> static_cast<unsigned>(operation) & 1u) != 0;
	}
};

// What holds the rows: one relation, or several by way of something that has no rows itself.
enum class TableKind
{
	table,
	materialized_view,
	partitioned_table,
	schema,     // REINDEX SCHEMA
	database,   // REINDEX DATABASE
	tablespace, // ALTER INDEX ALL IN TABLESPACE
};

constexpr bool ReachesSeveral(TableKind kind)
{
	return kind != TableKind::table && kind != TableKind::materialized_view;
}

// What is there: the table that the operation would lock. Filled by target.
struct TableFacts
{
	TableKind kind = TableKind::table;
	bool resolves = false; // false: the name leads to nothing, or to what PostgreSQL itself refuses
	bool permitted = false; // the role may do it, by the server's own rule for this command
	bool catalog = false;   // a system catalog or a TOAST table
	bool temporary = false; // no other session can see it
	bool created = false;   // created in the current transaction: no other session can see it yet
	bool only = false;      // ONLY: the partitions are left out
	bool idle = false;      // nothing would be built or moved, since what is wanted is there
	bool skips_invalid = false; // IF NOT EXISTS, and what exists is an invalid index
	int members = 0;            // relations that are reached and hold rows: leaf partitions, tables
	int standing = 0; // of them those that other sessions can see; foreign tables left out
	std::optional<std::int64_t> size; // bytes in the main fork of all storage concerned, if known
};

// Why an operation passes, or does not.
enum class Reason
{
	not_asked,     // mode off, the operation is not checked, or the session is exempt
	concurrent,    // the command says CONCURRENTLY
	missing,       // PostgreSQL's own error comes
	not_owner,     // PostgreSQL's own permission error comes
	created,       // the table was created in the current transaction
	temporary,     // the table is temporary
	catalog,       // there is no concurrent form for catalogs
	no_build,      // nothing that holds rows is indexed
	small,         // below min_table_size
	skips_invalid, // does not pass: it would be taken for done, though the index is of no use
	violation,     // does not pass: of the lock
};

// The lock that the message names: the strongest that the command takes, and on what.
enum class Lock
{
	none,
	share,            // on the table: blocks writes
	share_and_index,  // and ACCESS EXCLUSIVE on its indexes: blocks queries that look at them
	access_exclusive, // on the table: blocks reads and writes
	access_exclusive_on_index, // blocks every query on the table, since its plan looks at the index
};

struct Verdict
{
	Reason reason;
	Lock lock; // none unless a violation of the lock

	constexpr bool IsViolation() const
	{
		return reason == Reason::violation || reason == Reason::skips_invalid;
	}
};

// What became of an operation that was checked.
enum class Action
{
	passed,
	warned,
	refused,
	rewritten,
};

constexpr int action_count = 4;

// Are index operations looked at in this session at all? Asked first: it spares every look at the
// catalogs when nothing is to be checked.
bool IsAsked(const Settings &settings);

// The verdict over one operation. `concurrently`: the command says CONCURRENTLY.
Verdict Judge(Operation operation, bool concurrently, const TableFacts &facts,
			  const Settings &settings);

} // namespace psi
