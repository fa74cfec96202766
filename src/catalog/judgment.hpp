// judgment: one operation of a statement with what was looked up and decided about it. What guard
// hands to remedy and report.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

struct Judgment
{
	Request request;
	Target target;
	Verdict verdict;
};

// The judgments of one statement, one of which at least is a violation.
struct Judgments
{
	const Judgment *items;
	int count;
	int violations;

	const Judgment *begin() const
	{
		return items;
	}
	const Judgment *end() const
	{
		return items + count;
	}
	const Judgment &FirstViolation() const
	{
		const Judgment *judgment = items;
		while (!judgment->verdict.IsViolation())
			++judgment;
		return *judgment;
	}
};

} // namespace psi
