// build_message: the words about concurrent commands, and about the invalid indexes that they
// leave.
#include "message/build_message.hpp"

#include "message/block_message.hpp"
#include "message/override.hpp"
#include "message/raise_violation.hpp"

namespace psi
{

namespace
{

// Appends the commands that drop or rebuild an invalid index, one a line.
void AppendMending(StringInfo out, const InvalidIndex &index)
{
	AppendLine(out, "To drop it: %s", DropCommand(index, false));
	AppendLine(out, "To rebuild it: %s", ReindexCommand(index, false));
}

// The same for an index that duplicate keys have kept from being built: as long as they are there,
// it cannot be rebuilt either. Returns whether there is a command that rebuilds it.
bool AppendMendingAfterDuplicates(StringInfo out, const InvalidIndex &index)
{
	const char *rebuild = ReindexCommand(index, false);
	AppendLine(out, "Remove the duplicates, then: %s", rebuild);
	AppendLine(out, rebuild != nullptr ? "To drop it instead: %s" : "To drop it: %s",
			   DropCommand(index, false));
	return rebuild != nullptr;
}

// What another process does to an index. Null unless that is certain.
const char *DoingText(const Worker &worker)
{
	switch (worker.doing)
	{
	case Doing::building:
		return "is building";
	case Doing::changing:
		return "is rebuilding or dropping";
	case Doing::nothing:
	case Doing::unknown:
		break;
	}
	return nullptr;
}

// Why an index is invalid, and what it costs.
const char *StateText(const InvalidIndex &index)
{
	if (!index.live)
		return "A drop of it did not finish. No query uses it.";
	return index.ready
			   ? "A build or a drop of it did not finish. No query uses it, but every write to the table maintains it."
			   : "A build of it did not finish. No query uses it.";
}

} // namespace

ViolationParts PartsOfSkipped(const InvalidIndex &index, const Request &request,
							  const StatementText &statement, const Settings &settings,
							  bool in_block)
{
	const Worker worker = AtWorkOn(index.id, index.table_id);
	const char *command =
		psprintf("CREATE INDEX %sIF NOT EXISTS would skip index \"%s\"",
				 request.concurrently ? "CONCURRENTLY " : "", index.index.Shown());
	StringInfoData message;
	StringInfoData detail;
	StringInfoData hint;
	initStringInfo(&message);
	initStringInfo(&detail);
	initStringInfo(&hint);

	const char *doing = DoingText(worker);
	if (doing != nullptr)
	{
		appendStringInfo(&message, "%s, which process %d %s at this moment", command, worker.pid,
						 doing);
		appendStringInfo(
			&detail, "The index on table \"%s\" is invalid until then, and stays so if that fails.",
			index.table.Shown());
		appendStringInfoString(&hint, "Wait for it to end, and run the command again.");
	}
	else
	{
		appendStringInfo(&message, "%s, which is invalid", command);
		appendStringInfo(&detail, "The index is on table \"%s\". %s", index.table.Shown(),
						 StateText(index));
		if (worker.doing == Doing::unknown)
			appendStringInfo(
				&detail,
				" Process %d holds a lock on the table as a concurrent build does, and may be building it.",
				worker.pid);
		AppendMending(&hint, index);
	}
	AppendLine(&hint, "%s",
			   OverrideLine(settings,
							{ShortCommand(request, statement), in_block, request.concurrently, 0}));
	return {message.data, detail.data, hint.data, &index.table, index.index.name};
}

void ReportSkipped(const InvalidIndex &index, const Request &request,
				   const StatementText &statement, const Settings &settings)
{
	RaiseViolation(settings, PartsOfSkipped(index, request, statement, settings, false));
}

void WarnOfTimeouts(Operation operation)
{
	struct
	{
		const char *name;
		bool set;
	} const timeouts[] = {{"statement_timeout", StatementTimeout > 0},
						  {"lock_timeout", LockTimeout > 0},
						  {"transaction_timeout", TransactionTimeoutInForce() > 0}};
	StringInfoData names;
	StringInfoData values;
	initStringInfo(&names);
	initStringInfo(&values);
	for (const auto &timeout : timeouts)
	{
		if (!timeout.set)
			continue;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", timeout.name);
		appendStringInfo(&values, "%s%s = %s", values.len > 0 ? ", " : "", timeout.name,
						 GetConfigOptionByName(timeout.name, nullptr, false));
	}
	if (names.len == 0)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("%s may be interrupted by %s", ConcurrentName(operation), names.data),
			 errdetail("In force: %s. A build that is interrupted leaves an invalid index behind.",
					   values.data),
			 errhint("To suspend them during a build: SET pg_safe_index.suspend_timeouts = on;")));
}

namespace
{

// Hours, minutes and seconds, as PostgreSQL shows an interval.
const char *AgeText(std::int64_t milliseconds)
{
	const std::int64_t seconds = milliseconds / 1000;
	return psprintf("%02d:%02d:%02d", static_cast<int>(seconds / 3600),
					static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
}

const char *BlockerText(const Blocker &blocker)
{
	if (blocker.pid == 0)
		return psprintf("Prepared transaction \"%s\" (role \"%s\"), prepared %s ago.", blocker.gid,
						blocker.role, AgeText(blocker.age));
	return psprintf("Process %d (role \"%s\", application \"%s\"), open for %s%s%s%s", blocker.pid,
					blocker.role, blocker.application, AgeText(blocker.age),
					blocker.idle ? ", idle in transaction" : "",
					blocker.query != nullptr ? ": " : ".",
					blocker.query != nullptr ? blocker.query : "");
}

} // namespace

const char *BlockersText(const Blockers &blockers)
{
	StringInfoData lines;
	initStringInfo(&lines);
	for (int i = 0; i < blockers.count; ++i)
		AppendLine(&lines, "%s", BlockerText(blockers.items[i]));
	if (blockers.total > blockers.count)
		AppendLine(&lines, "%s", psprintf("And %d more.", blockers.total - blockers.count));
	return lines.data;
}

void TellOldTransactions(const ConcurrentCommand &command, std::int64_t older_than,
						 Array<TransactionMark> &told)
{
	// A build waits first for its own lock on the table, SHARE UPDATE EXCLUSIVE, and then for all
	// transactions that can write to the table. REINDEX waits in the end for those that can read
	// it, too.
	LOCKMASK lock_modes = 0;
	const LOCKMODE weakest =
		command.operation == Operation::reindex ? AccessShareLock : RowExclusiveLock;
	for (LOCKMODE mode = weakest; mode <= AccessExclusiveLock; ++mode)
		lock_modes |= LOCKBIT_ON(mode);
	const Blockers blockers = OldTransactions(command.table, lock_modes, older_than, told);
	if (blockers.count == 0)
		return;

	for (int i = 0; i < blockers.count; ++i)
		told.Add(blockers.items[i].mark);
	ereport(NOTICE,
			(errmsg_plural(
				 "%s has to wait for %d transaction that is older than %s",
				 "%s has to wait for %d transactions that are older than %s", blockers.total,
				 ConcurrentName(command.operation), blockers.total,
				 GetConfigOptionByName("pg_safe_index.report_blockers_after", nullptr, false)),
			 errdetail_internal("%s", BlockersText(blockers))));
}

void AddHint(ErrorData &error, const char *hint)
{
	error.hint = error.hint == nullptr ? pstrdup(hint) : psprintf("%s\n%s", error.hint, hint);
}

const char *HintForLeftovers(const InvalidIndex *left, int count, int dropped,
							 const char *drop_error, bool duplicates)
{
	StringInfoData hint;
	initStringInfo(&hint);
	bool can_rebuild = false;
	for (int i = 0; i < dropped; ++i)
		AppendLine(
			&hint,
			left[i].gone
				? "Index \"%s\", which the failed command left behind, has been repaired or dropped by another session."
				: "Index \"%s\", which the failed command left behind, was dropped.",
			left[i].index.Shown());
	for (int i = dropped; i < count; ++i)
	{
		AppendLine(&hint, "The failed command left index \"%s\" behind, marked invalid.",
				   left[i].index.Shown());
		if (duplicates)
			can_rebuild = AppendMendingAfterDuplicates(&hint, left[i]) || can_rebuild;
		else
			AppendMending(&hint, left[i]);
	}
	if (duplicates && !can_rebuild)
		AppendLine(&hint, "%s", "Remove the duplicates, then send the command again.");
	AppendLine(&hint, "It could not be dropped now: %s.", drop_error);
	return hint.data;
}

const char *ReasonNotDropped(const ErrorData &error, int lock_timeout)
{
	// The client has not set this limit, unless its own is shorter.
	if (error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && lock_timeout > 0 &&
		(LockTimeout == 0 || LockTimeout >= lock_timeout))
		return psprintf(
			"another transaction was in the way for longer than pg_safe_index.lock_timeout (%d ms)",
			lock_timeout);
	return pstrdup(error.message);
}

const char *HintForUnknown()
{
	return "The failed command may have left an invalid index behind. It could not be looked for; the view pg_safe_index_invalid shows it.";
}

const char *HintForTakenName(const InvalidIndex &index)
{
	StringInfoData hint;
	initStringInfo(&hint);
	const Worker worker = AtWorkOn(index.id, index.table_id);
	const char *doing = DoingText(worker);
	if (doing != nullptr)
		appendStringInfo(&hint, "Process %d %s index \"%s\" at this moment.", worker.pid, doing,
						 index.index.Shown());
	else
	{
		appendStringInfo(&hint, "Index \"%s\" on table \"%s\" is invalid. %s", index.index.Shown(),
						 index.table.Shown(), StateText(index));
		AppendMending(&hint, index);
	}
	return hint.data;
}

} // namespace psi
