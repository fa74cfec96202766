// The ring of the record, and readers in it that take no lock: what they see while writers go on.
#include "stats/stats_ring.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace
{

using psi::Ring;

TEST(Ring, KeepsTheLatest)
{
	EXPECT_EQ((Ring{0, 0, 3}.Oldest()), 0u);
	EXPECT_EQ((Ring{0, 0, 3}.Kept()), 0u);
	EXPECT_EQ((Ring{2, 0, 3}.Oldest()), 0u);
	EXPECT_EQ((Ring{3, 0, 3}.Oldest()), 0u);
	EXPECT_EQ((Ring{4, 0, 3}.Oldest()), 1u);
	EXPECT_EQ((Ring{4, 0, 3}.Kept()), 3u);
	EXPECT_EQ((Ring{1000000007, 0, 3}.Oldest()), 1000000004u);
}

TEST(Ring, ForgetsWhatIsBeforeTheFirst)
{
	EXPECT_EQ((Ring{10, 10, 3}.Kept()), 0u);
	EXPECT_EQ((Ring{10, 10, 3}.Oldest()), 10u);
	EXPECT_EQ((Ring{12, 10, 3}.Oldest()), 10u);
	EXPECT_EQ((Ring{12, 10, 3}.Kept()), 2u);
	EXPECT_EQ((Ring{20, 10, 3}.Oldest()), 17u);
}

TEST(Ring, WithoutPlaces)
{
	EXPECT_EQ((Ring{10, 0, 0}.Kept()), 0u);
	EXPECT_EQ((Ring{10, 0, 0}.Oldest()), 10u);
}

TEST(Version, OfEachRow)
{
	for (const std::uint64_t row :
		 {0ull, 1ull, 0x7FFFFFFEull, 0x7FFFFFFFull, 0x80000000ull, 0xFFFFFFFFull, 1ull << 47})
	{
		EXPECT_NE(psi::VersionOf(row), psi::version_of_none);
		EXPECT_NE(psi::VersionOf(row), psi::VersionOf(row + 1));
		EXPECT_NE(psi::VersionOf(row), psi::VersionOf(row + 1000000));
	}
}

// A place whose contents are two words, written and read word by word.
struct Place
{
	std::uint32_t version = psi::version_of_none;
	std::uint64_t words[2] = {};
};

// The steps in which a row is written, as WriteRow() has them.
class Writer
{
  public:
	// Goes one step. True when the row is there.
	bool Step(Ring &ring, std::vector<Place> &places)
	{
		Place &place = places[ring.PlaceOf(ring.next)];
		switch (step++)
		{
		case 0:
			place.version = psi::version_of_none;
			return false;
		case 1:
		case 2:
			place.words[step - 2] = ring.next;
			return false;
		case 3:
			place.version = psi::VersionOf(ring.next);
			return false;
		default:
			++ring.next;
			step = 0;
			return true;
		}
	}

  private:
	int step = 0;
};

// Readers between any two steps of a writer, and the other way round, beside resets: rows that were
// there when the reader began, in order, none twice, none torn; all of those that nobody has begun
// to overwrite.
TEST(Ring, AnyOrderOfSteps)
{
	std::mt19937 random(1);
	const auto below = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
	int seen = 0;
	int left_out = 0;
	for (int round = 0; round < 20000; ++round)
	{
		const std::uint64_t places_count = 1 + below(8);
		Ring ring{below(3) == 0 ? (1ull << 31) - 5 : 0, 0, places_count};
		ring.first = ring.next;
		std::vector<Place> places(places_count);
		Writer writer;
		for (unsigned steps = below(100); steps > 0; --steps)
			writer.Step(ring, places);
		const unsigned haste = 1 + below(10);
		const auto others = [&]
		{
			for (unsigned steps = below(haste); steps > 0; --steps)
				writer.Step(ring, places);
			if (below(50) == 0)
				ring.first = ring.next;
		};

		const Ring begun = ring;
		for (std::uint64_t row = begun.Oldest(); row < begun.next; ++row)
		{
			const Place &place = places[begun.PlaceOf(row)];
			others();
			bool good = place.version == psi::VersionOf(row);
			others();
			const std::uint64_t first_word = place.words[0];
			others();
			const std::uint64_t second_word = place.words[1];
			others();
			good = good && place.version == psi::VersionOf(row);
			if (good)
			{
				++seen;
				ASSERT_EQ(first_word, row);
				ASSERT_EQ(second_word, row);
			}
			else
			{
				++left_out;
				ASSERT_GE(ring.next, row + places_count) << "nobody was about to overwrite it";
			}
		}
	}
	EXPECT_GT(seen, 1000);
	EXPECT_GT(left_out, 1000);
}

} // namespace
