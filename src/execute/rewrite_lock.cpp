// rewrite_lock: the lock method is that of advisory locks, whose session locks survive an abort
// (ProcReleaseLocks()): a rewrite aborts transactions and goes on.
#include "execute/rewrite_lock.hpp"

#include "execute/transaction.hpp"

namespace psi
{

LOCKTAG RewriteLock(Oid table, const char *definition)
{
	LOCKTAG tag;
	tag.locktag_field1 = MyDatabaseId;
	tag.locktag_field2 = table;
	tag.locktag_field3 = string_hash(definition, strlen(definition) + 1);
	tag.locktag_field4 = 0;
	tag.locktag_type = LOCKTAG_USERLOCK;
	tag.locktag_lockmethodid = USER_LOCKMETHOD;
	return tag;
}

bool TryToLock(const LOCKTAG &tag)
{
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void Unlock(const LOCKTAG &tag)
{
	LockRelease(&tag, ExclusiveLock, true);
}

void WaitUntilFree(const LOCKTAG &tag, MemoryContext context)
{
	CommitAndBeginWithoutSnapshot(context);
	// Until the end of the transaction.
	LockAcquire(&tag, ExclusiveLock, false, false);
	CommitAndBegin(context);
}

int HolderOf(const LOCKTAG &tag)
{
	const LockData *locks = GetLockStatusData();
	for (int i = 0; i < locks->nelements; ++i)
	{
		const LockInstanceData &lock = locks->locks[i];
		if (memcmp(&lock.locktag, &tag, sizeof(tag)) == 0 && lock.holdMask != 0)
			return lock.pid;
	}
	return 0;
}

} // namespace psi
