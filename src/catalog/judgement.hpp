// finding: one operation of a statement with what was looked up and decided about it. What guard
// hands to remedy and report.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

struct Finding
{
	Request request;
	Target target;
	Verdict verdict;
};

// The findings of one statement, one of which at least is a violation.
struct Findings
{
	const Finding *items;
	int count;
	int violations;

	const Finding *begin() const
	{
		return items;
	}
	const Finding *end() const
	{
		return items + count;
	}
	const Finding &FirstViolation() const
	{
		const Finding *finding = items;
		while (!finding->verdict.IsViolation())
			++finding;
		return *finding;
	}
};

} // namespace psi
