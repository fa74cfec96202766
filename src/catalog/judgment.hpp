// judgment: the operations of one statement with their targets and verdicts. The guard makes them;
// plan, message, stats and execute read them.
//
// Plain data: reads no catalogs, takes no locks, raises nothing but out of memory.
#pragma once

#include "catalog/target.hpp"
#include "pg/array.hpp"

namespace psi
{

// One operation of a statement, what it leads to, and the verdict.
struct Judgment
{
	Request request{};
	Target target;
	Verdict verdict{};
};

// The judgments of one statement, in the order of its operations.
struct Judgments
{
	Array<Judgment> items;
	int count = 0;      // of all judgments
	int violations = 0; // of those that are violations

	// Adds a judgment and counts it. Allocates.
	void Add(const Judgment &judgment)
	{
		items.Add(judgment);
		++count;
		if (judgment.verdict.IsViolation())
			++violations;
	}
	const Judgment *begin() const
	{
		return items.begin();
	}
	const Judgment *end() const
	{
		return items.end();
	}
	// There must be a violation.
	const Judgment &FirstViolation() const
	{
		const Judgment *judgment = items.begin();
		while (!judgment->verdict.IsViolation())
			++judgment;
		return *judgment;
	}
};

} // namespace psi
