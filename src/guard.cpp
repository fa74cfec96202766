// guard: the walk of a statement through the rooms, one way.
#include "guard.h"

#include "finding.hpp"
#include "policy.hpp"
#include "report.hpp"
#include "session.hpp"
#include "statement.hpp"
#include "target.hpp"

namespace psi
{

namespace
{

// What is there for each request, and is it allowed?
Findings JudgeAll(const Requests &requests, const Settings &settings, bool in_block)
{
	auto *items = static_cast<Finding *>(palloc(sizeof(Finding) * requests.count));
	Findings findings{items, 0, 0};
	for (const Request &request : requests)
	{
		// What is not checked needs no look.
		const bool look = !request.concurrently && settings.Checks(request.operation);
		const Target target = look ? Look(request, {settings.min_table_size, in_block}) : Target{};
		const Verdict verdict =
			Judge(request.operation, request.concurrently, target.facts, settings);
		items[findings.count++] = {request, target, verdict};
		if (verdict.IsViolation())
			++findings.violations;
		if (target.ends_command)
			break;
	}
	return findings;
}

void Guard(const PlannedStmt &statement, const char *query, int context, const Settings &settings)
{
	const Requests requests = AskedFor(statement.utilityStmt);
	if (requests.count == 0)
		return;
	const bool in_block = InTransactionBlock(context);
	const Findings findings = JudgeAll(requests, settings, in_block);
	if (findings.violations == 0)
		return;

	const Finding &first = findings.FirstViolation();
	if (first.request.create != nullptr)
		RaiseAnalysisErrors(*first.request.create, first.target, query);
	Report(findings, TextOf(statement, query), query, settings, in_block);
}

} // namespace

} // namespace psi

extern "C" void psi_guard(const PlannedStmt *statement, const char *query, int context,
						  const psi_settings *settings)
{
	using namespace psi;

	const Settings in_force = SettingsInForce(*settings);
	if (!IsAsked(in_force))
		return;

	// A loop in a function can come here many times in one memory context. After an error the
	// context goes with its parent.
	const MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	const MemoryContext caller = MemoryContextSwitchTo(scratch);
	Guard(*statement, query, context, in_force);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}
