/*
 * settings: as the GUC machinery knows them. docs/settings.md describes each.
 */
/* PostgreSQL's own headers are not clean under -Wextra. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"
#pragma GCC diagnostic pop

#include "settings.h"
#include "statement/statement_face.h"
#include "stats/stats_face.h"

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
struct psi_settings psi_settings = {
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

	psi_settings.mode_is_override = *(const bool *) extra;
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

	psi_settings.checked_operations = *(const unsigned *) extra;
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

	psi_settings.exempt_names = extra;
}

void psi_define_settings(void)
{
	DefineCustomEnumVariable(
		"pg_safe_index.mode",
		"What happens to an index command that would block a table that is in use.",
		"off: it runs. warn: it runs, with a warning. error: it is refused. rewrite: its safe form is run instead.",
		&psi_settings.mode, PSI_MODE_ERROR, mode_options, PGC_USERSET, 0, check_mode, assign_mode,
		NULL);

	DefineCustomEnumVariable("pg_safe_index.minimum_mode", "The mode that no session can go below.",
							 "The stricter one of pg_safe_index.mode and this setting is in force.",
							 &psi_settings.minimum_mode, PSI_MODE_OFF, mode_options, PGC_SUSET, 0,
							 NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.min_table_size", "Tables smaller than this are not checked.",
		"The main fork of the table counts; for a partitioned table that of all its partitions together. 0 checks all tables.",
		&psi_settings.min_table_size, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pg_safe_index.operations", "The operations that are checked.",
		"A list of create_index, drop_index, reindex, add_constraint, attach_partition, move_index.",
		&psi_settings.operations, psi_operation_names(), PGC_SUSET, GUC_LIST_INPUT,
		check_operations, assign_operations, NULL);

	DefineCustomStringVariable(
		"pg_safe_index.exempt_applications",
		"Sessions with one of these application names are not checked.",
		"A list of names; a * at the end matches any text. A client can choose its application_name: this is a convenience, not a barrier.",
		&psi_settings.exempt_applications, "", PGC_SUSET, GUC_LIST_INPUT, check_exempt_applications,
		assign_exempt_applications, NULL);

	DefineCustomBoolVariable(
		"pg_safe_index.drop_failed_builds",
		"Drops what a failed concurrent build would leave behind.",
		"The invalid index is dropped, concurrently, before the error is raised to the client.",
		&psi_settings.drop_failed_builds, false, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pg_safe_index.suspend_timeouts", "Timeouts do not apply to a concurrent build.",
		"Concerns statement_timeout, lock_timeout and transaction_timeout.",
		&psi_settings.suspend_timeouts, false, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.report_blockers_after",
		"Reports transactions older than this that a concurrent build waits for.",
		"A NOTICE names the oldest of them when the build begins. 0 turns this off.",
		&psi_settings.report_blockers_after, 60 * 1000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL,
		NULL, NULL);

	DefineCustomIntVariable(
		"pg_safe_index.lock_timeout",
		"The longest wait for a lock behind which other sessions queue.",
		"Concerns the steps of mode rewrite, and the drop of what a failed build leaves. 0 turns the limit off.",
		&psi_settings.lock_timeout, 500, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable("pg_safe_index.lock_attempts",
							"Number of attempts of a step of mode rewrite to get its locks.",
							"The command fails after that.", &psi_settings.lock_attempts, 60, 1,
							INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomEnumVariable(
		"pg_safe_index.in_transaction",
		"What mode rewrite does with CREATE INDEX and DROP INDEX inside a transaction block.",
		"refuse: they are refused. postpone: they are run after COMMIT, before it returns.",
		&psi_settings.in_transaction, PSI_REFUSE, in_transaction_options, PGC_USERSET, 0, NULL,
		NULL, NULL);

	DefineCustomStringVariable("pg_safe_index.help", "One more line for the hint of a violation.",
							   "Where to read on, or whom to ask. Empty: no such line.",
							   &psi_settings.help, "", PGC_SUSET, 0, NULL, NULL, NULL);

	/*
	 * Shared memory is asked for at server start. A library that is loaded later has none, and only
	 * takes note of what the configuration file says.
	 */
	DefineCustomIntVariable(
		"pg_safe_index.max_violations", "The number of violations that are kept on record.",
		"They are kept in shared memory, the latest ones. 0 turns this off.",
		&psi_settings.max_violations, 1000, 0, PSI_VIOLATIONS_MAX,
		process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0, NULL, NULL,
		NULL);

	MarkGUCPrefixReserved("pg_safe_index");
}
