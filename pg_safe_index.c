/*
 * pg_safe_index: module magic and hooks. No decisions: those are taken in src/. Each layer declares
 * what is called from here. The other files of the C face are settings.c and functions.c.
 */
/* PostgreSQL's own headers are not clean under -Wextra. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#pragma GCC diagnostic pop

#include "execute/execute_face.h"
#include "guard.h"
#include "settings.h"
#include "statement/statement_face.h"
#include "stats/stats_face.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pg_safe_index", .version = PSI_VERSION);
#else
PG_MODULE_MAGIC;
#endif

void _PG_init(void);

/* Set once, in _PG_init(). */
static ProcessUtility_hook_type previous_ProcessUtility = NULL;
static shmem_request_hook_type previous_shmem_request = NULL;
static shmem_startup_hook_type previous_shmem_startup = NULL;

static void request_shared_memory(void)
{
	if (previous_shmem_request != NULL)
		previous_shmem_request();
	psi_request_shared_memory(psi_settings.max_violations);
}

static void attach_shared_memory(void)
{
	if (previous_shmem_startup != NULL)
		previous_shmem_startup();
	psi_attach_shared_memory(psi_settings.max_violations);
}

static void go_on(const struct psi_call *call)
{
	previous_ProcessUtility(call->statement, call->query, call->read_only_tree,
							(ProcessUtilityContext) call->context, call->params, call->environment,
							call->dest, call->completion);
}

/*
 * The way of a statement that is looked at. Not inlined: it needs a stack frame, which the hook
 * below would have to set up for every other statement, too.
 */
static pg_noinline void look_and_go_on(PlannedStmt *pstmt, const char *queryString,
									   bool readOnlyTree, ProcessUtilityContext context,
									   ParamListInfo params, QueryEnvironment *queryEnv,
									   DestReceiver *dest, QueryCompletion *qc)
{
	const Node *statement = pstmt->utilityStmt;
	const struct psi_call call = {
		.statement = pstmt,
		.query = queryString,
		.read_only_tree = readOnlyTree,
		.context = context,
		.params = params,
		.environment = queryEnv,
		.dest = dest,
		.completion = qc,
		.go_on = go_on,
	};

	if (IsA(statement, TransactionStmt))
		psi_commit_postponed(&call);
	else if (IsA(statement, RenameStmt))
	{
		psi_check_rename(&call);
		go_on(&call);
	}
	/* Most that is dropped is no index, and does not take one along. */
	else if (IsA(statement, DropStmt) &&
			 ((const DropStmt *) statement)->removeType != OBJECT_INDEX &&
			 ((const DropStmt *) statement)->behavior != DROP_CASCADE)
		go_on(&call);
	else
		psi_execute(&call, &psi_settings);
}

/* COMMIT or ROLLBACK where there is more to do than to hand it on. */
static pg_noinline void end_transaction(PlannedStmt *pstmt, const char *queryString,
										bool readOnlyTree, ProcessUtilityContext context,
										ParamListInfo params, QueryEnvironment *queryEnv,
										DestReceiver *dest, QueryCompletion *qc)
{
	const TransactionStmt *statement = (const TransactionStmt *) pstmt->utilityStmt;

	if (statement->kind == TRANS_STMT_COMMIT && psi_is_postponed())
		look_and_go_on(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
	{
		if (statement->chain)
			psi_note_chain();
		previous_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest,
								qc);
	}
}

/* storage/procnumber.h came with 17, and with it this. */
#ifdef INVALID_PROC_NUMBER
#define CURRENT_LOCAL_TRANSACTION (MyProc->vxid.lxid)
#else
#define CURRENT_LOCAL_TRANSACTION (MyProc->lxid)
#endif

/*
 * Every utility statement of the server comes through here. Other statements than ours pay only for
 * this switch: all ways on are tail calls. BEGIN is noted, for commands that are to be postponed
 * until COMMIT.
 */
static void psi_ProcessUtility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
							   ProcessUtilityContext context, ParamListInfo params,
							   QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	const Node *statement = pstmt->utilityStmt;

	switch (nodeTag(statement))
	{
	case T_TransactionStmt:
		if (((const TransactionStmt *) statement)->kind <= TRANS_STMT_START)
			psi_block.begun_in = CURRENT_LOCAL_TRANSACTION;
		else if (psi_block.postponed || ((const TransactionStmt *) statement)->chain)
		{
			end_transaction(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
			return;
		}
		break;
	case T_IndexStmt:
	case T_DropStmt:
	case T_ReindexStmt:
	case T_AlterTableStmt:
	case T_AlterTableMoveAllStmt:
		look_and_go_on(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	default:
		/* No case of its own: with it the compiler makes a table of the switch, which is slower. */
		if (psi_block.postponed && IsA(statement, RenameStmt))
		{
			look_and_go_on(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
			return;
		}
		break;
	}
	previous_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
}

StaticAssertDecl(TRANS_STMT_BEGIN == 0 && TRANS_STMT_START == 1,
				 "what begins a transaction comes first");

void _PG_init(void)
{
	bool floor_is_lost = psi_floor_is_lost();

	psi_define_settings();
	/* The strictest one cannot be too low. The client has been warned that its value is refused. */
	if (floor_is_lost)
		SetConfigOption("pg_safe_index.minimum_mode", "error", PGC_SUSET, PGC_S_OVERRIDE);

	if (process_shared_preload_libraries_in_progress)
	{
		previous_shmem_request = shmem_request_hook;
		shmem_request_hook = request_shared_memory;
		previous_shmem_startup = shmem_startup_hook;
		shmem_startup_hook = attach_shared_memory;
	}

	/* Never NULL, so that the hook itself need not ask. */
	previous_ProcessUtility =
		ProcessUtility_hook != NULL ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = psi_ProcessUtility;
}
