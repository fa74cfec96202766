// The table of verdicts, a row each, in the order of the README: what is asked, what is there,
// which settings are in force, and what comes of it. The last tests go through every combination of
// the facts.
#include "policy/policy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace psi
{

namespace
{

constexpr Operation CREATE = Operation::create_index;
constexpr Operation DROP = Operation::drop_index;
constexpr bool PLAIN = false;
constexpr bool CONCURRENTLY = true;
constexpr std::int64_t MB = 1024 * 1024;

constexpr Operation REINDEX = Operation::reindex;
constexpr Operation CONSTRAINT = Operation::add_constraint;
constexpr Operation ATTACH = Operation::attach_partition;
constexpr Operation MOVE = Operation::move_index;
constexpr Operation ALL_OPERATIONS[] = {CREATE, DROP, REINDEX, CONSTRAINT, ATTACH, MOVE};

constexpr unsigned ALL = (1u << operation_count) - 1;

constexpr unsigned Without(Operation operation)
{
	return ALL & ~(1u << static_cast<unsigned>(operation));
}

// Settings: mode, minimum_mode, min_table_size, operations, exempt, mode_is_override
constexpr Settings DEFAULTS{Mode::error, Mode::off, 0, ALL, false};
constexpr Settings WARN{Mode::warn, Mode::off, 0, ALL, false};
constexpr Settings OFF{Mode::off, Mode::off, 0, ALL, false};
constexpr Settings OVERRIDE{Mode::off, Mode::off, 0, ALL, false, true};
constexpr Settings OVERRIDE_FROM_1_MB{Mode::off, Mode::off, MB, ALL, false, true};
constexpr Settings OVERRIDE_EXEMPT{Mode::off, Mode::off, 0, ALL, true, true};
constexpr Settings OVERRIDE_NO_CREATE{Mode::off, Mode::off, 0, Without(CREATE), false, true};
constexpr Settings FLOOR_WARN{Mode::off, Mode::warn, 0, ALL, false};
constexpr Settings FLOOR_ERROR{Mode::off, Mode::error, 0, ALL, false};
constexpr Settings FLOOR_BELOW{Mode::error, Mode::warn, 0, ALL, false};
constexpr Settings EXEMPT{Mode::error, Mode::error, 0, ALL, true};
constexpr Settings FROM_1_MB{Mode::error, Mode::off, MB, ALL, false};
constexpr Settings NO_CREATE{Mode::error, Mode::off, 0, Without(CREATE), false};
constexpr Settings NO_REINDEX{Mode::error, Mode::off, 0, Without(REINDEX), false};
constexpr Settings NOTHING{Mode::error, Mode::error, 0, 0, false};

constexpr TableFacts Table(std::optional<std::int64_t> size = 10 * MB)
{
	TableFacts facts;
	facts.resolves = true;
	facts.permitted = true;
	facts.size = size;
	return facts;
}

constexpr TableFacts MaterializedView()
{
	TableFacts facts = Table();
	facts.kind = TableKind::materialized_view;
	return facts;
}

constexpr TableFacts Partitioned(int leaves, int standing, std::optional<std::int64_t> size = {})
{
	TableFacts facts = Table(size);
	facts.kind = TableKind::partitioned_table;
	facts.members = leaves;
	facts.standing = standing;
	return facts;
}

constexpr TableFacts WithForeign(TableFacts facts)
{
	facts.foreign = 1;
	return facts;
}

constexpr TableFacts With(TableFacts facts, bool TableFacts::*fact, bool value)
{
	facts.*fact = value;
	return facts;
}

// A schema, database or tablespace.
constexpr TableFacts Several(TableKind kind, int tables, int standing)
{
	TableFacts facts = Partitioned(tables, standing);
	facts.kind = kind;
	return facts;
}

constexpr TableFacts IDLE = With(Table(), &TableFacts::idle, true);
constexpr TableFacts IDLE_TREE = With(Partitioned(3, 3), &TableFacts::idle, true);
constexpr TableFacts MISSING = With(Table(), &TableFacts::resolves, false);
constexpr TableFacts NOT_OURS = With(Table(), &TableFacts::permitted, false);
constexpr TableFacts NEW = With(Table(), &TableFacts::created, true);
constexpr TableFacts TEMPORARY = With(Table(), &TableFacts::temporary, true);
constexpr TableFacts CATALOG = With(Table(), &TableFacts::catalog, true);
constexpr TableFacts ONLY = With(Partitioned(3, 3), &TableFacts::only, true);
constexpr TableFacts ONLY_PLAIN = With(Table(), &TableFacts::only, true);
constexpr TableFacts NEW_ROOT = With(Partitioned(3, 0), &TableFacts::created, true);
constexpr TableFacts NEW_ROOT_OLD_LEAF = With(Partitioned(3, 1), &TableFacts::created, true);

constexpr TableFacts SKIPS = With(Table(), &TableFacts::skips_invalid, true);

struct Row
{
	const char *what;
	Operation operation;
	bool concurrently;
	TableFacts facts;
	Settings settings;
	Reason reason;
	Lock lock;
};

constexpr Row rows[] = {
	// what, operation, form, facts, settings, reason, lock named in the message

	// violations
	{"a table", CREATE, PLAIN, Table(), DEFAULTS, Reason::violation, Lock::share},
	{"a table", DROP, PLAIN, Table(), DEFAULTS, Reason::violation, Lock::access_exclusive},
	{"an empty table", CREATE, PLAIN, Table(0), DEFAULTS, Reason::violation, Lock::share},
	{"a locked table", CREATE, PLAIN, Table({}), DEFAULTS, Reason::violation, Lock::share},
	{"a matview", CREATE, PLAIN, MaterializedView(), DEFAULTS, Reason::violation, Lock::share},
	{"a matview", DROP, PLAIN, MaterializedView(), DEFAULTS, Reason::violation,
	 Lock::access_exclusive},
	{"ON ONLY a table", CREATE, PLAIN, ONLY_PLAIN, DEFAULTS, Reason::violation, Lock::share},
	{"partitions", CREATE, PLAIN, Partitioned(3, 3), DEFAULTS, Reason::violation, Lock::share},
	{"partitions, one old", CREATE, PLAIN, Partitioned(3, 1), DEFAULTS, Reason::violation,
	 Lock::share},
	{"new, an old table attached", CREATE, PLAIN, NEW_ROOT_OLD_LEAF, DEFAULTS, Reason::violation,
	 Lock::share},
	{"partitions", DROP, PLAIN, Partitioned(3, 3), DEFAULTS, Reason::violation,
	 Lock::access_exclusive},
	{"no partitions", DROP, PLAIN, Partitioned(0, 0), DEFAULTS, Reason::no_build, Lock::none},
	{"foreign partitions only", DROP, PLAIN, WithForeign(Partitioned(0, 0)), DEFAULTS,
	 Reason::violation, Lock::access_exclusive},
	{"foreign partitions only", CREATE, PLAIN, WithForeign(Partitioned(0, 0)), DEFAULTS,
	 Reason::no_build, Lock::none},
	{"new, an old table attached", DROP, PLAIN, NEW_ROOT_OLD_LEAF, DEFAULTS, Reason::violation,
	 Lock::access_exclusive},

	{"a table", REINDEX, PLAIN, Table(), DEFAULTS, Reason::violation, Lock::share_and_index},
	{"partitions", REINDEX, PLAIN, Partitioned(3, 3), DEFAULTS, Reason::violation,
	 Lock::share_and_index},
	{"a schema", REINDEX, PLAIN, Several(TableKind::schema, 5, 1), DEFAULTS, Reason::violation,
	 Lock::share_and_index},
	{"a database", REINDEX, PLAIN, Several(TableKind::database, 5, 5), DEFAULTS, Reason::violation,
	 Lock::share_and_index},
	{"a table", CONSTRAINT, PLAIN, Table(), DEFAULTS, Reason::violation, Lock::access_exclusive},
	{"partitions", CONSTRAINT, PLAIN, Partitioned(3, 1), DEFAULTS, Reason::violation,
	 Lock::access_exclusive},
	{"indexes missing", ATTACH, PLAIN, Table(), DEFAULTS, Reason::violation,
	 Lock::access_exclusive},
	{"indexes missing in partitions", ATTACH, PLAIN, Partitioned(3, 3), DEFAULTS, Reason::violation,
	 Lock::access_exclusive},
	{"an index", MOVE, PLAIN, Table(), DEFAULTS, Reason::violation,
	 Lock::access_exclusive_on_index},
	{"all of a tablespace", MOVE, PLAIN, Several(TableKind::tablespace, 2, 2), DEFAULTS,
	 Reason::violation, Lock::access_exclusive_on_index},

	// not asked
	{"not in operations", CREATE, PLAIN, Table(), NO_CREATE, Reason::not_asked, Lock::none},
	{"another not in operations", CREATE, PLAIN, Table(), NO_REINDEX, Reason::violation,
	 Lock::share},
	{"not in operations", REINDEX, PLAIN, Table(), NO_REINDEX, Reason::not_asked, Lock::none},
	{"no operations", MOVE, PLAIN, Table(), NOTHING, Reason::not_asked, Lock::none},
	{"mode off", CREATE, PLAIN, Table(), OFF, Reason::not_asked, Lock::none},
	{"mode off", DROP, PLAIN, Table(), OFF, Reason::not_asked, Lock::none},
	{"exempt, whatever the floor", CREATE, PLAIN, Table(), EXEMPT, Reason::not_asked, Lock::none},

	// an override: judged as in mode error, so that it can be counted
	{"an override", CREATE, PLAIN, Table(), OVERRIDE, Reason::violation, Lock::share},
	{"an override", DROP, PLAIN, Table(), OVERRIDE, Reason::violation, Lock::access_exclusive},
	{"... CONCURRENTLY", CREATE, CONCURRENTLY, Table(), OVERRIDE, Reason::concurrent, Lock::none},
	{"... new", CREATE, PLAIN, NEW, OVERRIDE, Reason::created, Lock::none},
	{"... small", CREATE, PLAIN, Table(MB - 1), OVERRIDE_FROM_1_MB, Reason::small, Lock::none},
	{"... exempt", CREATE, PLAIN, Table(), OVERRIDE_EXEMPT, Reason::not_asked, Lock::none},
	{"... not in operations", CREATE, PLAIN, Table(), OVERRIDE_NO_CREATE, Reason::not_asked,
	 Lock::none},

	// the modes: warn judges as error does, the floor holds
	{"mode warn", CREATE, PLAIN, Table(), WARN, Reason::violation, Lock::share},
	{"off, floor warn", CREATE, PLAIN, Table(), FLOOR_WARN, Reason::violation, Lock::share},
	{"off, floor error", DROP, PLAIN, Table(), FLOOR_ERROR, Reason::violation,
	 Lock::access_exclusive},
	{"error, floor warn", DROP, PLAIN, Table(), FLOOR_BELOW, Reason::violation,
	 Lock::access_exclusive},

	// concurrent
	{"a table", CREATE, CONCURRENTLY, Table(), DEFAULTS, Reason::concurrent, Lock::none},
	{"a table", DROP, CONCURRENTLY, Table(), DEFAULTS, Reason::concurrent, Lock::none},
	{"partitions", CREATE, CONCURRENTLY, Partitioned(3, 3), DEFAULTS, Reason::concurrent,
	 Lock::none},
	{"nothing looked up", CREATE, CONCURRENTLY, TableFacts{}, DEFAULTS, Reason::concurrent,
	 Lock::none},

	// IF NOT EXISTS, and there is an invalid index: of any table, in any form
	{"skips an invalid index", CREATE, PLAIN, SKIPS, DEFAULTS, Reason::skips_invalid, Lock::none},
	{"skips an invalid index", CREATE, CONCURRENTLY, SKIPS, DEFAULTS, Reason::skips_invalid,
	 Lock::none},
	{"... new table", CREATE, PLAIN, With(SKIPS, &TableFacts::created, true), DEFAULTS,
	 Reason::skips_invalid, Lock::none},
	{"... temporary", CREATE, PLAIN, With(SKIPS, &TableFacts::temporary, true), DEFAULTS,
	 Reason::skips_invalid, Lock::none},
	{"... small", CREATE, CONCURRENTLY, SKIPS, FROM_1_MB, Reason::skips_invalid, Lock::none},
	{"... mode warn", CREATE, CONCURRENTLY, SKIPS, WARN, Reason::skips_invalid, Lock::none},
	{"... mode off", CREATE, CONCURRENTLY, SKIPS, OFF, Reason::not_asked, Lock::none},
	{"... not in operations", CREATE, CONCURRENTLY, SKIPS, NO_CREATE, Reason::not_asked,
	 Lock::none},
	{"... exempt", CREATE, CONCURRENTLY, SKIPS, EXEMPT, Reason::not_asked, Lock::none},
	{"... somebody else's", CREATE, CONCURRENTLY, With(SKIPS, &TableFacts::permitted, false),
	 DEFAULTS, Reason::concurrent, Lock::none},

	// PostgreSQL's own answer
	{"no such table", CREATE, PLAIN, MISSING, DEFAULTS, Reason::missing, Lock::none},
	{"no such index", DROP, PLAIN, MISSING, DEFAULTS, Reason::missing, Lock::none},
	{"somebody else's", CREATE, PLAIN, NOT_OURS, DEFAULTS, Reason::not_owner, Lock::none},
	{"somebody else's", DROP, PLAIN, NOT_OURS, DEFAULTS, Reason::not_owner, Lock::none},
	{"a catalog", CREATE, PLAIN, CATALOG, DEFAULTS, Reason::catalog, Lock::none},
	{"a catalog", DROP, PLAIN, CATALOG, DEFAULTS, Reason::catalog, Lock::none},

	// nobody else can see it
	{"new", CREATE, PLAIN, NEW, DEFAULTS, Reason::created, Lock::none},
	{"new", DROP, PLAIN, NEW, DEFAULTS, Reason::created, Lock::none},
	{"new, partitioned", CREATE, PLAIN, NEW_ROOT, DEFAULTS, Reason::created, Lock::none},
	{"new, partitioned", DROP, PLAIN, NEW_ROOT, DEFAULTS, Reason::created, Lock::none},
	{"temporary", CREATE, PLAIN, TEMPORARY, DEFAULTS, Reason::temporary, Lock::none},
	{"temporary", DROP, PLAIN, TEMPORARY, DEFAULTS, Reason::temporary, Lock::none},

	// nothing is built
	{"ON ONLY partitions", CREATE, PLAIN, ONLY, DEFAULTS, Reason::no_build, Lock::none},
	{"no partitions", CREATE, PLAIN, Partitioned(0, 0), DEFAULTS, Reason::no_build, Lock::none},
	{"all partitions new", CREATE, PLAIN, Partitioned(3, 0), DEFAULTS, Reason::no_build,
	 Lock::none},

	{"no partitions", REINDEX, PLAIN, Partitioned(0, 0), DEFAULTS, Reason::no_build, Lock::none},
	{"a schema, nothing in it", REINDEX, PLAIN, Several(TableKind::schema, 0, 0), DEFAULTS,
	 Reason::no_build, Lock::none},
	{"a schema, only new tables", REINDEX, PLAIN, Several(TableKind::schema, 5, 0), DEFAULTS,
	 Reason::no_build, Lock::none},
	{"ONLY partitions", CONSTRAINT, PLAIN, ONLY, DEFAULTS, Reason::no_build, Lock::none},
	{"no partitions", CONSTRAINT, PLAIN, Partitioned(0, 0), DEFAULTS, Reason::no_build, Lock::none},
	{"a column that is there", CONSTRAINT, PLAIN, IDLE, DEFAULTS, Reason::no_build, Lock::none},
	{"all indexes there", ATTACH, PLAIN, IDLE, DEFAULTS, Reason::no_build, Lock::none},
	{"all indexes there", ATTACH, PLAIN, IDLE_TREE, DEFAULTS, Reason::no_build, Lock::none},
	{"a partitioned index", MOVE, PLAIN, IDLE_TREE, DEFAULTS, Reason::no_build, Lock::none},

	// small
	{"just below", CREATE, PLAIN, Table(MB - 1), FROM_1_MB, Reason::small, Lock::none},
	{"just there", CREATE, PLAIN, Table(MB), FROM_1_MB, Reason::violation, Lock::share},
	{"just below", DROP, PLAIN, Table(MB - 1), FROM_1_MB, Reason::small, Lock::none},
	{"just there", DROP, PLAIN, Table(MB), FROM_1_MB, Reason::violation, Lock::access_exclusive},
	{"locked, size unknown", CREATE, PLAIN, Table({}), FROM_1_MB, Reason::violation, Lock::share},
	{"small partitions", CREATE, PLAIN, Partitioned(3, 3, MB - 1), FROM_1_MB, Reason::small,
	 Lock::none},
	{"large partitions", CREATE, PLAIN, Partitioned(3, 3, MB), FROM_1_MB, Reason::violation,
	 Lock::share},
	{"small partitions", DROP, PLAIN, Partitioned(3, 3, 0), FROM_1_MB, Reason::small, Lock::none},
};

TEST(Policy, TableOfVerdicts)
{
	for (const Row &row : rows)
	{
		SCOPED_TRACE(std::string(operation_names[static_cast<int>(row.operation)]) + ": " +
					 row.what);
		const Verdict verdict = Judge(row.operation, row.concurrently, row.facts, row.settings);
		EXPECT_EQ(verdict.reason, row.reason);
		EXPECT_EQ(verdict.lock, row.lock);
	}
}

TEST(Policy, TheStricterModeIsInForce)
{
	const Mode modes[] = {Mode::off, Mode::warn, Mode::error, Mode::rewrite};
	for (const Mode mode : modes)
	{
		for (const Mode floor : modes)
		{
			const Settings settings{mode, floor, 0, ALL, false};
			EXPECT_EQ(settings.ModeInForce(), mode > floor ? mode : floor);
			EXPECT_EQ(IsAsked(settings), mode != Mode::off || floor != Mode::off);
			EXPECT_FALSE(IsOverridden(settings));
			const Settings exempt{mode, floor, 0, ALL, true, true};
			EXPECT_FALSE(IsAsked(exempt));
			EXPECT_FALSE(IsOverridden(exempt));
			// Either they are asked, or they are overridden.
			const Settings override{mode, floor, 0, ALL, false, true};
			EXPECT_EQ(IsAsked(override), IsAsked(settings));
			EXPECT_EQ(IsOverridden(override), !IsAsked(settings));
		}
	}
}

TEST(Policy, WhatBecomesOfAViolation)
{
	EXPECT_EQ(ActionOn(OVERRIDE), Action::overridden);
	EXPECT_EQ(ActionOn(WARN), Action::warned);
	EXPECT_EQ(ActionOn(DEFAULTS), Action::refused);
	EXPECT_EQ(ActionOn(FLOOR_WARN), Action::warned);
	EXPECT_EQ(ActionOn(FLOOR_ERROR), Action::refused);
	const Settings rewrite{Mode::rewrite, Mode::off, 0, ALL, false};
	EXPECT_EQ(ActionOn(rewrite), Action::refused); // where there is no safe form
}

// The common passes hold for every operation.
TEST(Policy, EveryOperationPasses)
{
	for (const Operation operation : ALL_OPERATIONS)
	{
		SCOPED_TRACE(operation_names[static_cast<int>(operation)]);
		EXPECT_EQ(Judge(operation, PLAIN, Table(), OFF).reason, Reason::not_asked);
		EXPECT_EQ(Judge(operation, PLAIN, Table(), EXEMPT).reason, Reason::not_asked);
		EXPECT_EQ(Judge(operation, PLAIN, Table(), NOTHING).reason, Reason::not_asked);
		EXPECT_EQ(Judge(operation, CONCURRENTLY, Table(), DEFAULTS).reason, Reason::concurrent);
		EXPECT_EQ(Judge(operation, PLAIN, MISSING, DEFAULTS).reason, Reason::missing);
		EXPECT_EQ(Judge(operation, PLAIN, NOT_OURS, DEFAULTS).reason, Reason::not_owner);
		EXPECT_EQ(Judge(operation, PLAIN, CATALOG, DEFAULTS).reason, Reason::catalog);
		EXPECT_EQ(Judge(operation, PLAIN, TEMPORARY, DEFAULTS).reason, Reason::temporary);
		EXPECT_EQ(Judge(operation, PLAIN, NEW, DEFAULTS).reason, Reason::created);
		EXPECT_EQ(Judge(operation, PLAIN, Table(MB - 1), FROM_1_MB).reason, Reason::small);
		EXPECT_EQ(Judge(operation, PLAIN, Table({}), FROM_1_MB).reason, Reason::violation);
	}
}

// Every combination of the yes-or-no facts, kinds, forms and operations: a violation is exactly
// what takes a blocking lock on what others can see, and then, and only then, a lock is named.
TEST(Policy, EveryCombination)
{
	int violations = 0;
	for (unsigned bits = 0; bits < 1u << 13; ++bits)
	{
		const auto bit = [bits](unsigned n) { return (bits >> n & 1u) != 0; };
		for (const TableKind kind :
			 {TableKind::table, TableKind::materialized_view, TableKind::partitioned_table,
			  TableKind::schema, TableKind::database, TableKind::tablespace})
		{
			for (const Operation operation : ALL_OPERATIONS)
			{
				const bool several = ReachesSeveral(kind);
				TableFacts facts;
				facts.kind = kind;
				facts.resolves = bit(0);
				facts.permitted = bit(1);
				facts.catalog = bit(2);
				facts.temporary = bit(3);
				facts.created = bit(4);
				facts.only = bit(5);
				facts.members = several ? 2 : 0;
				facts.standing = several && bit(6) ? 1 : 0;
				facts.foreign = several && bit(12) ? 1 : 0;
				facts.idle = bit(7);
				const bool concurrently = bit(8);
				facts.skips_invalid = bit(9);
				// Unknown, just below the limit, or just as large.
				if (bit(10))
					facts.size = MB - (bit(11) ? 1 : 0);
				else if (bit(11))
					continue;

				const bool seen_by_others =
					!facts.temporary && (!facts.created || facts.standing > 0);
				const bool touches_rows =
					operation == DROP
						? !several || facts.standing > 0 || facts.foreign > 0
						: !facts.idle && (!several || (!facts.only && facts.standing > 0));
				const bool may = facts.resolves && facts.permitted;
				const bool skips = may && facts.skips_invalid;
				const bool locks = may && !skips && !concurrently && !facts.catalog &&
								   seen_by_others && touches_rows;
				const bool expected = skips || locks;
				const bool small = bit(10) && bit(11);
				EXPECT_EQ(Judge(operation, concurrently, facts, FROM_1_MB).IsViolation(),
						  skips || (locks && !small))
					<< bits;

				const Verdict verdict = Judge(operation, concurrently, facts, DEFAULTS);
				EXPECT_EQ(verdict.IsViolation(), expected) << bits;
				EXPECT_EQ(verdict.lock != Lock::none, locks) << bits;
				EXPECT_EQ(Judge(operation, concurrently, facts, OVERRIDE).reason, verdict.reason);
				EXPECT_FALSE(Judge(operation, concurrently, facts, OFF).IsViolation());
				EXPECT_FALSE(Judge(operation, concurrently, facts, EXEMPT).IsViolation());
				EXPECT_FALSE(Judge(operation, concurrently, facts, NOTHING).IsViolation());
				violations += expected ? 1 : 0;
			}
		}
	}
	EXPECT_GT(violations, 0);
}

} // namespace

} // namespace psi
