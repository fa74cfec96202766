// guard: the walk of a statement through the rooms, one way.
#include "guard.h"

#include "activity.hpp"
#include "build.hpp"
#include "finding.hpp"
#include "invalid_index.hpp"
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
		// What is not checked needs no look, nor what PostgreSQL refuses.
		const bool look = settings.Checks(request.operation) && !(request.concurrently && in_block);
		const bool sized = !request.concurrently;
		const Target target =
			look ? Look(request, {sized ? settings.min_table_size : 0, sized, in_block}) : Target{};
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

void ReportViolation(const Findings &findings, const psi_call &call, const Settings &settings,
					 bool in_block)
{
	const Finding &first = findings.FirstViolation();
	if (first.request.create != nullptr)
		RaiseAnalysisErrors(*first.request.create, first.target, call.query);
	Report(findings, TextOf(*call.statement, call.query), call.query, settings, in_block);
}

ConcurrentCommand Describe(const Finding &finding)
{
	const Request &request = finding.request;
	const Target &target = finding.target;
	const TableFacts &facts = target.facts;
	ConcurrentCommand command{};
	command.operation = request.operation;
	command.table = target.table_id;
	command.schema = target.schema;
	if (request.create != nullptr)
	{
		command.name = request.create->idxname;
		// Once is enough.
		command.if_not_exists = request.create->if_not_exists && !facts.skips_invalid;
	}
	const bool possible = facts.resolves && facts.permitted && !facts.catalog && !facts.temporary;
	if (request.operation == Operation::drop_index)
		command.dropped = possible ? target.index_id : InvalidOid;
	else
		command.builds =
			possible && !target.exists &&
			(request.create == nullptr || facts.kind != TableKind::partitioned_table) &&
			(!ReachesSeveral(facts.kind) || facts.standing > 0);
	return command;
}

// The walk. What comes out of it is a concurrent command, if it is one that PostgreSQL will run.
std::optional<ConcurrentCommand> Walk(const psi_call &call, const Settings &settings)
{
	const Requests requests = AskedFor(call.statement->utilityStmt);
	if (requests.count == 0)
		return std::nullopt;
	const bool in_block = InTransactionBlock(call.context);
	const Findings findings = JudgeAll(requests, settings, in_block);
	if (findings.violations > 0)
		ReportViolation(findings, call, settings, in_block);
	if (requests.count > 1 || !requests.items[0].concurrently || in_block)
		return std::nullopt;
	return Describe(findings.items[0]);
}

} // namespace

} // namespace psi

extern "C" void psi_execute(const psi_call *call, const psi_settings *settings)
{
	using namespace psi;

	const Settings in_force = SettingsInForce(*settings);
	const bool asked = IsAsked(in_force);
	if (!asked && !settings->drop_failed_builds && !settings->suspend_timeouts)
	{
		call->go_on(call);
		return;
	}

	// A loop in a function can come here many times in one memory context. After an error the
	// context goes with its parent.
	const MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	const MemoryContext caller = MemoryContextSwitchTo(scratch);
	const auto concurrent = Walk(*call, in_force);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);

	if (!concurrent.has_value())
		call->go_on(call);
	else
		RunConcurrently(*call, *concurrent,
						{asked && in_force.Checks(concurrent->operation),
						 settings->drop_failed_builds, settings->suspend_timeouts,
						 settings->report_blockers_after},
						in_force);
}

extern "C" bool psi_mending(unsigned int index, int *pid, const char **drop, const char **reindex)
{
	using namespace psi;

	const auto invalid = ReadInvalidIndex(index);
	if (!invalid.has_value())
		return false;
	const Worker worker = AtWorkOn(invalid->id, invalid->table_id);
	*pid = worker.doing == Doing::building || worker.doing == Doing::changing ? worker.pid : 0;
	*drop = DropCommand(*invalid, true);
	*reindex = ReindexCommand(*invalid, true);
	return true;
}
