// build: the frame around a concurrent command.
#include "execute/concurrent_build.hpp"

#include "message/build_message.hpp"
#include "catalog/invalid_index.hpp"
#include "catalog/index_creation.hpp"
#include "execute/drop_index.hpp"
#include "stats/stats.hpp"
#include "pg/timeouts.hpp"

namespace psi
{

namespace
{

struct Sibling
{
	Oid id;
	NameData name;
};

// The concurrent command that is under way. It lives in a memory context of its own, under the
// portal's, since the command's commits do away with the rest.
struct Watch
{
	MemoryContext context;
	ConcurrentCommand command;
	LocalTransactionId begun_in;

	List *created;  // OIDs
	List *tables;   // OIDs; whose indexes are among the siblings
	List *siblings; // Sibling *; REINDEX: the indexes that were there before

	// After a failure.
	ErrorData *error;
	InvalidIndex *left;
	int left_count;
	std::optional<InvalidIndex> taken; // what has the name
	bool looked;
	int dropped; // so many of those left
	const char *drop_error;
};

void NoteSiblings(Watch &watch, Oid table)
{
	const List *indexes = IndexesOf(table);
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const auto row = ReadClass(list_nth_oid(indexes, i));
		if (!row.has_value())
			continue;
		auto *sibling = static_cast<Sibling *>(palloc(sizeof(Sibling)));
		*sibling = {row->id, row->name};
		watch.siblings = lappend(watch.siblings, sibling);
	}
}

void NoteCreated(Oid index, Oid table, void *argument)
{
	Watch &watch = *static_cast<Watch *>(argument);
	const MemoryContext caller = MemoryContextSwitchTo(watch.context);
	watch.created = lappend_oid(watch.created, index);
	if (watch.command.operation == Operation::reindex && !list_member_oid(watch.tables, table))
	{
		watch.tables = lappend_oid(watch.tables, table);
		NoteSiblings(watch, table);
	}
	MemoryContextSwitchTo(caller);
}

void AddIfLeft(Watch &watched, Oid index)
{
	const auto invalid = ReadInvalidIndex(index);
	if (invalid.has_value())
		watched.left[watched.left_count++] = *invalid;
}

// What has the failed command left? Run in a transaction of its own. An index that it created and
// committed is there, or not; index_concurrently_swap() gives an old one another name.
void LookForLeftovers(Watch &watched)
{
	const MemoryContext caller = MemoryContextSwitchTo(watched.context);
	const int most = list_length(watched.created) + list_length(watched.siblings) + 1;
	watched.left = static_cast<InvalidIndex *>(palloc(sizeof(InvalidIndex) * most));
	for (int i = 0; i < list_length(watched.created); ++i)
		AddIfLeft(watched, list_nth_oid(watched.created, i));
	for (int i = 0; i < list_length(watched.siblings); ++i)
	{
		const auto *sibling = static_cast<const Sibling *>(list_nth(watched.siblings, i));
		const auto row = ReadClass(sibling->id);
		if (row.has_value() && strcmp(NameStr(row->name), NameStr(sibling->name)) != 0)
			AddIfLeft(watched, sibling->id);
	}
	if (OidIsValid(watched.command.dropped))
		AddIfLeft(watched, watched.command.dropped);
	if (watched.error->sqlerrcode == ERRCODE_DUPLICATE_TABLE && watched.command.name != nullptr &&
		watched.left_count == 0)
		watched.taken = FindInvalidIndex(watched.command.schema, watched.command.name);
	watched.looked = true;
	MemoryContextSwitchTo(caller);
}

// Drops what was left. An error of it, a second cancel for one, ends the attempt, and is told
// about.
void DropLeftovers(const psi_call &call, Watch &watched)
{
	PG_TRY();
	{
		while (watched.dropped < watched.left_count)
		{
			InvalidIndex &index = watched.left[watched.dropped];
			const auto name_if_left = [&]() -> const char *
			{
				// Since the locks were given back another session may have mended it, or dropped
				// it.
				index.gone = !IsInvalidStill(index);
				return index.gone
						   ? nullptr
						   : quote_qualified_identifier(index.index.schema, index.index.name);
			};
			// The one that ended the build does so once.
			RestartStatementTimeout();
			DropConcurrently(call, watched.context, index.table_id, name_if_left);
			++watched.dropped;
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(watched.context);
		const ErrorData *error = CopyErrorData();
		watched.drop_error = error->message;
		FlushErrorState();
		BeginAfterError(watched.context);
	}
	PG_END_TRY();
}

// Called with the error in hand. Does not return.
void Fail(const psi_call &call, Watch &watched, const BuildOptions &options)
{
	MemoryContextSwitchTo(watched.context);
	watched.error = CopyErrorData();
	FlushErrorState();

	PG_TRY();
	{
		BeginAfterError(watched.context);
		LookForLeftovers(watched);
	}
	PG_CATCH();
	{
		// Cancelled once more.
		MemoryContextSwitchTo(watched.context);
		FlushErrorState();
		BeginAfterError(watched.context);
	}
	PG_END_TRY();

	const bool is_build = watched.command.operation != Operation::drop_index;
	if (is_build && watched.left_count > 0 && options.tell)
		CountFailedBuild(watched.command.operation);
	if (watched.looked && is_build && options.drop_failed)
		DropLeftovers(call, watched);

	MemoryContextSwitchTo(watched.context);
	if (!watched.looked)
		AddHint(*watched.error, HintForUnknown());
	else if (watched.left_count > 0 && (options.tell || options.drop_failed))
		AddHint(*watched.error, HintForLeftovers(watched.left, watched.left_count, watched.dropped,
												 watched.drop_error));
	else if (watched.taken.has_value() && options.tell)
		AddHint(*watched.error, HintForTakenName(*watched.taken));
	ReThrowError(watched.error);
}

// The timeouts stay away from the drop, too.
void FailAndResume(const psi_call &call, Watch &watched, const BuildOptions &options,
				   const Timeouts &timeouts)
{
	PG_TRY();
	{
		Fail(call, watched, options);
	}
	PG_FINALLY();
	{
		ResumeTimeouts(timeouts);
	}
	PG_END_TRY();
}

// Did the command leave something, or could there be something to say about the name?
bool IsWorthALook(const Watch &watched, const BuildOptions &options)
{
	if (CurrentLocalTransaction() != watched.begun_in)
		return watched.created != NIL || OidIsValid(watched.command.dropped);
	return options.tell && watched.command.name != nullptr &&
		   geterrcode() == ERRCODE_DUPLICATE_TABLE;
}

// IF NOT EXISTS: another session may have been building an index of that name when the command
// began, so that it had to wait, and have failed.
void LookAtSkipped(const Watch &watched, const Settings &settings)
{
	const ConcurrentCommand &command = watched.command;
	if (!command.if_not_exists || command.name == nullptr || watched.created != NIL)
		return;
	const auto invalid = FindInvalidIndex(command.schema, command.name);
	if (invalid.has_value())
		ReportSkipped(*invalid, true, settings);
}

} // namespace

void RunConcurrently(const psi_call &call, const ConcurrentCommand &command,
					 const BuildOptions &options, const Settings &settings)
{
	const bool suspend = options.suspend_timeouts && command.operation != Operation::drop_index;
	if (options.tell_before && command.builds)
	{
		if (!suspend)
			WarnOfTimeouts(command.operation);
		if (options.report_blockers_after > 0)
			TellOldTransactions(command, options.report_blockers_after);
	}

	const MemoryContext context =
		AllocSetContextCreate(PortalContext, "pg_safe_index build", ALLOCSET_SMALL_SIZES);
	auto *watched = static_cast<Watch *>(MemoryContextAllocZero(context, sizeof(Watch)));
	watched->context = context;
	watched->command = command;
	if (command.name != nullptr)
		watched->command.name = MemoryContextStrdup(context, command.name);
	watched->begun_in = CurrentLocalTransaction();

	const Timeouts timeouts = suspend ? SuspendTimeouts() : Timeouts{};
	const MemoryContext caller = CurrentMemoryContext;
	// A module down the chain may have tied something to the memory of the command, as pgaudit does
	// with its stack: it is to end with the command, not with the portal.
	const MemoryContext inside =
		AllocSetContextCreate(context, "pg_safe_index command", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(inside);
	const IndexListener listener = ListenToIndexes({NoteCreated, watched});
	PG_TRY();
	{
		call.go_on(&call);
	}
	PG_CATCH();
	{
		ListenToIndexes(listener);
		MemoryContextSwitchTo(context);
		MemoryContextDelete(inside);
		if (!IsWorthALook(*watched, options))
		{
			ResumeTimeouts(timeouts);
			PG_RE_THROW();
		}
		FailAndResume(call, *watched, options, timeouts);
	}
	PG_END_TRY();
	ListenToIndexes(listener);
	ResumeTimeouts(timeouts);
	// A commit has switched to the memory of the new transaction, and may have freed the caller's.
	if (CurrentMemoryContext == inside)
		MemoryContextSwitchTo(caller);
	MemoryContextDelete(inside);
	if (options.tell)
		LookAtSkipped(*watched, settings);
	MemoryContextDelete(context);
}

} // namespace psi
