// postpone_message: the words.
#include "message/postpone_message.hpp"

#include <cctype>

#include "message/block_message.hpp"
#include "message/build_message.hpp"
#include "message/violation_message.hpp"
#include "stats/stats.hpp"

namespace psi
{

void TellPostponed(const Judgment &judgment, const char *command, const char *text, bool is_first)
{
	CountRewritten(judgment, text);
	ereport(LOG, (errmsg("postponed until after COMMIT: %s", command),
				  errdetail_log("search_path: %s", namespace_search_path)));
	ereport(
		NOTICE,
		(errmsg("%s is postponed until after COMMIT", ConcurrentName(judgment.request.operation)),
		 errdetail(
			 "To be run: %s%s", command,
			 is_first
				 ? "\nCOMMIT returns when it is done. It waits for older transactions of other sessions, also of the same program."
				 : "")));
}

const char *HintToPostpone()
{
	return "To have it run after the COMMIT of this transaction: SET pg_safe_index.in_transaction = postpone;";
}

const char *HintNotPostponed(const char *why_not)
{
	return psprintf("It is not postponed until after COMMIT: %s.", why_not);
}

namespace
{

bool IsNamePart(char c)
{
	return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

// Does the message name the index? Quotation marks differ from language to language.
bool Names(const char *message, const char *index)
{
	const Size length = strlen(index);
	for (const char *found = strstr(message, index); found != nullptr;
		 found = strstr(found + 1, index))
	{
		const bool begins = found > message && !isspace(static_cast<unsigned char>(found[-1])) &&
							(IS_HIGHBIT_SET(found[-1]) || !IsNamePart(found[-1]));
		const char next = found[length];
		if (begins && next != '\0' && (IS_HIGHBIT_SET(next) || !IsNamePart(next)) &&
			!isspace(static_cast<unsigned char>(next)))
			return true;
	}
	return false;
}

} // namespace

void AddHintIfNamed(ErrorData &error, Operation operation, const char *index)
{
	const bool missing =
		error.sqlerrcode == ERRCODE_UNDEFINED_TABLE || error.sqlerrcode == ERRCODE_UNDEFINED_OBJECT;
	const bool taken =
		error.sqlerrcode == ERRCODE_DUPLICATE_TABLE || error.sqlerrcode == ERRCODE_DUPLICATE_OBJECT;
	if ((operation == Operation::create_index ? !missing : !taken) || index == nullptr ||
		!Names(error.message, index))
		return;
	error.hint =
		psprintf("%s of index \"%s\" is postponed until after COMMIT in this transaction.",
				 operation == Operation::create_index ? "CREATE INDEX" : "DROP INDEX", index);
}

static constexpr char uses_dropped[] = "an object that a postponed command uses has been dropped";

void ExplainFailedCheck(ErrorData &error, const char *command)
{
	// "cache lookup failed": the transaction has dropped a function, for example.
	if (error.sqlerrcode == ERRCODE_INTERNAL_ERROR)
	{
		error.sqlerrcode = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
		error.detail = error.message;
		error.message = pstrdup(uses_dropped);
	}
	AddHint(
		error,
		psprintf("The transaction is rolled back, because this postponed command would fail: %s",
				 command));
}

void ReportExists(const char *name, bool missing_ok, const char *hint)
{
	if (missing_ok)
		ereport(NOTICE, (errcode(ERRCODE_DUPLICATE_TABLE),
						 errmsg("relation \"%s\" already exists, skipping", name)));
	else
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE), errmsg("relation \"%s\" already exists", name),
				 hint != nullptr ? errhint("%s", hint) : 0));
}

void ReportPostponedTwice(const char *index, bool missing_ok)
{
	if (missing_ok)
		ReportExists(index, true, nullptr);
	else
		ereport(
			ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE), errmsg("relation \"%s\" already exists", index),
			 errdetail(
				 "CREATE INDEX of this index is postponed until after COMMIT in this transaction.")));
}

void ReportDroppedTwice(const char *index, bool missing_ok)
{
	if (missing_ok)
		ereport(NOTICE, (errmsg("index \"%s\" does not exist, skipping", index)));
	else
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("index \"%s\" does not exist", index),
			 errdetail(
				 "DROP INDEX of this index is postponed until after COMMIT in this transaction.")));
}

void RaiseNotYet(const char *index, Operation postponed)
{
	if (postponed == Operation::create_index)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("index \"%s\" does not exist", index),
			 errhint(
				 "CREATE INDEX of this index is postponed until after COMMIT in this transaction.")));
	ereport(
		ERROR,
		(errcode(ERRCODE_DUPLICATE_TABLE), errmsg("relation \"%s\" already exists", index),
		 errhint("DROP INDEX of this index is postponed until after COMMIT in this transaction.")));
}

void RaiseNotCommitted()
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("cannot commit a transaction with postponed index commands in this way"),
					errhint("End it with COMMIT.")));
}

void RaiseNotPrepared()
{
	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		 errmsg("cannot PREPARE a transaction with postponed index commands"),
		 errhint(
			 "SET pg_safe_index.in_transaction = refuse, and send these commands outside of the transaction.")));
}

void RaiseUsesDropped()
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg(uses_dropped)));
}

void RaiseNotPossible(const char *why_not)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("cannot run a postponed command after COMMIT: %s", why_not)));
}

void RaiseAltered(const char *column)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("the type of column \"%s\" has changed since CREATE INDEX was postponed",
						   column)));
}

void RaiseIsNeeded(const char *index)
{
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop index %s because other objects depend on it", index),
			 errdetail(
				 "DROP INDEX of this index is postponed until after COMMIT in this transaction.")));
}

void RaiseRebuilt(const char *index)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("index \"%s\" was created again after its DROP INDEX was postponed", index),
			 errdetail("ALTER TABLE does so with the indexes of a column whose type changes."),
			 errhint("Drop the index in a transaction before this one.")));
}

void RaiseOtherRole(Oid role)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("postponed index commands can only be run by role \"%s\"",
						   GetUserNameFromId(role, false)),
					errhint("The transaction is rolled back. RESET ROLE before COMMIT.")));
}

namespace
{

// With a question mark in place of each run of bytes that are not ASCII. In an encoding of the
// server all bytes of such a character have the high bit (pg_wchar.h).
char *InAscii(const char *text)
{
	StringInfoData ascii;
	initStringInfo(&ascii);
	for (const char *c = text; *c != '\0'; ++c)
	{
		if (!IS_HIGHBIT_SET(*c))
			appendStringInfoChar(&ascii, *c);
		else if (c == text || !IS_HIGHBIT_SET(c[-1]))
			appendStringInfoChar(&ascii, '?');
	}
	return ascii.data;
}

// Can the client's encoding show the text? If not, the client would get the error of the conversion
// in place of the message.
bool CanBeSent(const char *text)
{
	const MemoryContext caller = CurrentMemoryContext;
	volatile bool can = true;
	PG_TRY();
	{
		pg_server_to_client(text, static_cast<int>(strlen(text)));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		can = false;
	}
	PG_END_TRY();
	return can;
}

} // namespace

void RaiseCommittedBut(const ErrorData &error, const char *failed, int others, const char *commands)
{
	const char *message =
		"transaction is committed, but COMMIT failed after all postponed commands had been run";
	if (failed != nullptr)
		message =
			psprintf("transaction is committed, but this postponed command failed: %s", failed);
	if (failed != nullptr && others > 0)
		message =
			psprintf("%s (%d more %s not been run)", message, others, others == 1 ? "has" : "have");
	const char *log =
		psprintf("%s (SQLSTATE %s)%s%s", error.message, unpack_sql_state(error.sqlerrcode),
				 error.detail != nullptr ? "\n" : "", error.detail != nullptr ? error.detail : "");
	const char *detail = log;
	const char *hint =
		psprintf("%s%s%s%s",
				 commands != nullptr
					 ? "Do not repeat the transaction. Still to be run, one command at a time:\n"
					 : "Do not repeat the transaction. No command is left to be run.",
				 commands != nullptr ? commands : "", error.hint != nullptr ? "\n" : "",
				 error.hint != nullptr ? error.hint : "");
	if (!CanBeSent(message) || !CanBeSent(detail) || !CanBeSent(hint))
	{
		message = InAscii(message);
		detail = InAscii(detail);
		hint = psprintf(
			"%s\nA question mark stands for characters that client_encoding %s lacks. The server's log has them.",
			InAscii(hint), pg_get_client_encoding_name());
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg_internal("%s", message),
			 errdetail_internal("%s", detail), errdetail_log("%s", log), errhint("%s", hint)));
}

} // namespace psi
