// command_run: what exec_simple_query() does, without the portal.
#include "execute/run_command.hpp"

#include "execute/parse_command.hpp"
#include "statement/request.hpp"
#include "catalog/find_target.hpp"

namespace psi
{

void RunCommand(Runner &runner, const char *command)
{
	// It may lie in what the commit frees.
	const char *text = MemoryContextStrdup(runner.context, command);
	BeginTransaction(runner.context);
	RunHere(runner, text);
}

void RunHere(Runner &runner, const char *text)
{
	const auto run = [&]
	{
		const psi_call call = OwnCall(*runner.call, text);
		const Requests requests = AskedFor(call.statement->utilityStmt);
		if (requests.Count() != 1 || !requests.First().concurrently)
		{
			call.go_on(&call);
			return;
		}
		const Request &request = requests.First();
		RunConcurrently(call,
						DescribeConcurrent(request, Look(request, {0, false, false, nullptr})),
						runner.options, *runner.settings);
		runner.options.tell_before = false;
	};
	InOwnContext(runner.context, run);
}

} // namespace psi
