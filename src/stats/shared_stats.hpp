// stats_parts: the layout of the shared memory; for the files of the room stats only.
#pragma once

#include <cstdint>

#include "stats/stats.hpp"

namespace psi
{

// More databases than these are counted together.
constexpr int databases_max = 128;
constexpr int client_size = 64;

struct DatabaseCounters
{
	pg_atomic_uint32 database; // OID; InvalidOid: free, or the last place, for all others
	pg_atomic_uint64 actions[operation_count][action_count];
	pg_atomic_uint64 failed_builds[operation_count];
};

// One row of the ring.
struct Violation
{
	TimestampTz at;
	std::int64_t size; // bytes; -1: not known
	Oid database;
	Oid role;
	int pid;
	std::int16_t operation;
	std::int16_t mode;
	std::int16_t action;
	std::int16_t encoding; // of the names and the text: that of the database
	char application[NAMEDATALEN];
	char client[client_size];
	char schema[NAMEDATALEN];
	char table[NAMEDATALEN];
	char index[NAMEDATALEN];
	char text[FLEXIBLE_ARRAY_MEMBER]; // Shared::text_size
};

struct Shared
{
	LWLock *lock; // for all but the atomic counters
	int max_violations;
	int text_size;
	Size row_size;
	std::uint64_t recorded;  // since the reset; the next row's number
	std::uint64_t kept_from; // rows before this one were lost with a restart
	TimestampTz reset_at;
	DatabaseCounters databases[databases_max + 1];
	// the rows follow
};

inline Size RowSize()
{
	return MAXALIGN(offsetof(Violation, text) + pgstat_track_activity_query_size);
}

// So many of the latest violations are in the ring. The caller holds the lock.
inline std::uint32_t RowsKept(const Shared &stats)
{
	const std::uint64_t since = stats.recorded - stats.kept_from;
	const auto most = static_cast<std::uint64_t>(stats.max_violations);
	return static_cast<std::uint32_t>(since < most ? since : most);
}

// Null without shared memory.
Shared *SharedStats();
// Raises an error without shared memory.
void RequireSharedStats();
// The row with that number, whatever lies there.
Violation *ViolationAt(Shared &stats, std::uint64_t number);
// Sets everything to zero, with the lock held by the caller.
void ResetStats(Shared &stats);
// The same for memory that is new, before anybody else is there.
void ForgetStats(Shared &stats);

// Reads what a clean shutdown has written, and sees to it that the next one writes again.
void KeepStatsInFile(Shared &stats);

} // namespace psi
