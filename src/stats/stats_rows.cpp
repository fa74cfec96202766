// stats_rows: the shared memory as rows, for the SQL functions.
#include "stats/shared_stats.hpp"

namespace psi
{

namespace
{

const char *ModeText(std::int16_t mode)
{
	constexpr const char *names[] = {"off", "warn", "error", "rewrite"};
	return mode >= 0 && mode <= static_cast<int>(Mode::rewrite) ? names[mode] : "?";
}

Datum TextDatum(std::string_view text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

Datum NameText(const char *name)
{
	return CStringGetTextDatum(name);
}

// What another database has recorded in another encoding is shown as far as both agree on it: a
// conversion may fail, and one row must not keep the others from being seen.
Datum ForeignText(const char *text, std::int16_t encoding)
{
	char *shown = pstrdup(text);
	if (encoding != GetDatabaseEncoding())
	{
		for (char *at = shown; *at != '\0'; ++at)
		{
			if (IS_HIGHBIT_SET(*at))
				*at = '?';
		}
	}
	return CStringGetTextDatum(shown);
}

// The first `count` of them.
void Put(void *store, void *columns, Datum *values, bool *nulls, int count)
{
	if (static_cast<TupleDesc>(columns)->natts != count)
		elog(ERROR, "the function is not declared as this library has it");
	tuplestore_putvalues(static_cast<Tuplestorestate *>(store), static_cast<TupleDesc>(columns),
						 values, nulls);
}

// As pg_stat_activity has it.
bool MaySeeText(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		   has_privs_of_role(GetUserId(), role);
}

// Where the rows of counters go, and how many columns they have there: later versions append some.
struct CounterRows
{
	void *store;
	void *columns;
	int count;
};

constexpr int counter_columns_1_1 = 9;
constexpr int counter_columns = 10;

// `database` is InvalidOid for the place for all others.
void PutCounters(const CounterRows &rows, DatabaseCounters &place, Oid database,
				 TimestampTz reset_at)
{
	const bool others = database == InvalidOid;
	for (int operation = 0; operation < operation_count; ++operation)
	{
		std::uint64_t counts[action_count];
		std::uint64_t checked = 0;
		for (int action = 0; action < action_count; ++action)
		{
			counts[action] = pg_atomic_read_u64(&place.actions[operation][action]);
			// What is overridden has not been checked to any effect.
			if (action != static_cast<int>(Action::overridden))
				checked += counts[action];
		}
		const std::uint64_t overridden = counts[static_cast<int>(Action::overridden)];
		const std::uint64_t failed = pg_atomic_read_u64(&place.failed_builds[operation]);
		// The place for all others is nothing to show as long as there are none.
		if (others && checked == 0 && failed == 0 && overridden == 0)
			continue;
		Datum values[counter_columns] = {ObjectIdGetDatum(database),
										 TextDatum(operation_names[operation]),
										 Int64GetDatum(static_cast<int64>(checked)),
										 Int64GetDatum(static_cast<int64>(counts[0])),
										 Int64GetDatum(static_cast<int64>(counts[1])),
										 Int64GetDatum(static_cast<int64>(counts[2])),
										 Int64GetDatum(static_cast<int64>(counts[3])),
										 Int64GetDatum(static_cast<int64>(failed)),
										 TimestampTzGetDatum(reset_at),
										 Int64GetDatum(static_cast<int64>(overridden))};
		bool nulls[counter_columns] = {others};
		Put(rows.store, rows.columns, values, nulls, rows.count);
	}
}

void PutViolation(void *store, void *columns, const Violation &row)
{
	const bool visible = MaySeeText(row.role);
	Datum values[] = {
		TimestampTzGetDatum(row.at),
		ObjectIdGetDatum(row.database),
		ObjectIdGetDatum(row.role),
		ForeignText(row.application, row.encoding),
		NameText(row.client),
		Int32GetDatum(row.pid),
		TextDatum(operation_names[row.operation]),
		ForeignText(row.schema, row.encoding),
		ForeignText(row.table, row.encoding),
		ForeignText(row.index, row.encoding),
		Int64GetDatum(row.size),
		NameText(ModeText(row.mode)),
		NameText(action_names[row.action]),
		visible ? ForeignText(row.text, row.encoding) : NameText("<insufficient privilege>"),
	};
	bool nulls[lengthof(values)] = {};
	nulls[4] = !visible || row.client[0] == '\0';
	nulls[7] = row.schema[0] == '\0';
	nulls[8] = row.table[0] == '\0';
	nulls[9] = row.index[0] == '\0';
	nulls[10] = row.size < 0;
	Put(store, columns, values, nulls, lengthof(values));
}

void PutAllCounters(const CounterRows &rows)
{
	RequireSharedStats();
	Shared &stats = *SharedStats();
	LWLockAcquire(stats.lock, LW_SHARED);
	const TimestampTz reset_at = stats.reset_at;
	LWLockRelease(stats.lock);
	for (int i = 0; i < databases_max; ++i)
	{
		DatabaseCounters &place = stats.databases[i];
		// Read once: a reset may free the place at any moment.
		const Oid database = pg_atomic_read_u32(&place.database);
		if (database != InvalidOid)
			PutCounters(rows, place, database, reset_at);
	}
	PutCounters(rows, stats.databases[databases_max], InvalidOid, reset_at);
}

} // namespace

} // namespace psi

extern "C" void psi_put_counters(void *store, void *columns)
{
	psi::PutAllCounters({store, columns, psi::counter_columns});
}

extern "C" void psi_put_counters_1_1(void *store, void *columns)
{
	psi::PutAllCounters({store, columns, psi::counter_columns_1_1});
}

extern "C" void psi_put_violations(void *store, void *columns)
{
	using namespace psi;

	RequireSharedStats();
	Shared &stats = *SharedStats();
	LWLockAcquire(stats.lock, LW_SHARED);
	const Ring ring = stats.ring;
	LWLockRelease(stats.lock);

	// One row at a time: a million of them do not fit into work_mem.
	auto *row = static_cast<Violation *>(palloc(stats.place_size));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_safe_index violation",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	for (std::uint64_t number = ring.Oldest(); number < ring.next; ++number)
	{
		CHECK_FOR_INTERRUPTS();
		if (CopyRow(stats, number, *row))
			PutViolation(store, columns, *row);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	pfree(row);
}

extern "C" void psi_put_violations_info(void *store, void *columns)
{
	using namespace psi;

	RequireSharedStats();
	Shared &stats = *SharedStats();
	LWLockAcquire(stats.lock, LW_SHARED);
	const std::uint64_t recorded = stats.ring.next - stats.reset_row;
	const std::uint64_t kept = stats.ring.Kept();
	const TimestampTz reset_at = stats.reset_at;
	LWLockRelease(stats.lock);
	Datum values[] = {Int64GetDatum(static_cast<int64>(recorded)),
					  Int64GetDatum(static_cast<int64>(recorded - kept)),
					  TimestampTzGetDatum(reset_at)};
	bool nulls[lengthof(values)] = {};
	Put(store, columns, values, nulls, lengthof(values));
}

extern "C" void psi_reset(void)
{
	using namespace psi;

	RequireSharedStats();
	Shared &stats = *SharedStats();
	LWLockAcquire(stats.lock, LW_EXCLUSIVE);
	ResetStats(stats);
	LWLockRelease(stats.lock);
}
