// policy: the table of verdicts. The order of the questions is the order of precedence.
#include "policy.hpp"

namespace psi
{

namespace
{

constexpr Verdict Pass(Reason reason)
{
	return Verdict{reason, Lock::none};
}

} // namespace

bool IsAsked(const Settings &settings)
{
	return settings.ModeInForce() != Mode::off && !settings.exempt;
}

Verdict Judge(Operation operation, bool concurrently, const TableFacts &facts,
			  const Settings &settings)
{
	if (!IsAsked(settings))
		return Pass(Reason::not_asked);
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
	// An old table can have been attached to a new partitioned one.
	if (facts.created && facts.standing_leaves == 0)
		return Pass(Reason::created);

	// An index on a partitioned table has no storage of its own: what is built, and what would be
	// blocked for that time, are its leaves. Dropping one locks the whole tree, leaves or none.
	if (operation == Operation::create_index && facts.kind == TableKind::partitioned_table &&
		(facts.only || facts.standing_leaves == 0))
		return Pass(Reason::no_build);

	// A size that could not be read, because somebody holds the table locked, is not small.
	if (facts.size.has_value() && *facts.size < settings.min_table_size)
		return Pass(Reason::small);

	return Verdict{Reason::violation,
				   operation == Operation::create_index ? Lock::share : Lock::access_exclusive};
}

} // namespace psi
