// command_run: what exec_simple_query() does, without the portal.
#include "execute/run_command.hpp"

#include "execute/parse_command.hpp"
#include "statement/request.hpp"
#include "catalog/target.hpp"

namespace psi
{

void BeginWithoutSnapshot(const Runner &runner)
{
	// The one of the portal, or of the command before. It does not outlive the commit, and the
	// portal does not miss it (PreCommit_Portals()).
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	CommitTransactionCommand();
	StartTransactionCommand();
	// What a command allocates before its commits it needs after them.
	MemoryContextSwitchTo(runner.context);
}

void BeginTransaction(const Runner &runner)
{
	BeginWithoutSnapshot(runner);
	PushActiveSnapshot(GetTransactionSnapshot());
}

void RunCommand(Runner &runner, const char *command)
{
	// It may lie in what the commit frees.
	const char *text = MemoryContextStrdup(runner.context, command);
	BeginTransaction(runner);
	RunHere(runner, text);
}

void RunHere(Runner &runner, const char *text)
{
	// See RunConcurrently().
	const MemoryContext inside =
		AllocSetContextCreate(runner.context, "pg_safe_index command", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(inside);
	PG_TRY();
	{
		const psi_call call = OwnCall(*runner.call, text);
		const Requests requests = AskedFor(call.statement->utilityStmt);
		if (requests.count == 1 && requests.items[0].concurrently)
		{
			const Request &request = requests.items[0];
			RunConcurrently(call, DescribeConcurrent(request, Look(request, {0, false, false, nullptr})),
							runner.options, *runner.settings);
			runner.options.tell_before = false;
		}
		else
			call.go_on(&call);
	}
	PG_FINALLY();
	{
		MemoryContextSwitchTo(runner.context);
		MemoryContextDelete(inside);
	}
	PG_END_TRY();
}

} // namespace psi
