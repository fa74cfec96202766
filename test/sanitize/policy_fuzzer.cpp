// Facts and settings from any bytes, numbers at the edges of their types among them: what README
// and policy.hpp say of the verdict holds for every combination, and a change to the safer side
// never lets a violation pass.
#include "policy/policy.hpp"

#include "exact_copy.hpp"

#include <algorithm>
#include <fuzzer/FuzzedDataProvider.h>
#include <limits>

using namespace psi;

namespace
{

constexpr std::int64_t sizes[] = {0,
								  1,
								  2,
								  8192,
								  std::int64_t{1} << 31,
								  std::int64_t{1} << 32,
								  std::numeric_limits<std::int64_t>::max(),
								  std::numeric_limits<std::int64_t>::max() - 1};
constexpr int counts[] = {0, 1, 2, std::numeric_limits<int>::max()};

std::int64_t AnySize(FuzzedDataProvider &bytes)
{
	return bytes.ConsumeBool() ? bytes.PickValueInArray(sizes)
							   : bytes.ConsumeIntegralInRange<std::int64_t>(
									 0, std::numeric_limits<std::int64_t>::max());
}

Mode AnyMode(FuzzedDataProvider &bytes)
{
	return static_cast<Mode>(bytes.ConsumeIntegralInRange<int>(0, static_cast<int>(Mode::rewrite)));
}

Settings AnySettings(FuzzedDataProvider &bytes)
{
	Settings settings{};
	settings.mode = AnyMode(bytes);
	settings.minimum_mode = AnyMode(bytes);
	settings.min_table_size = AnySize(bytes);
	settings.operations = bytes.ConsumeIntegral<unsigned>();
	settings.exempt = bytes.ConsumeIntegralInRange<int>(0, 7) == 0;
	return settings;
}

TableFacts AnyFacts(FuzzedDataProvider &bytes)
{
	TableFacts facts;
	facts.kind = static_cast<TableKind>(
		bytes.ConsumeIntegralInRange<int>(0, static_cast<int>(TableKind::tablespace)));
	// What lets everything pass is rare, or little would be left to look at.
	const unsigned flags = bytes.ConsumeIntegral<unsigned>();
	const auto rare = [&](int bit) { return (flags >> bit & 3u) == 3; };
	facts.resolves = !rare(0);
	facts.permitted = !rare(2);
	facts.catalog = rare(4);
	facts.temporary = rare(6);
	facts.created = rare(8);
	facts.only = rare(10);
	facts.idle = rare(12);
	facts.skips_invalid = rare(14);
	facts.members = bytes.PickValueInArray(counts);
	facts.standing = std::min(facts.members, bytes.PickValueInArray(counts));
	if (bytes.ConsumeBool())
		facts.size = AnySize(bytes);
	return facts;
}

Lock ExpectedLock(Operation operation)
{
	switch (operation)
	{
	case Operation::create_index:
		return Lock::share;
	case Operation::reindex:
		return Lock::share_and_index;
	case Operation::move_index:
		return Lock::access_exclusive_on_index;
	default:
		return Lock::access_exclusive;
	}
}

// The rules, each by itself.
void CheckRules(Operation operation, bool concurrently, const TableFacts &facts,
				const Settings &settings, const Verdict &verdict)
{
	const bool asked =
		!settings.exempt && (settings.mode != Mode::off || settings.minimum_mode != Mode::off);
	const bool checked = (settings.operations & (1u << static_cast<int>(operation))) != 0;
	const bool blocks = verdict.reason == Reason::violation;

	Expect(IsAsked(settings) == asked, "asked unless off or exempt");
	Expect((verdict.reason == Reason::not_asked) == (!asked || !checked),
		   "not asked, and only then");
	Expect(settings.ModeInForce() == std::max(settings.mode, settings.minimum_mode),
		   "the stricter mode");
	Expect((verdict.lock != Lock::none) == blocks,
		   "a lock is named for a violation of the lock only");
	Expect(!blocks || verdict.lock == ExpectedLock(operation), "the lock that is named");

	Expect(!verdict.IsViolation() || (facts.resolves && facts.permitted),
		   "PostgreSQL's own error comes first");
	Expect(!blocks || !concurrently, "a concurrent command does not block");
	Expect(!blocks || !facts.catalog, "there is no concurrent form for a catalog");
	Expect(!blocks || !facts.temporary, "a temporary table is nobody else's");
	Expect(!blocks || !facts.created || facts.standing > 0, "a new table is nobody else's");
	const bool drops = operation == Operation::drop_index;
	Expect(!blocks || drops || !facts.idle, "nothing is built");
	Expect(!blocks || drops || !ReachesSeveral(facts.kind) || (!facts.only && facts.standing > 0),
		   "no leaf is built");
	Expect(!blocks || !facts.size || *facts.size >= settings.min_table_size,
		   "a small table passes");
	Expect((verdict.reason == Reason::skips_invalid) ==
			   (asked && checked && facts.resolves && facts.permitted && facts.skips_invalid),
		   "an invalid index that would be skipped");

	// Nothing else lets it pass.
	if (asked && checked && !concurrently && facts.resolves && facts.permitted && !facts.catalog &&
		!facts.temporary && (!facts.created || facts.standing > 0) &&
		(drops || (!facts.idle && !facts.only && facts.standing > 0)) &&
		(!facts.size || *facts.size >= settings.min_table_size))
		Expect(verdict.IsViolation(), "a violation");
}

// Whatever makes matters worse leaves a violation one.
void CheckWorse(Operation operation, const TableFacts &facts, const Settings &settings,
				FuzzedDataProvider &bytes)
{
	const auto still = [&](const TableFacts &worse, const Settings &stricter, const char *what)
	{ Expect(Judge(operation, false, worse, stricter).IsViolation(), what); };

	TableFacts worse = facts;
	if (facts.size)
		worse.size = std::max(*facts.size, AnySize(bytes));
	still(worse, settings, "a larger table");
	worse.size.reset();
	still(worse, settings, "a size that is not known");
	worse = facts;
	worse.members = std::max(facts.members, bytes.PickValueInArray(counts));
	worse.standing = std::max(facts.standing, worse.members);
	still(worse, settings, "more partitions");
	worse = facts;
	worse.created = worse.temporary = worse.only = worse.idle = false;
	still(worse, settings, "an older table");

	Settings stricter = settings;
	stricter.min_table_size = std::min(settings.min_table_size, AnySize(bytes));
	still(facts, stricter, "a lower limit");
	stricter = settings;
	stricter.operations |= bytes.ConsumeIntegral<unsigned>();
	still(facts, stricter, "more operations");
	stricter = settings;
	stricter.minimum_mode = std::max(settings.minimum_mode, AnyMode(bytes));
	still(facts, stricter, "a higher floor");
	stricter = settings;
	stricter.mode = std::max(settings.mode, AnyMode(bytes));
	still(facts, stricter, "a stricter mode");
	if (settings.minimum_mode != Mode::off)
	{
		stricter = settings;
		stricter.mode = AnyMode(bytes);
		still(facts, stricter, "any mode above a floor");
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	FuzzedDataProvider bytes(data, size);
	const auto operation =
		static_cast<Operation>(bytes.ConsumeIntegralInRange<int>(0, operation_count - 1));
	const bool concurrently = bytes.ConsumeIntegralInRange<int>(0, 3) == 0;
	const TableFacts facts = AnyFacts(bytes);
	const Settings settings = AnySettings(bytes);

	const Verdict verdict = Judge(operation, concurrently, facts, settings);
	CheckRules(operation, concurrently, facts, settings, verdict);
	if (verdict.IsViolation() && !concurrently)
		CheckWorse(operation, facts, settings, bytes);
	return 0;
}
