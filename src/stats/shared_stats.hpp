// shared_stats: the layout of the shared memory. For this folder only.
#pragma once

#include <cstdint>

#include "stats/stats.hpp"
#include "stats/stats_ring.hpp"

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

// A place of the ring. Readers take no lock, since a reader that is not given the processor while
// it holds one would keep refusals waiting. They look at the version before and after they copy a
// row, as those of pg_stat_activity do (PgBackendStatus): if it is not that of the row, the row has
// been overwritten.
struct Place
{
	volatile std::uint32_t version; // stats_ring.hpp
	Violation row;
};

struct Shared
{
	LWLock *lock;   // for all but the atomic counters; for the rows, only to write them
	Size text_size; // room for the text of a row, with its NUL
	Size place_size;
	Ring ring;
	std::uint64_t reset_row; // the number of the first row after the reset
	TimestampTz reset_at;
	DatabaseCounters databases[databases_max + 1];
	// the rows follow
};

inline Size PlaceSize(Size text_size)
{
	return MAXALIGN(offsetof(Place, row) + offsetof(Violation, text) + text_size);
}

inline Place &PlaceAt(Shared &stats, std::uint64_t number)
{
	char *places = reinterpret_cast<char *>(&stats) + MAXALIGN(sizeof(Shared));
	return *reinterpret_cast<Place *>(places + stats.place_size * stats.ring.PlaceOf(number));
}

// The bytes of a row that are in use. One that is just being written may have no end, and is taken
// to reach to that of its place.
inline Size UsedSize(const Shared &stats, const Violation &row)
{
	return offsetof(Violation, text) + strnlen(row.text, stats.text_size - 1) + 1;
}

// Writes a row, of which so many bytes are in use. The caller holds the lock exclusively, or is
// alone, and makes the number that of the last row afterwards.
inline void WriteRow(Shared &stats, std::uint64_t number, const Violation &row, Size used)
{
	Place &place = PlaceAt(stats, number);
	place.version = version_of_none;
	pg_write_barrier();
	memcpy(&place.row, &row, used);
	pg_write_barrier();
	place.version = VersionOf(number);
}

// Copies a row to where there is room for the greatest. False if it has been overwritten, and then
// anything may have been copied. Takes no lock.
inline bool CopyRow(Shared &stats, std::uint64_t number, Violation &to)
{
	const Place &place = PlaceAt(stats, number);
	if (place.version != VersionOf(number))
		return false;
	pg_read_barrier();
	memcpy(&to, &place.row, UsedSize(stats, place.row));
	pg_read_barrier();
	return place.version == VersionOf(number);
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
