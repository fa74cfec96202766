// run_command: what exec_simple_query() does with one command, without the portal.
#include "execute/run_command.hpp"

#include "catalog/find_target.hpp"
#include "execute/parse_command.hpp"
#include "statement/request.hpp"

namespace psi
{

namespace
{

void RunRequest(const Runner &runner, const psi_call &call, const Request &request)
{
	const Target target = Look(request, Circumstances{});
	RunConcurrently(call, DescribeConcurrent(request, target), runner.options, runner.settings);
}

} // namespace

void RunCommand(const Runner &runner, const char *command)
{
	// The commit may free the memory that the text is in.
	const char *text = MemoryContextStrdup(runner.context, command);
	CommitAndBegin(runner.context);
	const auto run = [&]
	{
		const psi_call call = CallInPlaceOf(runner.call, text);
		const Requests requests = AskedFor(call.statement->utilityStmt);
		if (requests.Count() == 1 && requests.First().concurrently)
			RunRequest(runner, call, requests.First());
		else
			call.go_on(&call);
	};
	InOwnContext(runner.context, run);
}

} // namespace psi
