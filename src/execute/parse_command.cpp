// parse_command: what exec_simple_query() does before it opens a portal.
#include "execute/parse_command.hpp"

#include "pg/node.hpp"

namespace psi
{

PlannedStmt *ParseCommand(const char *command)
{
	const List *parsed = pg_parse_query(command);
	List *analyzed = pg_analyze_and_rewrite_fixedparams(static_cast<RawStmt *>(linitial(parsed)),
														command, nullptr, 0, nullptr);
	return static_cast<PlannedStmt *>(
		linitial(pg_plan_queries(analyzed, command, CURSOR_OPT_PARALLEL_OK, nullptr)));
}

psi_call CallInPlaceOf(const psi_call &client, const char *command)
{
	psi_call call = client;
	call.statement = ParseCommand(command);
	call.query = command;
	call.read_only_tree = false;
	call.params = nullptr;
	call.environment = nullptr;
	call.dest = None_Receiver;
	call.completion = nullptr;
	return call;
}

} // namespace psi
