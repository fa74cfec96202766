// lock_message: each message names the relation, and the transactions that hold a lock on it.
#include "message/lock_message.hpp"

#include "message/build_message.hpp"

namespace psi
{

namespace
{

// 'a lock on index "event_at_idx"'; with the command if it is not known on what.
const char *WantedLock(const LockWait &wait)
{
	const auto row = ReadClass(wait.relation);
	if (!row.has_value())
		return psprintf("a lock that \"%s\" needs", wait.command);
	const bool is_index = row->kind == RELKIND_INDEX || row->kind == RELKIND_PARTITIONED_INDEX;
	return psprintf("a lock on %s \"%s\"", is_index ? "index" : "table", NameOf(*row).Shown());
}

// The transactions in the way, one a line; null if there is none any more.
const char *InTheWay(const LockWait &wait)
{
	const Blockers holders = HoldersOf(wait.relation, wait.mode);
	return holders.count > 0 ? BlockersText(holders) : nullptr;
}

} // namespace

void TellLockWait(const LockWait &wait)
{
	const char *in_the_way = InTheWay(wait);
	ereport(
		NOTICE,
		(errmsg("could not get %s within %d ms: trying again later", WantedLock(wait),
				wait.timeout),
		 in_the_way != nullptr ? errdetail_internal("%s", in_the_way) : 0,
		 errhint("Other sessions can use the table in the meantime. There are up to %s attempts.",
				 GetConfigOptionByName("pg_safe_index.lock_attempts", nullptr, false))));
}

void LogLockWait(const LockWait &wait)
{
	ereport(LOG, (errmsg("pg_safe_index got its locks at attempt %d, %d ms after the first attempt",
						 wait.attempts, static_cast<int>(wait.since_first)),
				  errdetail("The command was: %s", wait.command)));
}

void RaiseLockNotAvailable(const LockWait &wait)
{
	const char *in_the_way = InTheWay(wait);
	ereport(
		ERROR,
		(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
		 errmsg_plural("could not get %s within %d ms in %d attempt",
					   "could not get %s within %d ms in %d attempts", wait.attempts,
					   WantedLock(wait), wait.timeout, wait.attempts),
		 in_the_way != nullptr ? errdetail_internal("%s", in_the_way) : 0,
		 errhint(
			 "The same command can be sent again. It goes on with what has been done already.")));
	pg_unreachable();
}

void TellSameRewrite(int pid, const RelationName &table)
{
	ereport(NOTICE,
			(errmsg("waiting until another session has built the same index on table \"%s\"",
					table.Shown()),
			 pid != 0 ? errdetail("Process %d is executing the same command.", pid) : 0));
}

void RaiseSameRewrite(int pid, const RelationName &table)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_IN_USE),
		 errmsg("another session is building the same index on table \"%s\"", table.Shown()),
		 pid != 0 ? errdetail("Process %d is executing the same command.", pid) : 0,
		 errhint(
			 "Wait until it has ended. To build a second index like it, give that one a name.")));
	pg_unreachable();
}

} // namespace psi
