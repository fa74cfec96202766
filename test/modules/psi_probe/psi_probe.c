/*
 * psi_probe: calls ProcessUtility() as a careless module would, with a query text that the tree was
 * not made from.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#pragma GCC diagnostic pop

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(psi_probe_execute);

Datum psi_probe_execute(PG_FUNCTION_ARGS)
{
	char *command = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	List *parsed = raw_parser(command, RAW_PARSE_DEFAULT);
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->commandType = CMD_UTILITY;
	statement->canSetTag = true;
	statement->utilityStmt = linitial_node(RawStmt, parsed)->stmt;
	statement->stmt_location = -1;
	ProcessUtility(statement, query, true, PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
	PG_RETURN_VOID();
}
