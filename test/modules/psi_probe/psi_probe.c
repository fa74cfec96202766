/*
 * psi_probe: calls ProcessUtility() as other modules do: with a query text that the tree was not
 * made from; and while an index command is executed, as Citus does for the shards of a table. Reads
 * a catalog before each commit, as modules do that have something to write then.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#pragma GCC diagnostic pop

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(psi_probe_execute);

extern PGDLLEXPORT void _PG_init(void);

static char *nested = NULL; /* psi_probe.nested */
static bool is_nested = false;
static bool reads_at_commit = false; /* psi_probe.read_at_commit */
static ProcessUtility_hook_type previous = NULL;

static void execute(const char *command, const char *query)
{
	List *parsed = raw_parser(command, RAW_PARSE_DEFAULT);
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->commandType = CMD_UTILITY;
	statement->canSetTag = true;
	statement->utilityStmt = linitial_node(RawStmt, parsed)->stmt;
	statement->stmt_location = -1;
	ProcessUtility(statement, query, true, PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
}

Datum psi_probe_execute(PG_FUNCTION_ARGS)
{
	execute(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

/* Before an index command goes on, the one in psi_probe.nested is executed, through the whole
 * chain. */
static void probe(PlannedStmt *statement, const char *query, bool read_only,
				  ProcessUtilityContext context, ParamListInfo params,
				  QueryEnvironment *environment, DestReceiver *receiver,
				  QueryCompletion *completion)
{
	NodeTag tag = nodeTag(statement->utilityStmt);

	if (nested[0] != '\0' && !is_nested &&
		(tag == T_IndexStmt || tag == T_DropStmt || tag == T_ReindexStmt))
	{
		is_nested = true;
		PG_TRY();
		{
			execute(nested, nested);
		}
		PG_FINALLY();
		{
			is_nested = false;
		}
		PG_END_TRY();
	}
	if (previous != NULL)
		previous(statement, query, read_only, context, params, environment, receiver, completion);
	else
		standard_ProcessUtility(statement, query, read_only, context, params, environment, receiver,
								completion);
}

static bool is_within(MemoryContext context, MemoryContext wanted)
{
	if (context == wanted)
		return true;
	for (MemoryContext child = context->firstchild; child != NULL; child = child->nextchild)
	{
		if (is_within(child, wanted))
			return true;
	}
	return false;
}

static bool owner_is_there(void)
{
	ResourceOwner owner = CurrentResourceOwner;

	while (owner != NULL && owner != TopTransactionResourceOwner)
		owner = ResourceOwnerGetParent(owner);
	return owner != NULL;
}

/*
 * Needs a resource owner and a memory context that are there. What has been freed often looks as
 * before, so this asks.
 */
static void read_at_commit(XactEvent event, void *argument)
{
	(void) argument;
	if (event == XACT_EVENT_PRE_COMMIT && reads_at_commit && OidIsValid(MyDatabaseId))
	{
		if (!is_within(TopMemoryContext, CurrentMemoryContext))
		{
			MemoryContextSwitchTo(TopTransactionContext);
			elog(ERROR, "the memory context of this commit is gone");
		}
		if (!owner_is_there())
		{
			CurrentResourceOwner = TopTransactionResourceOwner;
			elog(ERROR, "the resource owner of this commit is gone");
		}
		table_close(table_open(RelationRelationId, AccessShareLock), AccessShareLock);
		pfree(palloc(64));
	}
}

void _PG_init(void)
{
	DefineCustomStringVariable("psi_probe.nested",
							   "A command that is executed within each index command.", NULL,
							   &nested, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("psi_probe.read_at_commit",
							 "Whether a catalog is read before each commit.", NULL,
							 &reads_at_commit, false, PGC_USERSET, 0, NULL, NULL, NULL);
	RegisterXactCallback(read_at_commit, NULL);
	previous = ProcessUtility_hook;
	ProcessUtility_hook = probe;
}
