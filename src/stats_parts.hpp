// stats_parts: the layout of the shared memory; for the files of the room stats only.
#pragma once

#include <cstdint>

#include "stats.hpp"
#include "stats_ring.hpp"

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

// One row of the ring. Its names and its text are valid in its encoding, and end with a NUL.
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
	LWLock *lock;   // for all but the atomic counters
	Size text_size; // room for the text of a row, with its NUL
	Size row_size;
	Ring ring;
	std::uint64_t reset_row; // the number of the first row after the reset
	TimestampTz reset_at;
	DatabaseCounters databases[databases_max + 1];
	// the rows follow
};

inline Size RowSize()
{
	return MAXALIGN(offsetof(Violation, text) + pgstat_track_activity_query_size);
}

// The row with that number, whatever lies there.
inline Violation *ViolationAt(Shared &stats, std::uint64_t number)
{
	char *rows = reinterpret_cast<char *>(&stats) + MAXALIGN(sizeof(Shared));
	return reinterpret_cast<Violation *>(rows + stats.row_size * (number % stats.ring.places));
}

// The bytes of a row that are in use. A row without an end would be read to the end of its place.
inline Size UsedSize(const Shared &stats, const Violation &row)
{
	return offsetof(Violation, text) + strnlen(row.text, stats.text_size - 1) + 1;
}

// Null without shared memory.
Shared *SharedStats();
// Raises an error without shared memory.
void RequireSharedStats();
// Sets everything to zero, with the lock held by the caller.
void ResetStats(Shared &stats);
// The same for memory that is new, before anybody else is there.
void ForgetStats(Shared &stats);

// Reads what a clean shutdown has written, and sees to it that the next one writes again.
void KeepStatsInFile(Shared &stats);

} // namespace psi
