// lock_wait: one attempt after the other.
#include "execute/lock_wait.hpp"

#include "execute/parse_command.hpp"
#include "execute/transaction.hpp"
#include "message/lock_message.hpp"
#include "pg/list.hpp"
#include "pg/timeouts.hpp"

namespace psi
{

namespace
{

constexpr int pause_max = 10 * 1000; // ms

// The attempts to run one command. Palloc'd: PG_CATCH needs it.
struct Attempts
{
	const psi_call &client;
	MemoryContext context;
	LockLimit limit;
	const Array<StepLock> &locks;
	const char *command;
	TimestampTz begun;         // the first one
	TimestampTz until = 0;     // this one gives way then; 0: never
	Oid relation = InvalidOid; // that was to be locked last
	LOCKMODE mode = NoLock;
	bool locked = false; // all that is locked beforehand
};

// Limits the next wait for a lock to the time that the attempt has left.
void LimitNextWait(const Attempts &attempts)
{
	if (attempts.until != 0)
		BoundLockWait(Max(1, static_cast<int>(TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
																			  attempts.until))));
}

void Lock(Attempts &attempts, Oid relation, LOCKMODE mode)
{
	attempts.relation = relation;
	attempts.mode = mode;
	LimitNextWait(attempts);
	// A look into the catalogs may have left one, for which concurrent builds wait as well.
	InvalidateCatalogSnapshot();
	LockRelationOid(relation, mode);
}

void LockTree(Attempts &attempts, Oid root, LOCKMODE mode)
{
	Array<Oid> tree;
	tree.Add(root);
	for (int i = 0; i < tree.Count(); ++i)
	{
		const Oid relation = tree[i];
		Lock(attempts, relation, mode);
		for (const Oid child : EachOid(find_inheritance_children(relation, NoLock)))
			tree.Add(child);
	}
}

// As CloneFkReferencing().
void LockReferenced(Attempts &attempts, Oid relation, LOCKMODE mode)
{
	Array<Oid> referenced;
	const Relation table = try_relation_open(relation, AccessShareLock);
	if (table == nullptr)
		return;
	for (const auto *key : Each<const ForeignKeyCacheInfo>(RelationGetFKeyList(table)))
		referenced.Add(key->confrelid);
	relation_close(table, NoLock);
	for (const Oid id : referenced)
	{
		if (get_rel_relkind(id) == RELKIND_PARTITIONED_TABLE)
			LockTree(attempts, id, mode);
		else
			Lock(attempts, id, mode);
	}
}

// Takes the locks of the command beforehand: each wait in the command has a limit of its own, and
// while it waits for the second lock, others wait for the first.
void TakeLocks(Attempts &attempts)
{
	for (const StepLock &lock : attempts.locks)
	{
		RangeVar *name =
			makeRangeVar(lock.relation.visible ? nullptr : const_cast<char *>(lock.relation.schema),
						 const_cast<char *>(lock.relation.name), -1);
		const Oid relation = RangeVarGetRelid(name, NoLock, true);
		// PostgreSQL looks at the permission on what the command names before it locks. Whoever
		// lacks it must not make others wait; the command itself raises the error. On partitions
		// no permission is needed.
		if (!OidIsValid(relation) || !OwnsRelation(relation, GetUserId()))
			continue;
		switch (lock.part)
		{
		case LockedPart::relation:
			Lock(attempts, relation, lock.mode);
			break;
		case LockedPart::table:
			if (const Oid table = IndexGetRelation(relation, true); OidIsValid(table))
				Lock(attempts, table, lock.mode);
			break;
		case LockedPart::tree:
			LockTree(attempts, relation, lock.mode);
			break;
		case LockedPart::referenced:
			LockReferenced(attempts, relation, lock.mode);
			break;
		case LockedPart::default_partition:
			if (const Oid partition = get_default_partition_oid(relation); OidIsValid(partition))
				LockTree(attempts, partition, lock.mode);
			break;
		}
	}
}

void RunOnce(Attempts &attempts)
{
	if (attempts.limit.timeout > 0)
		attempts.until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), attempts.limit.timeout);
	attempts.locked = false;
	TakeLocks(attempts);
	attempts.locked = true;
	LimitNextWait(attempts);
	// After the locks: concurrent builds wait for older snapshots.
	PushActiveSnapshot(GetTransactionSnapshot());
	const auto run = [&]
	{
		const psi_call call = CallInPlaceOf(attempts.client, attempts.command);
		call.go_on(&call);
	};
	InOwnContext(attempts.context, run);
	CommitAndBegin(attempts.context);
}

// Is the error on the error stack one that another attempt may not meet? A deadlock is found sooner
// than usual, because the check for one comes early (BoundLockWait()).
bool IsLockError()
{
	const int code = geterrcode();
	return code == ERRCODE_LOCK_NOT_AVAILABLE || code == ERRCODE_T_R_DEADLOCK_DETECTED;
}

// Makes one attempt. Returns false, in a new transaction without a snapshot, if it did not get a
// lock.
bool Try(Attempts &attempts)
{
	volatile bool done = true;
	const LockWaitBound before = BoundLockWait(attempts.limit.timeout);
	PG_TRY();
	{
		RunOnce(attempts);
		RestoreLockWait(before);
	}
	PG_CATCH();
	{
		RestoreLockWait(before);
		if (attempts.limit.timeout == 0 || !IsLockError())
			PG_RE_THROW();
		FreeErrorData(TakeError(attempts.context));
		AbortAndBegin(attempts.context);
		done = false;
	}
	PG_END_TRY();
	return done;
}

// Waits outside a transaction, so that it keeps neither a lock nor a snapshot meanwhile.
void Pause(const Attempts &attempts, int milliseconds)
{
	CommitTransactionCommand();
	const TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		if (left <= 0)
			break;
		WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left, LockPauseEvent());
		ResetLatch(MyLatch);
	}
	StartTransactionCommand();
	MemoryContextSwitchTo(attempts.context);
}

// `done`: the last attempt has succeeded.
LockWait Describe(const Attempts &attempts, int count, bool done)
{
	// The command itself has waited for something else, nobody knows for what.
	const bool unknown = attempts.locked && !done;
	const int timeout =
		LockTimeout > 0 ? Min(LockTimeout, attempts.limit.timeout) : attempts.limit.timeout;
	return {attempts.command,
			unknown ? InvalidOid : attempts.relation,
			attempts.mode,
			timeout,
			count,
			TimestampDifferenceMilliseconds(attempts.begun, GetCurrentTimestamp())};
}

} // namespace

void RunBounded(const psi_call &client, MemoryContext context, const LockLimit &limit,
				const Array<StepLock> &locks, const char *command)
{
	CommitAndBeginWithoutSnapshot(context);
	Attempts &attempts =
		*Make(Attempts{client, context, limit, locks, command, GetCurrentTimestamp()});
	int pause = static_cast<int>(
		Min(static_cast<std::int64_t>(limit.timeout) * 4, static_cast<std::int64_t>(pause_max)));
	for (int count = 1;; ++count)
	{
		const bool done = Try(attempts);
		const LockWait wait = Describe(attempts, count, done);
		if (done && count > 1)
			LogLockWait(wait);
		if (done)
			return;
		// Each attempt is a transaction of its own, but the client has sent one command.
		const int most = TransactionTimeoutInForce();
		if (count >= limit.attempts || (most > 0 && wait.since_first >= most))
			RaiseLockNotAvailable(wait);
		if (count == 1)
			TellLockWait(wait);
		Pause(attempts, pause);
		pause = Min(2 * pause, pause_max);
	}
}

} // namespace psi
