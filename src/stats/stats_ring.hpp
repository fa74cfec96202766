// stats_ring: which violations are in the ring, and in which place.
//
// Rows are numbered in the order in which they are recorded; a number is never given twice while
// the server runs, not even after a reset. Pure: the standard library only, so that test/unit can
// let writers and readers take turns.
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
	// The place of a row that is in the ring. `places` is not 0.
	constexpr std::uint64_t PlaceOf(std::uint64_t row) const
	{
		return row % places;
	}
};

// What a place says of itself: which row is in it, or that there is none, as long as one is being
// written. Comes again after 2^31 rows, which no reader sees pass.
constexpr std::uint32_t VersionOf(std::uint64_t row)
{
	return static_cast<std::uint32_t>(2 * row + 1);
}
constexpr std::uint32_t version_of_none = 0;

} // namespace psi
