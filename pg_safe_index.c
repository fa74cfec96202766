/*
 * pg_safe_index: the C face.
 *
 * Module magic, settings, the hook, and the entry points of SQL-callable functions. No decisions:
 * those are taken in src/. Each layer declares what is called from here.
 */
/* PostgreSQL's own headers are not clean under -Wextra. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#pragma GCC diagnostic pop

#include "catalog/catalog_face.h"
#include "execute/execute_face.h"
#include "guard.h"
#include "script/script_face.h"
#include "statement/statement_face.h"
#include "stats/stats_face.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "pg_safe_index", .version = PSI_VERSION);
#else
PG_MODULE_MAGIC;
#endif

void _PG_init(void);

PG_FUNCTION_INFO_V1(pg_safe_index_version);
PG_FUNCTION_INFO_V1(pg_safe_index_mending);
PG_FUNCTION_INFO_V1(pg_safe_index_counters);
PG_FUNCTION_INFO_V1(pg_safe_index_counters_1_2);
PG_FUNCTION_INFO_V1(pg_safe_index_recent);
PG_FUNCTION_INFO_V1(pg_safe_index_recent_info);
PG_FUNCTION_INFO_V1(pg_safe_index_reset);
PG_FUNCTION_INFO_V1(pg_safe_index_check);
PG_FUNCTION_INFO_V1(pg_safe_index_plan);

static const struct config_enum_entry mode_options[] = {
	{"off", PSI_MODE_OFF, false},
	{"warn", PSI_MODE_WARN, false},
	{"error", PSI_MODE_ERROR, false},
	{"rewrite", PSI_MODE_REWRITE, false},
	{NULL, 0, false},
};

static const struct config_enum_entry in_transaction_options[] = {
	{"refuse", PSI_REFUSE, false},
	{"postpone", PSI_POSTPONE, false},
	{NULL, 0, false},
};

/* The GUC machinery sets it, and resets on abort what a transaction has set. */
static struct psi_settings settings = {
	.mode = PSI_MODE_ERROR,
	.minimum_mode = PSI_MODE_OFF,
	.min_table_size = 0,
	.operations = NULL,
	.exempt_applications = NULL,
	.checked_operations = 0,
	.exempt_names = "",
	.drop_failed_builds = false,
	.suspend_timeouts = false,
	.report_blockers_after = 60 * 1000,
	.lock_timeout = 500,
	.lock_attempts = 60,
	.in_transaction = PSI_REFUSE,
	.max_violations = 1000,
	.mode_is_override = false,
	.help = "",
};

/* Set once, in _PG_init(). */
static ProcessUtility_hook_type previous_ProcessUtility = NULL;
static shmem_request_hook_type previous_shmem_request = NULL;
static shmem_startup_hook_type previous_shmem_startup = NULL;

/*
 * A value comes with where it is from, so that one that is restored, on abort or at the end of a
 * function, is told from one that is in force by an override, too.
 */
static bool check_mode(int *newval, void **extra, GucSource source)
{
	bool is_override = psi_is_override(source);

	(void) newval;

	*extra = psi_allocate_extra(sizeof(is_override));
	if (*extra == NULL)
		return false;
	memcpy(*extra, &is_override, sizeof(is_override));
	return true;
}

static void assign_mode(int newval, void *extra)
{
	(void) newval;

	settings.mode_is_override = *(const bool *) extra;
}

/* The lists are parsed once, when they are set, and not on every statement. */
static bool check_operations(char **newval, void **extra, GucSource source)
{
	const char *unknown = NULL;
	int length = 0;
	unsigned operations = 0;

	(void) source;

	if (psi_parse_operations(*newval, &operations, &unknown, &length))
	{
		*extra = psi_allocate_extra(sizeof(operations));
		if (*extra == NULL)
			return false;
		memcpy(*extra, &operations, sizeof(operations));
		return true;
	}
	if (unknown == NULL)
		GUC_check_errdetail("List syntax is invalid.");
	else
	{
		GUC_check_errdetail("Unrecognized operation: \"%.*s\".", length, unknown);
		GUC_check_errhint("Available values: %s.", psi_operation_names());
	}
	return false;
}

static void assign_operations(const char *newval, void *extra)
{
	(void) newval;

	settings.checked_operations = *(const unsigned *) extra;
}

static bool check_exempt_applications(char **newval, void **extra, GucSource source)
{
	(void) source;

	if (!psi_is_name_list(*newval))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	*extra = psi_allocate_extra(psi_parsed_size(*newval));
	if (*extra == NULL)
		return false;
	psi_parse_name_list(*newval, *extra);
	return true;
}

static void assign_exempt_applications(const char *newval, void *extra)
{
	(void) newval;

	settings.exempt_names = extra;
}

static void define_settings(void)
{
	DefineCustomEnumVariable(
		"pg_safe_index.mode",
		"What happens to an index command that would block a table that is in use.",
		"off: it runs. warn: it runs, with a warning. error: it is refused. rewrite: its safe form is run instead.",
		&settings.mode, PSI_MODE_ERROR, mode_options, PGC_USERSET, 0, check_mode, assign_mode,
		NULL);

	DefineCustomEnumVariable("pg_safe_index.minimum_mode", "The mode that no session can go below.",
							 "The stricter one of pg_safe_index.mode and this setting is in force.",
							 &settings.minimum_mode, PSI_MODE_OFF, mode_options, PGC_SUSET, 0, NULL,
							 NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.min_table_size", "Tables smaller than this are not checked.",
		"The main fork of the table counts; for a partitioned table that of all its partitions together. 0 checks all tables.",
		&settings.min_table_size, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pg_safe_index.operations", "The operations that are checked.",
		"A list of create_index, drop_index, reindex, add_constraint, attach_partition, move_index.",
		&settings.operations, psi_operation_names(), PGC_SUSET, GUC_LIST_INPUT, check_operations,
		assign_operations, NULL);

	DefineCustomStringVariable(
		"pg_safe_index.exempt_applications",
		"Sessions with one of these application names are not checked.",
		"A list of names; a trailing * matches any rest. A client can set its application_name itself: this is a convenience, not a wall.",
		&settings.exempt_applications, "", PGC_SUSET, GUC_LIST_INPUT, check_exempt_applications,
		assign_exempt_applications, NULL);

	DefineCustomBoolVariable(
		"pg_safe_index.drop_failed_builds",
		"Drops what a failed concurrent build would leave behind.",
		"The invalid index is dropped, concurrently, before the error is raised to the client.",
		&settings.drop_failed_builds, false, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("pg_safe_index.suspend_timeouts",
							 "Timeouts do not apply to a concurrent build.",
							 "Concerns statement_timeout, lock_timeout and transaction_timeout.",
							 &settings.suspend_timeouts, false, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.report_blockers_after",
		"A concurrent build tells which transactions older than this it waits for.",
		"The oldest of them are named in a NOTICE when the build begins. 0 turns this off.",
		&settings.report_blockers_after, 60 * 1000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL,
		NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.lock_timeout",
		"The longest wait for a lock behind which other sessions queue.",
		"Concerns the steps of mode rewrite, and the drop of what a failed build leaves. 0 turns the limit off.",
		&settings.lock_timeout, 500, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable("pg_safe_index.lock_attempts",
							"How often a step of mode rewrite is tried that does not get its lock.",
							"It fails after that.", &settings.lock_attempts, 60, 1, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomEnumVariable(
		"pg_safe_index.in_transaction",
		"What mode rewrite does with CREATE INDEX and DROP INDEX inside a transaction block.",
		"refuse: they are refused. postpone: they are run after COMMIT, before it returns.",
		&settings.in_transaction, PSI_REFUSE, in_transaction_options, PGC_USERSET, 0, NULL, NULL,
		NULL);

	DefineCustomStringVariable("pg_safe_index.help", "One more line for the hint of a violation.",
							   "Where to read on, or whom to ask. Empty: no such line.",
							   &settings.help, "", PGC_SUSET, 0, NULL, NULL, NULL);

	/*
	 * Shared memory is asked for at server start. A library that is loaded later has none, and only
	 * takes note of what the configuration file says.
	 */
	DefineCustomIntVariable(
		"pg_safe_index.max_violations", "The number of violations that are kept on record.",
		"They are kept in shared memory, the latest ones. 0 turns this off.",
		&settings.max_violations, 1000, 0, PSI_VIOLATIONS_MAX,
		process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0, NULL, NULL,
		NULL);

	MarkGUCPrefixReserved("pg_safe_index");
}

static void request_shared_memory(void)
{
	if (previous_shmem_request != NULL)
		previous_shmem_request();
	psi_request_shared_memory(settings.max_violations);
}

static void attach_shared_memory(void)
{
	if (previous_shmem_startup != NULL)
		previous_shmem_startup();
	psi_attach_shared_memory(settings.max_violations);
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
	/* Most that is dropped is no index, and does not take one along. */
	else if (IsA(statement, DropStmt) &&
			 ((const DropStmt *) statement)->removeType != OBJECT_INDEX &&
			 ((const DropStmt *) statement)->behavior != DROP_CASCADE)
		go_on(&call);
	else
		psi_execute(&call, &settings);
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
		break;
	}
	previous_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
}

StaticAssertDecl(TRANS_STMT_BEGIN == 0 && TRANS_STMT_START == 1,
				 "what begins a transaction comes first");

void _PG_init(void)
{
	bool floor_is_lost = psi_floor_is_lost();

	define_settings();
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

/* The version of the library that this session has loaded. */
Datum pg_safe_index_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;

	PG_RETURN_TEXT_P(cstring_to_text(PSI_VERSION));
}

/*
 * pg_safe_index_mending(index oid, OUT pid int4, OUT drop_command text, OUT reindex_command text):
 * see psi_mending(). Null for an index that is not invalid.
 */
Datum pg_safe_index_mending(PG_FUNCTION_ARGS)
{
	int pid = 0;
	const char *drop = NULL;
	const char *reindex = NULL;
	TupleDesc row;
	Datum values[3] = {0};
	bool nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE || row->natts != 3)
		elog(ERROR, "pg_safe_index_mending() is not declared as this library has it");
	if (!psi_mending(PG_GETARG_OID(0), &pid, &drop, &reindex))
		PG_RETURN_NULL();

	if (pid != 0)
	{
		values[0] = Int32GetDatum(pid);
		nulls[0] = false;
	}
	if (drop != NULL)
	{
		values[1] = CStringGetTextDatum(drop);
		nulls[1] = false;
	}
	if (reindex != NULL)
	{
		values[2] = CStringGetTextDatum(reindex);
		nulls[2] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

/* 15.0 has no InitMaterializedSRF(). Its former name exists in every minor version of 15. */
#ifdef SRF_SINGLE_USE_EXPECTED
#define begin_rows SetSingleFuncCall
#define ROWS_AS_EXPECTED SRF_SINGLE_USE_EXPECTED
#else
#define begin_rows InitMaterializedSRF
#define ROWS_AS_EXPECTED MAT_SRF_USE_EXPECTED_DESC
#endif

/* The rows of a set-returning function, all at once. */
static Datum put_rows(FunctionCallInfo fcinfo, void (*put)(void *store, void *columns))
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	begin_rows(fcinfo, 0);
	put(result->setResult, result->setDesc);
	return (Datum) 0;
}

/*
 * The counters, a row for each database and operation. Each version that appends a column gets a
 * function of its own, and the SQL objects of older ones go on with theirs.
 */
Datum pg_safe_index_counters(PG_FUNCTION_ARGS)
{
	return put_rows(fcinfo, psi_put_counters_1_1);
}

Datum pg_safe_index_counters_1_2(PG_FUNCTION_ARGS)
{
	return put_rows(fcinfo, psi_put_counters);
}

/* The violations on record, the oldest first. */
Datum pg_safe_index_recent(PG_FUNCTION_ARGS)
{
	return put_rows(fcinfo, psi_put_violations);
}

/* How many there were. */
Datum pg_safe_index_recent_info(PG_FUNCTION_ARGS)
{
	return put_rows(fcinfo, psi_put_violations_info);
}

Datum pg_safe_index_reset(PG_FUNCTION_ARGS)
{
	(void) fcinfo;

	psi_reset();
	PG_RETURN_VOID();
}

/* pg_safe_index_check(script text, single_transaction boolean): see psi_check_script(). */
Datum pg_safe_index_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	begin_rows(fcinfo, 0);
	psi_check_script(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_BOOL(1), &settings,
					 result->setResult, result->setDesc);
	return (Datum) 0;
}

/* pg_safe_index_plan(command text): see psi_plan_command(). */
Datum pg_safe_index_plan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	begin_rows(fcinfo, ROWS_AS_EXPECTED);
	psi_plan_command(text_to_cstring(PG_GETARG_TEXT_PP(0)), &settings, result->setResult,
					 result->setDesc);
	return (Datum) 0;
}
