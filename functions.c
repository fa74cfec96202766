/*
 * functions: the entry points of the SQL-callable functions. The layers do what they are for.
 */
/* PostgreSQL's own headers are not clean under -Wextra. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#pragma GCC diagnostic pop

#include "catalog/catalog_face.h"
#include "script/script_face.h"
#include "settings.h"
#include "stats/stats_face.h"

PG_FUNCTION_INFO_V1(pg_safe_index_version);
PG_FUNCTION_INFO_V1(pg_safe_index_mending);
PG_FUNCTION_INFO_V1(pg_safe_index_counters);
PG_FUNCTION_INFO_V1(pg_safe_index_counters_1_2);
PG_FUNCTION_INFO_V1(pg_safe_index_recent);
PG_FUNCTION_INFO_V1(pg_safe_index_recent_info);
PG_FUNCTION_INFO_V1(pg_safe_index_reset);
PG_FUNCTION_INFO_V1(pg_safe_index_check);
PG_FUNCTION_INFO_V1(pg_safe_index_plan);

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
	psi_check_script(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_BOOL(1), &psi_settings,
					 result->setResult, result->setDesc);
	return (Datum) 0;
}

/* pg_safe_index_plan(command text): see psi_plan_command(). */
Datum pg_safe_index_plan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	begin_rows(fcinfo, ROWS_AS_EXPECTED);
	psi_plan_command(text_to_cstring(PG_GETARG_TEXT_PP(0)), &psi_settings, result->setResult,
					 result->setDesc);
	return (Datum) 0;
}
