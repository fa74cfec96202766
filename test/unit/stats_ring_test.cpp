// A reader of the ring, with writers and resets between its steps: what it sees.
#include "stats_ring.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

namespace
{

using psi::Ring;
using psi::RingScan;

// The ring with what lies in its places, kept the plain way.
class Model
{
  public:
	explicit Model(std::uint64_t places, std::uint64_t first = 0)
		: ring{first, first, places}, rows(places)
	{
	}
	void Record()
	{
		if (ring.places > 0)
			rows[ring.next % ring.places] = ring.next;
		++ring.next;
	}
	void Record(int times)
	{
		for (int i = 0; i < times; ++i)
			Record();
	}
	void Reset()
	{
		ring.first = ring.next;
		rows.assign(rows.size(), std::nullopt);
	}
	// What is in the place of the row with this number.
	std::optional<std::uint64_t> At(std::uint64_t number) const
	{
		return rows[number % ring.places];
	}
	std::uint64_t Count() const
	{
		std::uint64_t count = 0;
		for (const auto &row : rows)
			count += row.has_value();
		return count;
	}
	bool Has(std::uint64_t number) const
	{
		return ring.places > 0 && At(number) == number;
	}

	Ring ring;

  private:
	std::vector<std::optional<std::uint64_t>> rows;
};

// Reads at most so many rows, as they lie there.
std::vector<std::uint64_t> Read(RingScan &scan, const Model &model, int most)
{
	std::vector<std::uint64_t> seen;
	for (int i = 0; i < most && scan.Find(model.ring); ++i)
		seen.push_back(model.At(scan.at++).value_or(~0ull));
	return seen;
}

constexpr int all = 1 << 20;

using Rows = std::vector<std::uint64_t>;

TEST(RingScan, OfNothing)
{
	const Model empty(3);
	RingScan scan(empty.ring);
	EXPECT_EQ(Read(scan, empty, all), Rows{});
	Model off(0);
	off.Record(5);
	RingScan none(off.ring);
	EXPECT_FALSE(none.Find(off.ring));
	EXPECT_EQ(off.ring.Kept(), 0u);
}

TEST(RingScan, OldestFirst)
{
	Model model(3);
	model.Record(2);
	RingScan two(model.ring);
	EXPECT_EQ(Read(two, model, all), (Rows{0, 1}));
	model.Record(3);
	RingScan three(model.ring);
	EXPECT_EQ(Read(three, model, all), (Rows{2, 3, 4}));
}

TEST(RingScan, WhatIsRecordedMeanwhileIsLeftOut)
{
	Model model(10);
	model.Record(4);
	RingScan scan(model.ring);
	EXPECT_EQ(Read(scan, model, 2), (Rows{0, 1}));
	model.Record(3);
	EXPECT_EQ(Read(scan, model, all), (Rows{2, 3}));
}

TEST(RingScan, WhatIsOverwrittenMeanwhileIsLeftOut)
{
	Model model(4);
	model.Record(4);
	RingScan scan(model.ring);
	EXPECT_EQ(Read(scan, model, 1), (Rows{0}));
	model.Record(2); // over 0 and 1
	EXPECT_EQ(Read(scan, model, 1), (Rows{2}));
	model.Record(1); // over 2, which it has seen
	EXPECT_EQ(Read(scan, model, all), (Rows{3}));
}

TEST(RingScan, EndsWhenAllIsOverwritten)
{
	Model model(4);
	model.Record(4);
	RingScan scan(model.ring);
	EXPECT_EQ(Read(scan, model, 1), (Rows{0}));
	model.Record(400);
	EXPECT_EQ(Read(scan, model, all), Rows{});
}

TEST(RingScan, EndsWithAReset)
{
	Model model(4);
	model.Record(6);
	RingScan scan(model.ring);
	EXPECT_EQ(Read(scan, model, 1), (Rows{2}));
	model.Reset();
	EXPECT_EQ(model.ring.Kept(), 0u);
	model.Record(2);
	EXPECT_EQ(Read(scan, model, all), Rows{});
	RingScan again(model.ring);
	EXPECT_EQ(Read(again, model, all), (Rows{6, 7}));
}

// Whatever happens between two steps: rows that were there at the beginning, in order, none twice,
// and all of them that were still there when it was their turn.
TEST(RingScan, AnyOrderOfEvents)
{
	std::mt19937 random(1);
	const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
	for (int round = 0; round < 20000; ++round)
	{
		Model model(static_cast<std::uint64_t>(below(12)), static_cast<std::uint64_t>(below(100)));
		model.Record(below(30));
		ASSERT_EQ(model.ring.Kept(), model.Count());
		RingScan scan(model.ring);
		const std::uint64_t end = model.ring.next;
		std::uint64_t next = model.ring.Oldest(); // the next row that it may see
		for (bool more = true; more;)
		{
			const int event = below(20);
			if (event == 0)
				model.Reset();
			else if (event < 10)
				model.Record(below(8));
			const int most = 1 + below(4);
			const Rows seen = Read(scan, model, most);
			for (const std::uint64_t row : seen)
			{
				ASSERT_LT(row, end);
				ASSERT_GE(row, next);
				for (; next < row; ++next)
					ASSERT_FALSE(model.Has(next)) << "left out: " << next;
				++next;
			}
			more = seen.size() == static_cast<std::size_t>(most);
		}
		for (; next < end; ++next)
			ASSERT_FALSE(model.Has(next)) << "left out at the end: " << next;
	}
}

} // namespace
