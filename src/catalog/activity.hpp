// activity: what the other backends are doing, as far as it concerns an index.
//
// Reads shared memory: the lock table, the backends' status entries (pg_locks, pg_stat_activity,
// pg_stat_progress_create_index). Waits for no heavyweight lock. Raises nothing but out of memory.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

enum class Doing
{
	nothing,
	building, // CREATE INDEX CONCURRENTLY, or REINDEX CONCURRENTLY for what it leaves
	changing, // holds the index itself: REINDEX CONCURRENTLY or DROP INDEX CONCURRENTLY
	unknown,  // holds the table as a build would, and does not tell what for
};

struct Worker
{
	Doing doing;
	int pid; // 0: nobody
};

// Is another backend at work on this index? A concurrent build holds SHARE UPDATE EXCLUSIVE on the
// table from its first commit to its end (DefineIndex()); the others hold it on the index, too.
Worker AtWorkOn(Oid index, Oid table);

// A transaction that a concurrent build will have to wait for.
struct Blocker
{
	int pid;         // 0: a prepared transaction
	const char *gid; // ... and its identifier
	const char *role;
	const char *application; // null for a prepared transaction
	std::int64_t age;        // ms since it began, or was prepared
	bool idle;               // in transaction, waits for its client
	const char *query;       // its last; null if this role may not see it
};

constexpr int blockers_max = 5;

struct Blockers
{
	Blocker items[blockers_max]; // the oldest, the oldest first
	int count;
	int total; // that were found
};

// The transactions begun more than `older_than` ms ago that a concurrent build on the table has to
// wait for: those that hold a lock on it that conflicts with one of the `lock_modes` (a mask), and
// those in this database with a snapshot (WaitForLockers(), WaitForOlderSnapshots()). Without a
// table, only the latter. Allocates.
Blockers OldTransactions(Oid table, LOCKMASK lock_modes, std::int64_t older_than);

} // namespace psi
