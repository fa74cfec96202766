// stats: one piece of shared memory: counters for each database, then the ring of violations.
#include "stats/stats.hpp"

#include "stats/stats_format.hpp"

namespace psi
{

namespace
{

constexpr const char *tranche = "pg_safe_index";

// Set once, when the process attaches; an abort does not change it. Null without shared memory.
Shared *shared = nullptr;

// The counters of this database; the last place is for those that found none.
DatabaseCounters &CountersHere()
{
	constexpr int places = databases_max;
	const auto start = static_cast<int>(MyDatabaseId % places);
	for (int i = 0; i < places; ++i)
	{
		DatabaseCounters &place = shared->databases[(start + i) % places];
		std::uint32_t database = pg_atomic_read_u32(&place.database);
		if (database == InvalidOid &&
			pg_atomic_compare_exchange_u32(&place.database, &database, MyDatabaseId))
			return place;
		// Another backend may have taken it, for this database even.
		if (database == MyDatabaseId)
			return place;
	}
	return shared->databases[places];
}

// The overridden violations that this session has put on record. They stay there when the command
// fails, so an abort does not change this.
struct Override
{
	Oid table; // or schema; InvalidOid: the database, a tablespace
	Operation operation;
};
Override overrides[overrides_max];
int override_count = 0;

// Is it the first of its kind in this session, and not one too many? The next one is not.
bool IsFirstOverride(const Judgment &judgment)
{
	const Target &target = judgment.target;
	const Oid table = OidIsValid(target.table_id) ? target.table_id : target.schema;
	const Operation operation = judgment.request.operation;
	for (int i = 0; i < override_count; ++i)
	{
		if (overrides[i].table == table && overrides[i].operation == operation)
			return false;
	}
	if (override_count == overrides_max)
		return false;
	overrides[override_count++] = {table, operation};
	return true;
}

// Into memory that is zero.
void CopyName(char *to, const char *from)
{
	if (from != nullptr)
		memcpy(to, from, ValidLength(GetDatabaseEncoding(), from, NAMEDATALEN - 1));
}

// The client's address as text, empty for a socket.
void CopyClient(char *to)
{
	to[0] = '\0';
	if (MyBEEntry == nullptr)
		return;
	const SockAddr &address = MyBEEntry->st_clientaddr;
	if (address.addr.ss_family != AF_INET && address.addr.ss_family != AF_INET6)
		return;
	if (pg_getnameinfo_all(&address.addr, static_cast<int>(address.salen), to, client_size, nullptr,
						   0, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		to[0] = '\0';
	clean_ipv6_addr(address.addr.ss_family, to);
}

} // namespace

Shared *SharedStats()
{
	return shared;
}

void RequireSharedStats()
{
	if (shared == nullptr)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pg_safe_index must be loaded via \"shared_preload_libraries\"")));
}

void ResetStats(Shared &stats)
{
	for (DatabaseCounters &place : stats.databases)
	{
		// Those of databases that were dropped are free again. What somebody counts at this very
		// moment may be counted for another database.
		pg_atomic_write_u32(&place.database, InvalidOid);
		for (int operation = 0; operation < operation_count; ++operation)
		{
			for (auto &count : place.actions[operation])
				pg_atomic_write_u64(&count, 0);
			pg_atomic_write_u64(&place.failed_builds[operation], 0);
		}
	}
	stats.ring.first = stats.reset_row = stats.ring.next;
	stats.reset_at = GetCurrentTimestamp();
}

void ForgetStats(Shared &stats)
{
	for (DatabaseCounters &place : stats.databases)
	{
		pg_atomic_init_u32(&place.database, InvalidOid);
		for (int operation = 0; operation < operation_count; ++operation)
		{
			for (auto &count : place.actions[operation])
				pg_atomic_init_u64(&count, 0);
			pg_atomic_init_u64(&place.failed_builds[operation], 0);
		}
	}
	stats.ring.next = 0;
	ResetStats(stats);
}

void CountChecked(Operation operation, Action action)
{
	if (shared != nullptr)
		pg_atomic_fetch_add_u64(
			&CountersHere().actions[static_cast<int>(operation)][static_cast<int>(action)], 1);
}

void CountFailedBuild(Operation operation)
{
	if (shared != nullptr)
		pg_atomic_fetch_add_u64(&CountersHere().failed_builds[static_cast<int>(operation)], 1);
}

void RecordViolation(const Judgment &judgment, const char *index, Mode mode, Action action,
					 const char *text)
{
	if (shared == nullptr || shared->ring.places == 0 ||
		(action == Action::overridden && !IsFirstOverride(judgment)))
		return;
	const Target &target = judgment.target;
	// All that may take long is done before the lock is taken.
	const Size length = ValidLength(GetDatabaseEncoding(), text, shared->text_size - 1);
	const Size size = offsetof(Violation, text) + length + 1;
	auto *row = static_cast<Violation *>(palloc0(size));
	row->database = MyDatabaseId;
	row->role = GetUserId();
	row->pid = MyProcPid;
	row->operation = static_cast<std::int16_t>(judgment.request.operation);
	row->mode = static_cast<std::int16_t>(mode);
	row->action = static_cast<std::int16_t>(action);
	row->encoding = static_cast<std::int16_t>(GetDatabaseEncoding());
	// Of several tables the sizes are added up only as far as a verdict needs it.
	const TableKind kind = target.facts.kind;
	row->size = ReachesSeveral(kind) ? -1 : target.facts.size.value_or(-1);
	CopyName(row->application, application_name);
	const bool is_table = !ReachesSeveral(kind) || kind == TableKind::partitioned_table;
	CopyName(row->schema, is_table || kind == TableKind::schema ? target.table.schema : nullptr);
	CopyName(row->table, is_table ? target.table.name : nullptr);
	CopyName(row->index, index);
	CopyClient(row->client);
	memcpy(row->text, text, length);

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	row->at = GetCurrentTimestamp(); // in the order of the ring
	WriteRow(*shared, shared->ring.next, *row, size);
	++shared->ring.next;
	LWLockRelease(shared->lock);
	pfree(row);
}

} // namespace psi

extern "C" size_t psi_shared_size(int max_violations)
{
	using namespace psi;

	return add_size(MAXALIGN(sizeof(Shared)),
					mul_size(static_cast<Size>(max_violations),
							 PlaceSize(static_cast<Size>(pgstat_track_activity_query_size))));
}

extern "C" void psi_request_shared_memory(int max_violations)
{
	RequestAddinShmemSpace(psi_shared_size(max_violations));
	RequestNamedLWLockTranche(psi::tranche, 1);
}

extern "C" void psi_attach_shared_memory(int max_violations)
{
	using namespace psi;

	bool found = false;
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = static_cast<Shared *>(
		ShmemInitStruct("pg_safe_index", psi_shared_size(max_violations), &found));
	if (!found)
	{
		shared->lock = &GetNamedLWLockTranche(tranche)->lock;
		shared->ring = {0, 0, static_cast<std::uint64_t>(max_violations)};
		shared->text_size = static_cast<Size>(pgstat_track_activity_query_size);
		shared->place_size = PlaceSize(shared->text_size);
		ForgetStats(*shared);
	}
	LWLockRelease(AddinShmemInitLock);
	// Only the postmaster, or a backend that is on its own, comes here without one above it.
	if (!found && !IsUnderPostmaster)
		KeepStatsInFile(*shared);
}
