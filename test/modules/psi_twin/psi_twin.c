/*
 * psi_twin: tells what follows from a refusal from what pg_safe_index does besides.
 *
 * With psi_twin.record it notes which utility statements fail with an error of pg_safe_index, and
 * puts a short message in the place of its long one; its warnings and notices are counted, and not
 * shown to the client. With psi_twin.replay, in a server without pg_safe_index, the same statements
 * fail with that short message, and that is all. So the output of the two has to be the same to the
 * letter.
 *
 * A statement is known by its application_name (pg_regress gives each test its own), its text, and
 * how many times that has been executed before. Each setting is a folder of the server's; the
 * counts are the sizes of files in there, which sessions that come one after the other share.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hashfn.h"
#include "fmgr.h"
#include "nodes/plannodes.h"
#include "storage/fd.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#pragma GCC diagnostic pop

PG_MODULE_MAGIC;

void _PG_init(void);

static char *record_folder = NULL;
static char *replay_folder = NULL;
static ProcessUtility_hook_type next_hook = NULL;
static emit_log_hook_type next_log_hook = NULL;

static const char *const short_message = "refused by pg_safe_index";

/* An error that is on its way out has been noted where it came from. */
static bool is_noted = false;

static bool is_counted(const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_IndexStmt:
	case T_DropStmt:
	case T_ReindexStmt:
	case T_AlterTableStmt:
	case T_AlterTableMoveAllStmt:
		return true;
	default:
		return false;
	}
}

/* The name of the statement, and of this execution of it: "hash.number". */
static char *name_execution(const PlannedStmt *statement, const char *query)
{
	const char *folder = record_folder[0] != '\0' ? record_folder : replay_folder;
	const char *text = query + Max(statement->stmt_location, 0);
	int length = statement->stmt_len > 0 ? statement->stmt_len : (int) strlen(text);
	char *key = psprintf("%s\n%.*s", application_name, length, text);
	uint64 hash = hash_bytes_extended((unsigned char *) key, strlen(key), 0);
	char *path = psprintf("%s/%016llx", folder, (unsigned long long) hash);
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct stat status;

	if (file < 0 || write(file, ".", 1) != 1 || fstat(file, &status) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not count in \"%s\": %m", path)));
	close(file);
	return psprintf("%016llx.%lld", (unsigned long long) hash, (long long) status.st_size);
}

/* Adds to a file. */
static void note(const char *file_name, const char *text)
{
	char *path = psprintf("%s/%s", record_folder, file_name);
	char *line = psprintf("%s\t%s\n", application_name, text);
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (file < 0 || write(file, line, strlen(line)) < 0)
		elog(LOG, "could not write \"%s\": %m", path);
	close(file);
}

/* The server itself has no C++. */
static bool is_ours(const ErrorData *error)
{
	const char *ending = error->filename != NULL ? strrchr(error->filename, '.') : NULL;

	return ending != NULL && strcmp(ending, ".cpp") == 0;
}

/* Called for what is written to the log: log_min_messages has to be notice. */
static void look_at_message(ErrorData *error)
{
	if (record_folder[0] != '\0' && error->elevel < ERROR && is_ours(error))
	{
		note("messages", error->message);
		error->output_to_client = false;
	}
	if (next_log_hook != NULL)
		next_log_hook(error);
}

static void hand_on(PlannedStmt *statement, const char *query, bool read_only_tree,
					ProcessUtilityContext context, ParamListInfo params,
					QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	if (next_hook != NULL)
		next_hook(statement, query, read_only_tree, context, params, environment, dest, completion);
	else
		standard_ProcessUtility(statement, query, read_only_tree, context, params, environment,
								dest, completion);
}

static void look(PlannedStmt *statement, const char *query, bool read_only_tree,
				 ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
				 DestReceiver *dest, QueryCompletion *completion)
{
	char *name;

	is_noted = false;
	if (!is_counted(statement->utilityStmt) ||
		(record_folder[0] == '\0' && replay_folder[0] == '\0'))
	{
		hand_on(statement, query, read_only_tree, context, params, environment, dest, completion);
		return;
	}
	name = name_execution(statement, query);
	if (record_folder[0] == '\0')
	{
		struct stat status;

		if (stat(psprintf("%s/refused/%s", replay_folder, name), &status) == 0)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("%s", short_message)));
		hand_on(statement, query, read_only_tree, context, params, environment, dest, completion);
		return;
	}
	/* The statement may commit, and free it. */
	name = MemoryContextStrdup(TopMemoryContext, name);
	PG_TRY();
	{
		hand_on(statement, query, read_only_tree, context, params, environment, dest, completion);
	}
	PG_CATCH();
	{
		/* The statement may have committed, and freed the caller's context. */
		MemoryContext during_error = MemoryContextSwitchTo(TopMemoryContext);
		ErrorData *error = CopyErrorData();

		if (is_ours(error) && !is_noted)
		{
			note("refusals", error->message);
			note(psprintf("refused/%s", name), query);
			is_noted = true;
			FlushErrorState();
			ereport(ERROR, (errcode(error->sqlerrcode), errmsg("%s", short_message)));
		}
		is_noted = true;
		/* An error of PostgreSQL's to which we have added what has become of a command. */
		if (error->hint != NULL && (strstr(error->hint, "behind, ") != NULL ||
									strstr(error->hint, "been done before it failed") != NULL ||
									strstr(error->hint, "have got the index") != NULL))
		{
			note("messages", error->hint);
			FlushErrorState();
			error->hint = NULL;
			ReThrowError(error);
		}
		FreeErrorData(error);
		pfree(name);
		MemoryContextSwitchTo(during_error);
		PG_RE_THROW();
	}
	PG_END_TRY();
	pfree(name);
}

void _PG_init(void)
{
	DefineCustomStringVariable("psi_twin.record", "Folder in which refused statements are noted.",
							   NULL, &record_folder, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("psi_twin.replay",
							   "Folder that says which statements are to be refused.", NULL,
							   &replay_folder, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("psi_twin");
	next_hook = ProcessUtility_hook;
	ProcessUtility_hook = look;
	next_log_hook = emit_log_hook;
	emit_log_hook = look_at_message;
}
