// guard: the walk of a statement through the layers.
#include "guard.h"

#include "catalog/index_creation.hpp"
#include "catalog/judgment.hpp"
#include "catalog/target.hpp"
#include "execute/concurrent_build.hpp"
#include "execute/recheck.hpp"
#include "execute/rewrite.hpp"
#include "message/violation_message.hpp"
#include "pg/array.hpp"
#include "policy/policy.hpp"
#include "statement/request.hpp"
#include "statement/settings.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// How a statement is executed after the checks.
struct Outcome
{
	bool rewritten = false;                      // its safe form has been run in its place
	std::optional<Request> unbuilt;              // it passed because it has nothing to build
	std::optional<ConcurrentCommand> concurrent; // it may leave an invalid index
};

// Looks up what each request refers to, and judges it.
Judgments JudgeAll(const Requests &requests, const Settings &settings, bool in_block)
{
	Array<Judgment> judgments;
	judgments.Reserve(requests.count);
	int violations = 0;
	SeenTables *seen = requests.count > 1 ? NoTablesYet() : nullptr;
	for (const Request &request : requests)
	{
		CHECK_FOR_INTERRUPTS();
		// PostgreSQL refuses CONCURRENTLY in a transaction block before it looks at the name.
		const bool look = settings.Checks(request.operation) && !(request.concurrently && in_block);
		const bool sized = !request.concurrently;
		const Target target =
			look ? Look(request, {sized ? settings.min_table_size : 0, sized, in_block, seen})
				 : Target{};
		const Verdict verdict =
			Judge(request.operation, request.concurrently, target.facts, settings);
		judgments.Add({request, target, verdict});
		if (verdict.IsViolation())
			++violations;
		else if (verdict.reason != Reason::not_asked)
			CountChecked(request.operation, Action::passed);
		if (target.ends_command)
			break;
	}
	return {judgments.begin(), judgments.Count(), violations};
}

// Reports a violation, which raises an ERROR unless the mode is warn. In mode rewrite runs the safe
// form instead, if there is one that can be run here, and returns true.
bool RewriteOrReport(const psi_call &call, const Judgments &judgments, const Settings &settings,
					 const BuildOptions &options, bool may_rewrite, bool in_block)
{
	const Judgment &first = judgments.FirstViolation();
	if (first.request.create != nullptr)
		RaiseAnalysisErrors(*first.request.create, first.target, call.query);
	const StatementText text = TextOf(*call.statement, call.query);
	if (may_rewrite && Rewrite(call, judgments, text, settings, options))
		return true;
	Report(judgments, text, call.query, settings, in_block);
	return false;
}

Outcome Decide(const psi_call &call, const Settings &settings, const BuildOptions &options,
			   bool may_rewrite, bool in_block)
{
	const Requests requests = AskedFor(call.statement->utilityStmt);
	if (requests.count == 0)
		return {};
	const Judgments judgments = JudgeAll(requests, settings, in_block);
	if (judgments.violations > 0 &&
		RewriteOrReport(call, judgments, settings, options, may_rewrite, in_block))
		return {true, std::nullopt, std::nullopt};

	Outcome outcome;
	const Request &request = requests.items[0];
	if (requests.count == 1 && request.concurrently && !in_block)
		outcome.concurrent = DescribeConcurrent(request, judgments.items[0].target);
	else if (judgments.violations == 0)
		outcome.unbuilt = FindUnbuilt(judgments);
	return outcome;
}

// Decides in a memory context of its own: a function can send thousands of statements in one. After
// an error the context is deleted with its parent.
Outcome DecideAndClean(const psi_call &call, const Settings &settings, const BuildOptions &options)
{
	const bool in_block = InTransactionBlock(call.context);
	const bool may_rewrite =
		settings.ModeInForce() == Mode::rewrite && !in_block && PortalContext != nullptr;
	const MemoryContext caller = CurrentMemoryContext;
	// The commands of a rewrite commit, and need the memory after that.
	const MemoryContext scratch = AllocSetContextCreate(may_rewrite ? PortalContext : caller,
														"pg_safe_index", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(scratch);
	const Outcome outcome = Decide(call, settings, options, may_rewrite, in_block);
	// A rewrite has ended the transaction, and the caller's memory may have gone with it.
	MemoryContextSwitchTo(outcome.rewritten ? PortalContext : caller);
	MemoryContextDelete(scratch);
	return outcome;
}

void Execute(const psi_call &call, const psi_settings &set)
{
	const Settings settings = SettingsInForce(set);
	const bool asked = IsAsked(settings);
	if (!asked && !set.drop_failed_builds && !set.suspend_timeouts)
	{
		call.go_on(&call);
		return;
	}
	BuildOptions options{asked, asked, set.drop_failed_builds, set.suspend_timeouts,
						 set.report_blockers_after};
	const Outcome outcome = DecideAndClean(call, settings, options);
	if (outcome.rewritten)
		return;
	if (outcome.unbuilt.has_value())
		RunUnbuilt(call, *outcome.unbuilt, settings);
	else if (outcome.concurrent.has_value())
	{
		options.explain = options.warn_before =
			asked && settings.Checks(outcome.concurrent->operation);
		RunConcurrently(call, *outcome.concurrent, options, settings);
	}
	else
		call.go_on(&call);
}

} // namespace

} // namespace psi

extern "C" void psi_execute(const psi_call *call, const psi_settings *settings)
{
	using namespace psi;

	if (!IsListened())
	{
		Execute(*call, *settings);
		return;
	}
	// Another command executes this one, in an event trigger for example, and listens to the
	// indexes that it creates itself. Those of this command are not to be taken for its own.
	const IndexListener outer = ListenToIndexes({nullptr, nullptr});
	PG_TRY();
	{
		Execute(*call, *settings);
	}
	PG_FINALLY();
	{
		ListenToIndexes(outer);
	}
	PG_END_TRY();
}
