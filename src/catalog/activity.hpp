// activity: what other backends are doing with an index, and which transactions a build waits for.
//
// Reads shared memory: the lock table and the backends' status entries (pg_locks, pg_stat_activity,
// pg_stat_progress_create_index). Waits for no heavyweight lock. Raises nothing but out of memory.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"

namespace psi
{

enum class Doing
{
	nothing,
	building, // CREATE INDEX CONCURRENTLY, or REINDEX CONCURRENTLY for the index that it creates
	changing, // holds the index itself: REINDEX CONCURRENTLY or DROP INDEX CONCURRENTLY
	unknown,  // holds the lock on the table that a build holds, and does not report its progress
};

// What another backend is doing with an index.
struct Worker
{
	Doing doing = Doing::nothing;
	int pid = 0; // 0: there is no such backend
};

// Returns the backend that is working on this index. A concurrent build holds SHARE UPDATE
// EXCLUSIVE on the table from its first commit to its end (DefineIndex()). REINDEX CONCURRENTLY and
// DROP INDEX CONCURRENTLY hold it on the index as well. Allocates.
Worker AtWorkOn(Oid index, Oid table);

// Tells transactions apart.
struct TransactionMark
{
	int pid = 0;                                   // 0: a prepared transaction
	TransactionId prepared = InvalidTransactionId; // of a prepared transaction
	TimestampTz begun = 0;                         // otherwise
};

// A transaction that a concurrent build has to wait for.
struct Blocker
{
	TransactionMark mark;
	int pid = 0;               // 0: a prepared transaction
	const char *gid = nullptr; // identifier of a prepared transaction
	const char *role = nullptr;
	const char *application = nullptr; // null for a prepared transaction
	std::int64_t age = 0;              // ms since it began or was prepared
	bool idle = false;                 // in a transaction, waiting for its client
	const char *query = nullptr;       // its last query; null if the current role may not see it
};

constexpr int blockers_max = 5;

struct Blockers
{
	Blocker items[blockers_max]; // the oldest transactions, in descending order of age
	int count = 0;
	int total = 0; // number of transactions found
};

// Returns the transactions older than `older_than` ms that a concurrent build on the table has to
// wait for: those that hold a lock on the table in one of the `lock_modes` (a mask), which conflict
// with the build, and those in this database that have a snapshot (WaitForLockers(),
// WaitForOlderSnapshots()). Only the latter if `table` is InvalidOid. Those in `known` are left
// out. Allocates.
Blockers OldTransactions(Oid table, LOCKMASK lock_modes, std::int64_t older_than,
						 const Array<TransactionMark> &known);

// Returns the transactions of other sessions that hold a lock on the relation which conflicts with
// `mode`. Allocates.
Blockers HoldersOf(Oid relation, LOCKMODE mode);

} // namespace psi
