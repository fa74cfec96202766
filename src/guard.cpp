// guard: the walk of a statement through the layers: AskedFor() (statement), Look() (catalog),
// Judge() (policy), and then Report() (message), Rewrite() or RunConcurrently() (execute), or the
// next hook.
#include "guard.h"

#include "catalog/find_target.hpp"
#include "catalog/index_analysis.hpp"
#include "catalog/index_creation.hpp"
#include "catalog/judgment.hpp"
#include "execute/concurrent_build.hpp"
#include "execute/failed_builds.hpp"
#include "execute/postpone.hpp"
#include "execute/recheck.hpp"
#include "execute/rewrite.hpp"
#include "execute/run_in_block.hpp"
#include "message/postpone_message.hpp"
#include "message/violation_message.hpp"
#include "policy/policy.hpp"
#include "statement/request.hpp"
#include "statement/settings.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// A command on a table of Citus is being executed: Citus executes commands on the shards of the
// table in this session, which are part of it. Reset by RunForCitus(), also after an error.
bool in_citus_command = false;

// Calls `run()`, and judges no command that is executed meanwhile if `in_citus` says so.
template <typename Run> void RunForCitus(bool in_citus, Run run)
{
	if (!in_citus)
	{
		run();
		return;
	}
	in_citus_command = true;
	PG_TRY();
	{
		run();
	}
	PG_FINALLY();
	{
		in_citus_command = false;
	}
	PG_END_TRY();
}

bool IsInCitus(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		if (judgment.target.in_citus)
			return true;
	}
	return false;
}

// A statement and the circumstances in which it is executed.
struct Statement
{
	const psi_call &call;
	Settings settings;
	BuildOptions options;
	bool in_block;        // PostgreSQL would refuse CONCURRENTLY
	bool may_rewrite;     // mode rewrite, and commands of our own can run at the top level
	const char *postpone; // for the hint: on running it after COMMIT; null: nothing
};

// What remains to be done with a statement after the checks.
struct Outcome
{
	bool rewritten = false;                      // nothing: its safe form has been run
	bool refused_in_block = false;               // PostgreSQL will refuse it here
	bool restarted = false;                      // this is a later transaction, with a new snapshot
	bool in_citus = false;                       // it is one on tables of Citus
	std::optional<Request> passed;               // it passed, and can create an index
	std::optional<ConcurrentCommand> concurrent; // it may leave an invalid index
};

// Looks up what each request refers to, and judges it.
Judgments JudgeAll(const Statement &statement, const Requests &requests)
{
	const Settings &settings = statement.settings;
	Judgments judgments;
	judgments.items.Reserve(requests.Count());
	SeenTables *seen = requests.Count() > 1 ? MakeSeenTables() : nullptr;
	Circumstances circumstances;
	circumstances.in_block = statement.in_block;
	circumstances.seen = seen;
	const bool refused = settings.Checks(requests.First().operation) && IsRefusedWhole(requests);
	for (const Request &request : requests)
	{
		CHECK_FOR_INTERRUPTS();
		// In a transaction block PostgreSQL refuses CONCURRENTLY before it looks at the name.
		const bool look = !refused && settings.Checks(request.operation) &&
						  !(request.concurrently && statement.in_block);
		circumstances.sized = !request.concurrently;
		circumstances.wanted.enough = circumstances.sized ? settings.min_table_size : 0;
		const Target target = look ? Look(request, circumstances) : Target{};
		const Verdict verdict =
			Judge(request.operation, request.concurrently, target.facts, settings);
		judgments.Add({request, target, verdict});
		if (!verdict.IsViolation() && verdict.reason != Reason::not_asked && IsAsked(settings))
			CountChecked(request.operation, Action::passed);
		if (target.ends_command)
			break;
		if (request.constraint != nullptr && request.constraint->contype == CONSTR_PRIMARY)
			circumstances.primary_key_before = true;
	}
	return judgments;
}

// Runs the safe form of a violation, or reports the violation, which raises an ERROR unless the
// mode is warn.
Rewritten RewriteOrReport(const Statement &statement, const Judgments &judgments)
{
	const psi_call &call = statement.call;
	const Judgment &first = judgments.FirstViolation();
	if (first.request.create != nullptr)
		RaiseAnalysisErrors(*first.request.create, first.target.table_id, call.query);
	const StatementText text = TextOf(*call.statement, call.query);
	RewriteResult result{Rewritten::no, nullptr};
	const auto rewrite = [&]
	{ result = Rewrite(call, judgments, text, statement.settings, statement.options); };
	if (statement.may_rewrite)
		RunForCitus(IsInCitus(judgments), rewrite);
	if (result.what == Rewritten::no)
		Report(judgments, text, call.query, statement.settings,
			   {statement.in_block, statement.options.lock_timeout, result.why_not,
				statement.postpone});
	return result.what;
}

// Judges the requests until no other session is executing the same rewrite.
Judgments JudgeAndAct(const Statement &statement, const Requests &requests, Outcome &outcome)
{
	if (IsOverridden(statement.settings))
	{
		const Judgments judgments = JudgeAll(statement, requests);
		if (judgments.violations > 0)
			RecordOverride(judgments, TextOf(*statement.call.statement, statement.call.query));
		return judgments;
	}
	for (;;)
	{
		const Judgments judgments = JudgeAll(statement, requests);
		const Rewritten result =
			judgments.violations > 0 ? RewriteOrReport(statement, judgments) : Rewritten::no;
		outcome.rewritten = result == Rewritten::yes;
		if (result != Rewritten::waited)
			return judgments;
		outcome.restarted = true;
	}
}

Outcome Decide(const Statement &statement)
{
	Outcome outcome;
	const Requests requests = AskedFor(statement.call.statement->utilityStmt);
	if (requests.IsEmpty())
		return outcome;
	const Judgments judgments = JudgeAndAct(statement, requests, outcome);
	if (outcome.rewritten)
		return outcome;
	outcome.in_citus = IsInCitus(judgments);
	const Request &first = requests.First();
	const BuildOptions &options = statement.options;
	const bool accompanied = options.explain || options.drop_failed || options.suspend_timeouts;
	if (accompanied && requests.Count() == 1 && first.concurrently && !statement.in_block)
		outcome.concurrent = DescribeConcurrent(first, judgments.items[0].target);
	else if (first.concurrently && statement.in_block)
		outcome.refused_in_block =
			IsAsked(statement.settings) && statement.settings.Checks(first.operation);
	else if (judgments.violations == 0)
		outcome.passed = FindPassed(judgments);
	return outcome;
}

// Decides in a memory context of its own: a function can execute thousands of statements in one.
// After an error the context is deleted with its parent.
Outcome DecideInScratch(const Statement &statement)
{
	const MemoryContext caller = CurrentMemoryContext;
	// The commands of a rewrite commit, and need the memory after that.
	const MemoryContext scratch = AllocSetContextCreate(
		statement.may_rewrite ? PortalContext : caller, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(scratch);
	const Outcome outcome = Decide(statement);
	// A rewrite has ended the transaction, and the caller's memory may have gone with it.
	MemoryContextSwitchTo(outcome.rewritten || outcome.restarted ? PortalContext : caller);
	MemoryContextDelete(scratch);
	return outcome;
}

// Postpones the command until after COMMIT, if it can be. Otherwise returns false, and a line for
// the hint of a refusal, or null.
bool PostponeInScratch(const psi_call &call, const Settings &settings, const BuildOptions &options,
					   bool really, const char *&line)
{
	const MemoryContext caller = CurrentMemoryContext;
	const MemoryContext scratch =
		AllocSetContextCreate(caller, "pg_safe_index", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(scratch);
	Postponement postponement;
	if (const Requests requests = AskedFor(call.statement->utilityStmt); !requests.IsEmpty())
		postponement = Postpone(call, requests, settings, options, really);
	MemoryContextSwitchTo(caller);
	if (really && postponement.why_not != nullptr)
		line = HintNotPostponed(postponement.why_not);
	else if (!really && postponement.possible)
		line = HintToPostpone();
	MemoryContextDelete(scratch);
	return postponement.done;
}

// Checks the statement, and runs it or its safe form.
void CheckAndRun(const psi_call &call, const Settings &settings, BuildOptions options,
				 bool in_block, bool postpones)
{
	const char *postpone = nullptr;
	if (in_block && options.explain && settings.ModeInForce() == Mode::rewrite &&
		PostponeInScratch(call, settings, options, postpones, postpone))
		return;
	RaiseIfPassedOver(*call.statement->utilityStmt);
	const bool may_rewrite =
		settings.ModeInForce() == Mode::rewrite && !in_block && PortalContext != nullptr;
	const Outcome outcome =
		DecideInScratch({call, settings, options, in_block, may_rewrite, postpone});
	if (outcome.rewritten)
		return;
	const auto run = [&]
	{
		if (outcome.passed.has_value())
			RunAndRecheck(call, *outcome.passed, settings);
		else if (outcome.refused_in_block)
			RunInBlock(call, postpone);
		else if (outcome.concurrent.has_value())
		{
			options.explain = options.explain && settings.Checks(outcome.concurrent->operation);
			options.warn_before = options.explain;
			RunConcurrently(call, *outcome.concurrent, options, settings);
		}
		else
			call.go_on(&call);
	};
	RunForCitus(outcome.in_citus, run);
	// The portal's own snapshot went with its transaction: nobody else would pop this one.
	if (outcome.restarted && ActiveSnapshotSet())
		PopActiveSnapshot();
}

void Execute(const psi_call &call, const psi_settings &set)
{
	if (in_citus_command)
	{
		call.go_on(&call);
		return;
	}
	const Settings settings = SettingsInForce(set, *call.statement->utilityStmt);
	const bool asked = IsAsked(settings);
	if (!asked && !IsOverridden(settings) && !set.drop_failed_builds && !set.suspend_timeouts)
	{
		RaiseIfPassedOver(*call.statement->utilityStmt);
		call.go_on(&call);
		return;
	}
	const BuildOptions options{asked,
							   asked,
							   set.drop_failed_builds,
							   set.suspend_timeouts,
							   set.report_blockers_after,
							   set.lock_timeout,
							   set.lock_attempts};
	const bool in_block = InTransactionBlock(call.context);
	const bool replaced =
		!in_block && PortalContext != nullptr && DropBeforeRetry(call, settings, options);
	CheckAndRun(call, settings, options, in_block, set.in_transaction == PSI_POSTPONE);
	// The portal's own snapshot went with its transaction: nobody else would pop the one that took
	// its place, if the command has not done so.
	if (replaced && ActiveSnapshotSet())
		PopActiveSnapshot();
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
