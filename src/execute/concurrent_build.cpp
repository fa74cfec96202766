// concurrent_build: what is done before, around and after a concurrent command.
#include "execute/concurrent_build.hpp"

#include "catalog/index_creation.hpp"
#include "catalog/invalid_index.hpp"
#include "execute/drop_index.hpp"
#include "message/build_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"
#include "pg/timeouts.hpp"
#include "stats/stats.hpp"

namespace psi
{

namespace
{

// An index and the name that it had before the command.
struct NamedIndex
{
	Oid id;
	NameData name;
};

// The concurrent command that is being executed, and what it has left once it has failed. It lives
// in a memory context of its own below PortalContext: the command's commits free the memory of its
// transactions, and PG_CATCH finds it as it is.
struct Build
{
	const psi_call &call;
	ConcurrentCommand command;
	BuildOptions options;
	MemoryContext context;         // of this object and all it points to
	MemoryContext command_context; // current while the command runs
	MemoryContext caller_context;
	LocalTransactionId begun_in;

	IndexListener outer_listener{nullptr, nullptr};
	Timeouts timeouts{};

	Array<Oid> created{};         // indexes
	List *tables = NIL;           // REINDEX: tables whose indexes are among `existing`
	Array<NamedIndex> existing{}; // REINDEX: indexes that existed before

	// Set once the command has failed.
	ErrorData *error = nullptr;
	bool looked = false;                         // the fields below are known
	Array<InvalidIndex> left{};                  // invalid indexes that the command left
	int dropped = 0;                             // the number of those in `left` that are dropped
	const char *drop_error = nullptr;            // the error that kept the rest from being dropped
	std::optional<InvalidIndex> name_taken_by{}; // the invalid index that has the wanted name
};

Build &NewBuild(const psi_call &call, const ConcurrentCommand &command, const BuildOptions &options)
{
	const MemoryContext caller = CurrentMemoryContext;
	const MemoryContext context =
		AllocSetContextCreate(PortalContext, "pg_safe_index build", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(context);
	// Another module may have tied something to the memory of the command, as pgaudit does with its
	// stack. That memory has to go when the command ends, not when the portal ends.
	const MemoryContext inside =
		AllocSetContextCreate(context, "pg_safe_index command", ALLOCSET_SMALL_SIZES);
	Build &build =
		*Make(Build{call, command, options, context, inside, caller, CurrentLocalTransaction()});
	if (command.name != nullptr)
		build.command.name = pstrdup(command.name);
	MemoryContextSwitchTo(caller);
	return build;
}

void NoteExisting(Build &build, Oid table)
{
	for (const Oid index : EachOid(IndexesOf(table)))
	{
		const auto row = ReadClass(index);
		if (row.has_value())
			build.existing.Add({row->id, row->name});
	}
}

// Reports how far the build on the partitioned table has come. The command has reset all that was
// reported before it (pgstat_progress_start_command()), and leaves these two alone.
void ReportPartitions(const BuildOptions &options)
{
	if (options.partitions_total == 0)
		return;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_PARTITIONS_TOTAL, options.partitions_total);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_PARTITIONS_DONE, options.partitions_done);
}

// An IndexListener: called before the index is built.
void NoteCreated(Oid index, Oid table, bool, void *argument)
{
	Build &build = *static_cast<Build *>(argument);
	const MemoryContext caller = MemoryContextSwitchTo(build.context);
	build.created.Add(index);
	ReportPartitions(build.options);
	if (build.command.operation == Operation::reindex && !list_member_oid(build.tables, table))
	{
		build.tables = lappend_oid(build.tables, table);
		NoteExisting(build, table);
	}
	MemoryContextSwitchTo(caller);
}

void AddIfInvalid(Build &build, Oid index)
{
	const auto invalid = ReadInvalidIndex(index);
	if (invalid.has_value())
		build.left.Add(*invalid);
}

// Finds out what the failed command has left, in a new transaction. An index that the command
// created exists if its transaction was committed. index_concurrently_swap() gives the old index
// another name.
void FindLeftovers(Build &build)
{
	const MemoryContext caller = MemoryContextSwitchTo(build.context);
	for (const Oid index : build.created)
		AddIfInvalid(build, index);
	for (const NamedIndex &index : build.existing)
	{
		const auto row = ReadClass(index.id);
		if (row.has_value() && strcmp(NameStr(row->name), NameStr(index.name)) != 0)
			AddIfInvalid(build, index.id);
	}
	if (OidIsValid(build.command.dropped))
		AddIfInvalid(build, build.command.dropped);
	if (build.error->sqlerrcode == ERRCODE_DUPLICATE_TABLE && build.command.name != nullptr &&
		build.left.IsEmpty())
		build.name_taken_by = FindInvalidIndex(build.command.schema, build.command.name);
	build.looked = true;
	MemoryContextSwitchTo(caller);
}

// Drops what the command has left. An error ends the attempt and becomes part of the hint: a second
// cancel, for example, or a transaction that is in the way. What the build waited for is often
// still there, and whoever cancels the build wants it to end, so the drop waits only a moment.
void DropLeftovers(Build &build)
{
	PG_TRY();
	{
		for (; build.dropped < build.left.Count(); ++build.dropped)
		{
			InvalidIndex &index = build.left[build.dropped];
			const auto name_if_left = [&]() -> const char *
			{
				// Another session may have repaired or dropped it since the command released its
				// locks.
				index.gone = !IsInvalidStill(index);
				return index.gone
						   ? nullptr
						   : quote_qualified_identifier(index.index.schema, index.index.name);
			};
			// The timeout that ended the build is not running any more.
			if (!build.timeouts.suspended)
				RestartStatementTimeout();
			DropConcurrently(build.call, build.context, index.table_id, build.options.lock_timeout,
							 name_if_left);
		}
	}
	PG_CATCH();
	{
		build.drop_error = ReasonNotDropped(*TakeError(build.context), build.options.lock_timeout);
		AbortAndBegin(build.context);
	}
	PG_END_TRY();
	if (build.drop_error == nullptr)
		return;
	PG_TRY();
	{
		ReadAgain(build.left.begin() + build.dropped, build.left.Count() - build.dropped);
	}
	PG_CATCH();
	{
		TakeError(build.context);
		AbortAndBegin(build.context);
	}
	PG_END_TRY();
}

// The sentences to add to the hint of the error; null if there are none. Allocates.
const char *HintFor(const Build &build)
{
	if (!build.looked)
		return HintForUnknown();
	if (!build.left.IsEmpty())
		return build.options.explain || build.options.drop_failed
				   ? HintForLeftovers(build.left.begin(), build.left.Count(), build.dropped,
									  build.drop_error,
									  build.error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
				   : nullptr;
	return build.name_taken_by.has_value() && build.options.explain
			   ? HintForTakenName(*build.name_taken_by)
			   : nullptr;
}

// Raises the error of the failed command again, with a longer hint, once what the command left has
// been found, and dropped if the settings say so. Called with the error on the error stack.
void RaiseWithHint(Build &build)
{
	build.error = TakeError(build.context);
	PG_TRY();
	{
		AbortAndBegin(build.context);
		FindLeftovers(build);
	}
	PG_CATCH();
	{
		// The client has cancelled this, too.
		TakeError(build.context);
		AbortAndBegin(build.context);
	}
	PG_END_TRY();

	const bool is_build = build.command.operation != Operation::drop_index;
	if (is_build && !build.left.IsEmpty() && build.options.explain)
		CountFailedBuild(build.command.operation);
	if (is_build && build.looked && build.options.drop_failed)
		DropLeftovers(build);

	MemoryContextSwitchTo(build.context);
	const char *hint = HintFor(build);
	if (hint != nullptr)
		AddHint(*build.error, hint);
	ReThrowError(build.error);
}

// Can the failed command have left something, or is there something to say about the name? Called
// with the error on the error stack.
bool NeedsHint(const Build &build)
{
	if (CurrentLocalTransaction() != build.begun_in)
		return !build.created.IsEmpty() || OidIsValid(build.command.dropped);
	return build.options.explain && build.command.name != nullptr &&
		   geterrcode() == ERRCODE_DUPLICATE_TABLE;
}

// Raises the error of the failed command. The timeouts stay suspended while an index is dropped.
void Fail(Build &build)
{
	PG_TRY();
	{
		if (NeedsHint(build))
			RaiseWithHint(build);
		PG_RE_THROW();
	}
	PG_FINALLY();
	{
		ResumeTimeouts(build.timeouts);
	}
	PG_END_TRY();
}

// IF NOT EXISTS: when the command began, another session may have been building an index of that
// name, which made the command wait, and that build may have failed.
void CheckSkipped(const Build &build, const Settings &settings)
{
	const ConcurrentCommand &command = build.command;
	if (!command.if_not_exists || command.name == nullptr || !build.created.IsEmpty())
		return;
	const auto invalid = FindInvalidIndex(command.schema, command.name);
	if (invalid.has_value())
		ReportSkipped(*invalid, AskedFor(build.call.statement->utilityStmt).First(),
					  TextOf(*build.call.statement, build.call.query), settings);
}

// Tells the client what may keep the build waiting, or end it.
void WarnBefore(const ConcurrentCommand &command, const BuildOptions &options, bool suspend)
{
	Told own;
	Told &told = options.told != nullptr ? *options.told : own;
	if (!suspend && !told.timeouts)
		WarnOfTimeouts(command.operation);
	told.timeouts = true;
	if (options.report_blockers_after > 0)
		TellOldTransactions(command, options.report_blockers_after, told.transactions);
}

} // namespace

Told *MakeTold()
{
	Told *told = Make(Told{});
	// An array stays in the memory context in which it begins.
	told->transactions.Reserve(blockers_max);
	return told;
}

void RunConcurrently(const psi_call &call, const ConcurrentCommand &command,
					 const BuildOptions &options, const Settings &settings)
{
	const bool suspend = options.suspend_timeouts && command.operation != Operation::drop_index;
	if (options.warn_before && command.builds)
		WarnBefore(command, options, suspend);
	Build &build = NewBuild(call, command, options);
	MemoryContextSwitchTo(build.command_context);
	build.outer_listener = ListenToIndexes({NoteCreated, &build});
	// Nothing may raise an error between this and PG_TRY(), or the session would keep lock_timeout
	// = 0.
	if (suspend)
		build.timeouts = SuspendTimeouts();
	PG_TRY();
	{
		call.go_on(&call);
	}
	PG_CATCH();
	{
		ListenToIndexes(build.outer_listener);
		MemoryContextSwitchTo(build.context);
		MemoryContextDelete(build.command_context);
		Fail(build);
	}
	PG_END_TRY();
	ListenToIndexes(build.outer_listener);
	ResumeTimeouts(build.timeouts);
	// A commit has switched to the memory of the new transaction, and may have freed the caller's.
	if (CurrentMemoryContext == build.command_context)
		MemoryContextSwitchTo(build.caller_context);
	MemoryContextDelete(build.command_context);
	if (options.explain)
		CheckSkipped(build, settings);
	MemoryContextDelete(build.context);
}

} // namespace psi
