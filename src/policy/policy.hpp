// policy: may this operation run on this table under these settings?
//
// It takes plain facts and gives a verdict. It uses the standard library only, allocates nothing,
// raises nothing and takes no lock, so that every row of the table of verdicts can be unit-tested
// (test/unit/policy_test.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace psi
{

// What happens to a violation, from the most lenient mode to the strictest. The numbers are the
// values of the settings pg_safe_index.mode and pg_safe_index.minimum_mode (pg/face.h).
enum class Mode
{
	off,
	warn,
	error,
	rewrite, // the safe form is run instead; where there is none, the command is refused
};

constexpr int mode_count = 4;

// As the settings call them, in the order of the enum.
constexpr const char *mode_names[mode_count] = {"off", "warn", "error", "rewrite"};

constexpr const char *NameOf(Mode mode)
{
	return mode_names[static_cast<int>(mode)];
}

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
	// The mode is that of the session, its role, its database or a function, and not that of the
	// server's configuration.
	bool mode_is_override = false;
	const char *help = ""; // the last line of every hint; empty: none

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

// What the command names, or the table of the index that it names: a relation that holds rows, or
// something through which it reaches several of them.
enum class TableKind
{
	table,
	materialized_view,
	partitioned_table,
	schema,     // REINDEX SCHEMA
	database,   // REINDEX DATABASE
	tablespace, // ALTER INDEX ALL IN TABLESPACE
};

constexpr int table_kind_count = 6;

// As messages call them, in the order of the enum.
constexpr const char *table_kind_names[table_kind_count] = {
	"table", "materialized view", "partitioned table", "schema", "database", "tablespace"};

constexpr const char *NameOf(TableKind kind)
{
	return table_kind_names[static_cast<int>(kind)];
}

constexpr bool ReachesSeveral(TableKind kind)
{
	return kind != TableKind::table && kind != TableKind::materialized_view;
}

// The facts about the table that the operation would lock. The catalog layer fills them in.
struct TableFacts
{
	TableKind kind = TableKind::table;
	bool resolves = false;  // false: there is no such object, or PostgreSQL refuses the command
	bool permitted = false; // PostgreSQL's own rule for this command allows it to the role
	bool catalog = false;   // a system catalog or a TOAST table
	bool temporary = false; // no other session can see it
	bool created = false;   // created in the current transaction: no other session can see it yet
	bool only = false;      // ONLY: the command leaves the partitions out
	bool idle = false;      // nothing would be built or moved: what is wanted is there already
	bool skips_invalid = false; // IF NOT EXISTS, and what exists is an invalid index
	int members = 0;  // relations with rows that the command reaches: leaf partitions, tables
	int standing = 0; // those of them that other sessions can see; foreign tables do not count
	int foreign = 0;  // partitions that are foreign tables
	std::optional<std::int64_t> size; // bytes in the main forks of all of them, if known
};

// Why an operation passes, or does not.
enum class Reason
{
	not_asked,     // mode off without an override, not checked, or the session is exempt
	concurrent,    // the command says CONCURRENTLY
	missing,       // PostgreSQL itself will refuse the command
	not_owner,     // PostgreSQL itself will refuse the command to this role
	created,       // the table was created in the current transaction
	temporary,     // the table is temporary
	catalog,       // there is no concurrent form for catalogs
	no_build,      // no index of a table with rows would be built
	small,         // below min_table_size
	skips_invalid, // a violation: IF NOT EXISTS would skip an index that is invalid
	violation,     // a violation: the lock would block other sessions
};

constexpr int reason_count = 11;

// As pg_safe_index_check() calls them, in the order of the enum.
constexpr const char *reason_names[reason_count] = {
	"not_checked", "concurrent", "missing", "not_owner",     "created", "temporary",
	"catalog",     "no_build",   "small",   "skips_invalid", "blocks"};

constexpr const char *NameOf(Reason reason)
{
	return reason_names[static_cast<int>(reason)];
}

// The strongest lock that the command takes, and on what: the message names it.
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
	Lock lock; // none unless the reason is violation

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
	overridden, // a violation that ran, since the session, its role, its database or a function
				// has turned the checks off
};

constexpr int action_count = 5;

// As the views call them, in the order of the enum.
constexpr const char *action_names[action_count] = {"passed", "warned", "refused", "rewritten",
													"overridden"};

// Are index operations checked in this session at all? If not, and if the checks are not overridden
// either, nobody need look at the catalogs.
bool IsAsked(const Settings &settings);

// Are they not checked because an override has turned the checks off? Violations are counted then,
// and nobody is told. Where the server's configuration says off, nobody looks.
bool IsOverridden(const Settings &settings);

// What becomes of a violation that is not rewritten, where they are asked or overridden.
Action ActionOn(const Settings &settings);

// The verdict on one operation. `concurrently`: the command says CONCURRENTLY.
Verdict Judge(Operation operation, bool concurrently, const TableFacts &facts,
			  const Settings &settings);

} // namespace psi
