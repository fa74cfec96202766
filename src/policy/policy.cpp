// policy: the table of verdicts. The first question that is answered decides.
#include "policy/policy.hpp"

namespace psi
{

namespace
{

constexpr Verdict Pass(Reason reason)
{
	return Verdict{reason, Lock::none};
}

constexpr Lock LockOf(Operation operation)
{
	switch (operation)
	{
	case Operation::create_index:
		return Lock::share;
	case Operation::reindex:
		return Lock::share_and_index;
	case Operation::move_index:
		return Lock::access_exclusive_on_index;
	case Operation::drop_index:
	case Operation::add_constraint:
	case Operation::attach_partition:
		break;
	}
	return Lock::access_exclusive;
}

} // namespace

bool IsAsked(const Settings &settings)
{
	return settings.ModeInForce() != Mode::off && !settings.exempt;
}

bool IsOverridden(const Settings &settings)
{
	return settings.ModeInForce() == Mode::off && settings.mode_is_override && !settings.exempt;
}

Action ActionOn(const Settings &settings)
{
	if (settings.ModeInForce() == Mode::off)
		return Action::overridden;
	return settings.ModeInForce() == Mode::warn ? Action::warned : Action::refused;
}

Verdict Judge(Operation operation, bool concurrently, const TableFacts &facts,
			  const Settings &settings)
{
	if ((!IsAsked(settings) && !IsOverridden(settings)) || !settings.Checks(operation))
		return Pass(Reason::not_asked);
	// It does not matter how large the table is, who sees it, or whether the command says
	// CONCURRENTLY: the index would be missing.
	if (facts.resolves && facts.permitted && facts.skips_invalid)
		return Verdict{Reason::skips_invalid, Lock::none};
	if (concurrently)
		return Pass(Reason::concurrent);
	if (!facts.resolves)
		return Pass(Reason::missing);
	if (!facts.permitted)
		return Pass(Reason::not_owner);
	if (facts.catalog)
		return Pass(Reason::catalog);
	if (facts.temporary)
		return Pass(Reason::temporary);
	// A new partitioned table may have an old partition, which other sessions can see.
	if (facts.created && facts.standing == 0)
		return Pass(Reason::created);

	// A partitioned index has no storage: its leaves are built, and their tables blocked meanwhile.
	const bool nothing_to_build =
		facts.idle || (ReachesSeveral(facts.kind) && (facts.only || facts.standing == 0));
	// To drop a partitioned index locks the whole tree. Without leaves nobody reads or writes it.
	const bool nobody_there =
		ReachesSeveral(facts.kind) && facts.standing == 0 && facts.foreign == 0;
	if (operation == Operation::drop_index ? nobody_there : nothing_to_build)
		return Pass(Reason::no_build);

	// Where another session's lock kept us from reading the size, the table does not count as
	// small.
	if (facts.size.has_value() && *facts.size < settings.min_table_size)
		return Pass(Reason::small);

	return Verdict{Reason::violation, LockOf(operation)};
}

} // namespace psi
