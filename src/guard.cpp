// guard: the walk of a statement through the rooms, one way.
#include "guard.h"

#include "execute/concurrent_build.hpp"
#include "catalog/find_target.hpp"
#include "catalog/index_analysis.hpp"
#include "catalog/judgment.hpp"
#include "execute/recheck.hpp"
#include "catalog/index_creation.hpp"
#include "policy/policy.hpp"
#include "message/violation_message.hpp"
#include "execute/rewrite.hpp"
#include "statement/settings.hpp"
#include "statement/request.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// What is there for each request, and is it allowed?
Judgments JudgeAll(const Requests &requests, const Settings &settings, bool in_block)
{
	Judgments judgments;
	judgments.items.Reserve(requests.Count());
	SeenTables *seen = requests.Count() > 1 ? MakeSeenTables() : nullptr;
	for (const Request &request : requests)
	{
		CHECK_FOR_INTERRUPTS();
		// What is not checked needs no look, nor what PostgreSQL refuses.
		const bool look = settings.Checks(request.operation) && !(request.concurrently && in_block);
		const bool sized = !request.concurrently;
		const Target target =
			look ? Look(request, {sized ? settings.min_table_size : 0, sized, in_block, seen})
				 : Target{};
		const Verdict verdict =
			Judge(request.operation, request.concurrently, target.facts, settings);
		judgments.Add({request, target, verdict});
		if (!verdict.IsViolation() && verdict.reason != Reason::not_asked)
			CountChecked(request.operation, Action::passed);
		if (target.ends_command)
			break;
	}
	return judgments;
}

// What is to be done with the statement once it has been looked at.
struct Outcome
{
	bool done;                                   // its safe form has been run
	std::optional<ConcurrentCommand> concurrent; // one that PostgreSQL will run
	std::optional<Request> unbuilt;              // it passes since it builds nothing
};

// What becomes of the statement: it is refused here, or run in its safe form, or goes on.
Outcome Decide(const psi_call &call, const Settings &settings, const BuildOptions &options)
{
	const Requests requests = AskedFor(call.statement->utilityStmt);
	if (requests.IsEmpty())
		return {false, std::nullopt, std::nullopt};
	const bool in_block = InTransactionBlock(call.context);
	const Judgments judgments = JudgeAll(requests, settings, in_block);
	if (judgments.violations > 0)
	{
		const Judgment &first = judgments.FirstViolation();
		if (first.request.create != nullptr)
			RaiseAnalysisErrors(*first.request.create, first.target.table_id, call.query);
		const StatementText text = TextOf(*call.statement, call.query);
		if (settings.ModeInForce() == Mode::rewrite && !in_block && PortalContext != nullptr)
		{
			Runner runner{&call, CurrentMemoryContext, &settings, options};
			// As the plain command would have left nothing.
			runner.options.drop_failed = true;
			if (Rewrite(runner, judgments, text, call.query))
				return {true, std::nullopt, std::nullopt};
		}
		Report(judgments, text, call.query, settings, in_block);
	}
	if (requests.Count() > 1 || !requests.First().concurrently || in_block)
		return {false, std::nullopt,
				judgments.violations == 0 ? FindUnbuilt(judgments) : std::nullopt};
	return {false, DescribeConcurrent(requests.First(), judgments.items[0].target), std::nullopt};
}

} // namespace

} // namespace psi

namespace psi
{

namespace
{

void Execute(const psi_call *call, const psi_settings *settings)
{
	const Settings in_force = SettingsInForce(*settings);
	const bool asked = IsAsked(in_force);
	if (!asked && !settings->drop_failed_builds && !settings->suspend_timeouts)
	{
		call->go_on(call);
		return;
	}

	// A loop in a function can come here many times in one memory context. After an error the
	// context goes with its parent. What rewrite runs commits on its way, and needs it after that.
	const bool may_rewrite = in_force.ModeInForce() == Mode::rewrite &&
							 call->context == PROCESS_UTILITY_TOPLEVEL && PortalContext != nullptr;
	const MemoryContext scratch = AllocSetContextCreate(
		may_rewrite ? PortalContext : CurrentMemoryContext, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	const BuildOptions options{asked, asked, settings->drop_failed_builds,
							   settings->suspend_timeouts, settings->report_blockers_after};
	const MemoryContext caller = MemoryContextSwitchTo(scratch);
	const Outcome outcome = Decide(*call, in_force, options);
	if (outcome.done)
	{
		if (ActiveSnapshotSet())
			PopActiveSnapshot();
		// The caller's may have gone with the transaction.
		MemoryContextSwitchTo(PortalContext);
		MemoryContextDelete(scratch);
		return;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);

	if (outcome.unbuilt.has_value())
	{
		RunUnbuilt(*call, *outcome.unbuilt, in_force);
		return;
	}
	if (!outcome.concurrent.has_value())
	{
		call->go_on(call);
		return;
	}
	BuildOptions checked = options;
	checked.tell = checked.tell_before = asked && in_force.Checks(outcome.concurrent->operation);
	RunConcurrently(*call, *outcome.concurrent, checked, in_force);
}

} // namespace

} // namespace psi

extern "C" void psi_execute(const psi_call *call, const psi_settings *settings)
{
	using namespace psi;

	if (!IsListened())
	{
		Execute(call, settings);
		return;
	}
	// Executed by another command, in an event trigger say: what it creates is none of that one's
	// indexes.
	const IndexListener outer = ListenToIndexes({nullptr, nullptr});
	PG_TRY();
	{
		Execute(call, settings);
	}
	PG_FINALLY();
	{
		ListenToIndexes(outer);
	}
	PG_END_TRY();
}
