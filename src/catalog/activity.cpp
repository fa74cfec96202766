// activity: from the status entries and locks of the other backends.
#include "catalog/activity.hpp"

namespace psi
{

namespace
{

bool IsLockOn(const LockInstanceData &lock, Oid relation)
{
	return lock.locktag.locktag_type == LOCKTAG_RELATION &&
		   lock.locktag.locktag_field1 == MyDatabaseId && lock.locktag.locktag_field2 == relation;
}

// Returns the status entry of a backend, or null.
const PgBackendStatus *StatusOf(int pid)
{
	const int count = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= count; ++i)
	{
		const LocalPgBackendStatus *local = BackendStatusAt(i);
		if (local != nullptr && local->backendStatus.st_procpid == pid)
			return &local->backendStatus;
	}
	return nullptr;
}

// Returns what a backend that holds SHARE UPDATE EXCLUSIVE on the table does with the index,
// according to the progress that it reports.
Doing ReportedProgress(const PgBackendStatus *status, Oid index, Oid table)
{
	if (status == nullptr || status->st_progress_command == PROGRESS_COMMAND_INVALID)
		return Doing::unknown;
	if (status->st_progress_command != PROGRESS_COMMAND_CREATE_INDEX ||
		status->st_progress_command_target != table)
		return Doing::nothing;
	// The index becomes visible to others a moment before it is reported.
	const auto reported = static_cast<Oid>(status->st_progress_param[PROGRESS_CREATEIDX_INDEX_OID]);
	if (!OidIsValid(reported))
		return Doing::unknown;
	return reported == index ? Doing::building : Doing::nothing;
}

} // namespace

Worker AtWorkOn(Oid index, Oid table)
{
	// This transaction may have taken its copy of the status entries a while ago.
	pgstat_clear_backend_activity_snapshot();

	Worker found;
	const LockData *locks = GetLockStatusData();
	for (int i = 0; i < locks->nelements; ++i)
	{
		const LockInstanceData &lock = locks->locks[i];
		// The leader of a parallel worker reports for it.
		if (lock.pid == 0 || lock.pid == MyProcPid || lock.leaderPid != lock.pid ||
			(lock.holdMask & LOCKBIT_ON(ShareUpdateExclusiveLock)) == 0)
			continue;
		if (IsLockOn(lock, index))
			return {Doing::changing, lock.pid};
		if (!IsLockOn(lock, table) || found.doing == Doing::building)
			continue;
		const Doing doing = ReportedProgress(StatusOf(lock.pid), index, table);
		if (doing != Doing::nothing)
			found = {doing, lock.pid};
	}
	return found;
}

namespace
{

bool IsKnown(const Array<TransactionMark> &known, const TransactionMark &mark)
{
	for (const TransactionMark &one : known)
	{
		if (one.pid == mark.pid && one.prepared == mark.prepared && one.begun == mark.begun)
			return true;
	}
	return false;
}

// Counts a transaction, and keeps it if it is one of the oldest.
void AddBlocker(Blockers &blockers, const Blocker &blocker)
{
	++blockers.total;
	int place = blockers.count;
	while (place > 0 && blockers.items[place - 1].age < blocker.age)
		--place;
	if (place == blockers_max)
		return;
	if (blockers.count < blockers_max)
		++blockers.count;
	for (int i = blockers.count - 1; i > place; --i)
		blockers.items[i] = blockers.items[i - 1];
	blockers.items[place] = blocker;
}

// Is the table locked in one of these modes?
bool IsHeld(const LockInstanceData &lock, Oid table, LOCKMASK lock_modes)
{
	return IsLockOn(lock, table) && (lock.holdMask & lock_modes) != 0;
}

// Does the process hold a lock on the table in one of these modes?
bool IsHeldBy(const LockData &locks, int pid, Oid table, LOCKMASK lock_modes)
{
	for (int i = 0; i < locks.nelements; ++i)
	{
		if (locks.locks[i].pid == pid && IsHeld(locks.locks[i], table, lock_modes))
			return true;
	}
	return false;
}

constexpr int query_length_max = 200; // bytes

// Returns the query text as pg_stat_activity shows it, cut to about one line. Null if the current
// role may not see it.
const char *VisibleQuery(const PgBackendStatus &status)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) &&
		!has_privs_of_role(GetUserId(), status.st_userid))
		return nullptr;
	char *query = pgstat_clip_activity(status.st_activity_raw);
	const int length = static_cast<int>(strlen(query));
	if (length > query_length_max)
		return psprintf("%.*s...", pg_mbcliplen(query, length, query_length_max), query);
	return query;
}

const char *RoleName(Oid role)
{
	const char *name = GetUserNameFromId(role, true);
	return name != nullptr ? name : "?";
}

TransactionMark MarkOf(const PgBackendStatus &status)
{
	return {status.st_procpid, InvalidTransactionId, status.st_xact_start_timestamp};
}

Blocker BlockerOf(const PgBackendStatus &status, TimestampTz now)
{
	const bool idle = status.st_state == STATE_IDLEINTRANSACTION ||
					  status.st_state == STATE_IDLEINTRANSACTION_ABORTED;
	return {MarkOf(status),
			status.st_procpid,
			nullptr,
			RoleName(status.st_userid),
			pstrdup(status.st_appname),
			TimestampDifferenceMilliseconds(status.st_xact_start_timestamp, now),
			idle,
			VisibleQuery(status)};
}

// Would a build wait for this backend? WaitForOlderSnapshots() calls GetCurrentVirtualXIDs() so
// that it leaves out VACUUM and other safe index builds. A build that waits for a lock of
// autovacuum cancels it, unless it prevents wraparound (ProcSleep()).
bool IsWaitedFor(const LocalPgBackendStatus &local, const LockData &locks, Oid table,
				 LOCKMASK lock_modes)
{
	const PgBackendStatus &status = local.backendStatus;
	const PGPROC *process = BackendPidGetProc(status.st_procpid);
	if (process == nullptr)
		return false;
	// A parallel worker ends with its leader.
	if (process->lockGroupLeader != nullptr && process->lockGroupLeader != process)
		return false;
	const auto flags = process->statusFlags;
	if (TransactionIdIsValid(local.backend_xmin) && status.st_databaseid == MyDatabaseId &&
		(flags & (PROC_IS_AUTOVACUUM | PROC_IN_VACUUM | PROC_IN_SAFE_IC)) == 0)
		return true;
	if (!OidIsValid(table) ||
		((flags & PROC_IS_AUTOVACUUM) != 0 && (flags & PROC_VACUUM_FOR_WRAPAROUND) == 0))
		return false;
	return IsHeldBy(locks, status.st_procpid, table, lock_modes);
}

// Returns the transaction id of the prepared transaction that holds the lock. A prepared
// transaction has no pid; it is identified by the lock that it holds on its own transaction id.
TransactionId PreparedHolder(const LockData &locks, const LockInstanceData &held)
{
	for (int i = 0; i < locks.nelements; ++i)
	{
		const LockInstanceData &lock = locks.locks[i];
		if (lock.pid == 0 && lock.locktag.locktag_type == LOCKTAG_TRANSACTION &&
			HaveSameHolder(lock, held))
			return lock.locktag.locktag_field1;
	}
	return InvalidTransactionId;
}

// Adds a prepared transaction if it is old enough. Only SQL tells who prepared it, and when.
void AddPrepared(Blockers &blockers, TransactionId xid, TimestampTz now, std::int64_t older_than)
{
	const MemoryContext caller = CurrentMemoryContext;
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	const char *query = psprintf(
		"SELECT gid, owner::pg_catalog.text, prepared FROM pg_catalog.pg_prepared_xacts WHERE transaction OPERATOR(pg_catalog.=) '%u'::pg_catalog.xid",
		xid);
	if (SPI_execute(query, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
	{
		const HeapTuple row = SPI_tuptable->vals[0];
		const TupleDesc columns = SPI_tuptable->tupdesc;
		bool null = false;
		const TimestampTz prepared = DatumGetTimestampTz(SPI_getbinval(row, columns, 3, &null));
		Blocker blocker;
		blocker.mark.prepared = xid;
		blocker.age = TimestampDifferenceMilliseconds(prepared, now);
		if (!null && blocker.age > older_than)
		{
			const char *gid = SPI_getvalue(row, columns, 1);
			const char *role = SPI_getvalue(row, columns, 2);
			blocker.gid = MemoryContextStrdup(caller, gid != nullptr ? gid : "?");
			blocker.role = MemoryContextStrdup(caller, role != nullptr ? role : "?");
			AddBlocker(blockers, blocker);
		}
	}
	SPI_finish();
	PopActiveSnapshot();
}

// Is there any transaction to wait for, however young? If not, the status entries need not be read.
// Makes the same calls as WaitForOlderSnapshots() and WaitForLockers().
bool HasBlockers(Oid table, LOCKMASK lock_modes)
{
	int count = 0;
	GetCurrentVirtualXIDs(InvalidTransactionId, true, false,
						  PROC_IS_AUTOVACUUM | PROC_IN_VACUUM | PROC_IN_SAFE_IC, &count);
	if (count > 0 || !OidIsValid(table))
		return count > 0;
	LOCKTAG tag;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, table);
	// Every mode from ROW EXCLUSIVE on conflicts with one of these two.
	GetLockConflicts(&tag, ShareLock, &count);
	if (count == 0)
		GetLockConflicts(&tag, ShareUpdateExclusiveLock, &count);
	if (count == 0 && (lock_modes & LOCKBIT_ON(AccessShareLock)) != 0)
		GetLockConflicts(&tag, AccessExclusiveLock, &count);
	return count > 0;
}

} // namespace

Blockers OldTransactions(Oid table, LOCKMASK lock_modes, std::int64_t older_than,
						 const Array<TransactionMark> &known)
{
	Blockers blockers;
	if (!HasBlockers(table, lock_modes))
		return blockers;
	const TimestampTz now = GetCurrentTimestamp();
	const LockData *locks = nullptr;

	pgstat_clear_backend_activity_snapshot();
	const int count = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= count; ++i)
	{
		const LocalPgBackendStatus *local = BackendStatusAt(i);
		if (local == nullptr)
			continue;
		const PgBackendStatus &status = local->backendStatus;
		// The start is 0 outside a transaction, or if the backend does not report it
		// (track_activities).
		if (status.st_procpid == MyProcPid || status.st_xact_start_timestamp == 0)
			continue;
		const std::int64_t age =
			TimestampDifferenceMilliseconds(status.st_xact_start_timestamp, now);
		if (age <= older_than || IsKnown(known, MarkOf(status)))
			continue;
		// This copies the whole lock table, so it is done only when there is an old transaction.
		if (locks == nullptr)
			locks = GetLockStatusData();
		if (!IsWaitedFor(*local, *locks, table, lock_modes))
			continue;
		AddBlocker(blockers, BlockerOf(status, now));
	}

	if (max_prepared_xacts == 0 || !OidIsValid(table))
		return blockers;
	if (locks == nullptr)
		locks = GetLockStatusData();
	for (int i = 0; i < locks->nelements; ++i)
	{
		const LockInstanceData &lock = locks->locks[i];
		const bool prepared = lock.pid == 0 && IsHeld(lock, table, lock_modes);
		const TransactionId xid = prepared ? PreparedHolder(*locks, lock) : InvalidTransactionId;
		if (TransactionIdIsValid(xid) && !IsKnown(known, {0, xid, 0}))
			AddPrepared(blockers, xid, now, older_than);
	}
	return blockers;
}

Blockers HoldersOf(Oid relation, LOCKMODE mode)
{
	LOCKMASK conflicting = 0;
	for (LOCKMODE other = AccessShareLock; other <= AccessExclusiveLock; ++other)
	{
		if (DoLockModesConflict(mode, other))
			conflicting |= LOCKBIT_ON(other);
	}
	Blockers holders;
	const TimestampTz now = GetCurrentTimestamp();
	pgstat_clear_backend_activity_snapshot();
	const LockData *locks = GetLockStatusData();
	for (int i = 0; i < locks->nelements; ++i)
	{
		const LockInstanceData &lock = locks->locks[i];
		if (lock.pid == MyProcPid || !IsHeld(lock, relation, conflicting))
			continue;
		if (lock.pid == 0)
		{
			const TransactionId xid = PreparedHolder(*locks, lock);
			if (TransactionIdIsValid(xid))
				AddPrepared(holders, xid, now, -1);
			continue;
		}
		// The leader of a parallel worker stands for it.
		const PgBackendStatus *status = lock.leaderPid == lock.pid ? StatusOf(lock.pid) : nullptr;
		if (status != nullptr)
			AddBlocker(holders, BlockerOf(*status, now));
	}
	return holders;
}

} // namespace psi
