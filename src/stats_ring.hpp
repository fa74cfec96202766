// stats_ring: which violations are in the ring, and which of them a reader has not seen yet.
//
// Rows are numbered in the order in which they are recorded; a row lies in the place (number %
// places). A number is never given twice while the server runs, so a reader that has released the
// lock can tell what happened meanwhile from the numbers alone. Pure: the standard library only,
// so that test/unit can let writers and readers take turns.
#pragma once

#include <cstdint>

namespace psi
{

struct Ring
{
	std::uint64_t next;   // the number of the next row
	std::uint64_t first;  // rows before this one were forgotten, by a reset or with a restart
	std::uint64_t places; // so many rows are kept

	// The oldest row that is still there; `next` if there is none.
	constexpr std::uint64_t Oldest() const
	{
		return next - first <= places ? first : next - places;
	}
	constexpr std::uint64_t Kept() const
	{
		return next - Oldest();
	}
};

// A reader on its way through the ring. It sees the rows that were there when it began, the oldest
// first and none twice; those that are overwritten or forgotten before it comes to them are left
// out. The caller holds the lock for each call, and may release it between two calls.
struct RingScan
{
	std::uint64_t at;  // the row to be read next
	std::uint64_t end; // the first row that was recorded after the scan began

	explicit constexpr RingScan(const Ring &ring) : at(ring.Oldest()), end(ring.next)
	{
	}

	// Moves on to the next row that is there. False if none is left.
	constexpr bool Find(const Ring &ring)
	{
		if (at < ring.Oldest())
			at = ring.Oldest();
		return at < end;
	}
};

} // namespace psi
