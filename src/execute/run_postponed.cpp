// run_postponed: the commit, and one command after the other.
#include "execute/run_postponed.hpp"

#include "catalog/index.hpp"
#include "execute/check_postponed.hpp"
#include "execute/postponed.hpp"
#include "execute/postponed_index.hpp"
#include "execute/execute_face.h"
#include "execute/parse_command.hpp"
#include "execute/run_command.hpp"
#include "message/postpone_message.hpp"
#include "pg/list.hpp"
#include "plan/step.hpp"
#include "statement/statement_face.h"

namespace psi
{

namespace
{

// ---- The commit

// A transaction's own characteristics, for AND CHAIN.
struct Characteristics
{
	int isolation;
	bool read_only;
	bool deferrable;
};

// COMMIT as PostgreSQL executes it: marks the block as one to be committed. Without AND CHAIN,
// since the commands are run before the next block begins. What another module ties to the memory
// of COMMIT goes before they begin.
void MarkAsCommitted(const psi_call &call)
{
	psi_call plain = call;
	plain.statement = static_cast<PlannedStmt *>(copyObjectImpl(call.statement));
	reinterpret_cast<TransactionStmt *>(plain.statement->utilityStmt)->chain = false;
	InOwnContext(PortalContext, [&] { plain.go_on(&plain); });
}

// ---- After the commit

// The commands, and how far they have come. In the memory of the list.
struct Run
{
	const psi_call &call;
	MemoryContext memory; // of the list
	Array<PostponedCommand> commands;
	int current = 0;
	// The values before those of the commands; null: not changed.
	const char *values[kept_settings_count] = {};
};

// The value that a parameter has without a SET of this session.
bool IsResetValue(const char *name, const char *value)
{
	const char *reset = GetConfigOptionResetString(name);
	return reset != nullptr && strcmp(reset, value) == 0;
}

// Sets a parameter outside of a transaction, so that neither the commits of a command nor its abort
// undo it.
void SetParameter(const char *name, const char *value)
{
	// The value from the configuration comes back as such: RESET.
	set_config_option(name, IsResetValue(name, value) ? nullptr : value, PGC_USERSET, PGC_S_SESSION,
					  GUC_ACTION_SET, true, 0, false);
}

void SetParametersOf(Run &run, const PostponedCommand &command)
{
	for (int i = 0; i < kept_settings_count; ++i)
	{
		const char *value = GetConfigOption(kept_settings[i], true, false);
		if (value == nullptr || strcmp(value, command.values[i]) == 0)
			continue;
		if (run.values[i] == nullptr)
			run.values[i] = MemoryContextStrdup(run.memory, value);
		SetParameter(kept_settings[i], command.values[i]);
	}
}

void RestoreParameters(Run &run)
{
	for (int i = 0; i < kept_settings_count; ++i)
	{
		if (run.values[i] != nullptr)
			SetParameter(kept_settings[i], run.values[i]);
		run.values[i] = nullptr;
	}
}

// What is to be run, with the names of now.
struct ToRun
{
	const char *text = nullptr; // null: what it is about is gone, so nothing is left to do
	IndexStmt *create = nullptr;
};

ToRun FindToRun(const PostponedCommand &command)
{
	if (command.operation == Operation::create_index)
	{
		IndexStmt *form = FormNow(command);
		return form != nullptr ? ToRun{TextNow(command, *form), form} : ToRun{};
	}
	const auto index = ReadClass(command.index);
	if (!index.has_value())
		return {};
	return {psprintf("DROP INDEX CONCURRENTLY %s;", QualifiedNameOf(*index).Quoted())};
}

// PostgreSQL finds what a command means by its names, and waits for the lock then. While we wait,
// another session may give the names to something else: so the locks come first, and then the
// names. Nobody can rename table, column or index meanwhile.
void LockAndRun(const Runner &runner, const PostponedCommand &command)
{
	const bool drops = command.operation == Operation::drop_index;
	LockBeforeSnapshot(drops ? IndexGetRelation(command.index, true) : command.table,
					   command.index);
	const ToRun what = FindToRun(command);
	if (what.text == nullptr)
		return;
	pgstat_report_activity(STATE_RUNNING, what.text);
	const psi_call call = CallInPlaceOf(runner.call, what.text);
	if (what.create != nullptr)
		call.statement->utilityStmt = reinterpret_cast<Node *>(what.create);
	RunLocked(runner, call);
}

// Runs a command, and commits it. In a transaction without a snapshot afterwards.
void RunOne(Run &run, const PostponedCommand &command)
{
	CommitTransactionCommand();
	SetParametersOf(run, command);
	StartTransactionCommand();
	const MemoryContext memory =
		AllocSetContextCreate(PortalContext, "pg_safe_index command", ALLOCSET_SMALL_SIZES);
	pgstat_report_activity(STATE_RUNNING, command.command);
	const Runner runner{run.call, command.settings, command.options, memory};
	InOwnContext(memory, [&] { LockAndRun(runner, command); });
	CommitAndBeginWithoutSnapshot(PortalContext);
	MemoryContextDelete(memory);
}

// In pg_stat_activity, in place of the command's.
void ReportClientsText()
{
	if (debug_query_string != nullptr)
		pgstat_report_activity(STATE_RUNNING, debug_query_string);
}

void RunAll(Run &run)
{
	StartTransactionCommand();
	for (; run.current < run.commands.Count(); ++run.current)
	{
		if (run.commands[run.current].IsOn())
			RunOne(run, run.commands[run.current]);
	}
	CommitTransactionCommand();
	RestoreParameters(run);
	StartTransactionCommand();
	ReportClientsText();
}

// Raises the error on the error stack as one of a transaction that is committed.
void Fail(Run &run)
{
	const ErrorData &error = *TakeError(PortalContext);
	AbortCurrentTransaction();
	RestoreParameters(run);
	StartTransactionCommand();
	ReportClientsText();
	MemoryContextSwitchTo(PortalContext);
	List *left = NIL;
	const char *failed = nullptr;
	int others = 0;
	const char *path = pstrdup(GetConfigOption(kept_settings[0], false, false));
	for (int i = run.current; i < run.commands.Count(); ++i)
	{
		if (!run.commands[i].IsOn())
			continue;
		// The names are meant for the path in which they were sent.
		if (strcmp(path, run.commands[i].values[0]) != 0)
			left =
				lappend(left, psprintf("SET search_path = %s;", run.commands[i].values[0][0] != '\0'
																	? run.commands[i].values[0]
																	: "''"));
		path = pstrdup(run.commands[i].values[0]);
		char *command = pstrdup(run.commands[i].command);
		left = lappend(left, command);
		if (failed == nullptr)
			failed = command;
		else
			++others;
	}
	MemoryContextDelete(run.memory);
	RaiseCommittedBut(error, failed, others, left != NIL ? AsLines(left) : nullptr);
}

// Nothing may raise an error between the commit and this.
void RunAfterCommit(Run &run)
{
	PG_TRY();
	{
		RunAll(run);
	}
	PG_CATCH();
	{
		Fail(run);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(PortalContext);
	MemoryContextDelete(run.memory);
}

// PortalRun() makes the memory context of the savepoint the current one again, in which the
// client's command began. So it has to outlive the commit. One that is empty would go with the
// savepoint (AtSubCommit_Memory()).
void KeepContextOfSavepoint()
{
	MemoryContextAlloc(CurTransactionContext, 1);
	MemoryContextSetParent(CurTransactionContext, MessageContext);
}

// AND CHAIN: makes this transaction, in which nothing has been done, a block like the one before,
// and its COMMIT AND CHAIN the client's. So PostgreSQL begins the next block itself, after
// PortalRun(): that one puts back the resource owner of an open savepoint, which is gone, and a
// block would go on with it.
void ChainToNextBlock(const Characteristics &characteristics)
{
	BeginTransactionBlock();
	CommitTransactionCommand();
	XactIsoLevel = characteristics.isolation;
	XactReadOnly = characteristics.read_only;
	XactDeferrable = characteristics.deferrable;
	psi_note_chain();
	EndTransactionBlock(true);
}

} // namespace

void CommitAndRunPostponed(const psi_call &call)
{
	const auto &statement = *reinterpret_cast<TransactionStmt *>(call.statement->utilityStmt);
	const Characteristics characteristics{XactIsoLevel, XactReadOnly, XactDeferrable};
	const bool chain = statement.chain;
	const bool in_savepoint = GetCurrentTransactionNestLevel() > 1;
	ErrorData *error = CheckAllPostponed();
	MarkAsCommitted(call);
	if (error != nullptr)
		ReThrowError(error);

	const MemoryContext memory = MemoryOfPostponed();
	MemoryContextSwitchTo(memory);
	Run &run = *Make(Run{call, memory, AllPostponed()});
	LetCommit();
	if (in_savepoint)
		KeepContextOfSavepoint();
	CommitTransactionCommand();
	ReleasePostponed();
	RunAfterCommit(run);
	if (chain)
		ChainToNextBlock(characteristics);
	if (in_savepoint)
		ExpectLostOwner();
}

} // namespace psi

extern "C" bool psi_is_postponed(void)
{
	return psi::IsAnyPostponed() && !IsAbortedTransactionBlockState();
}

extern "C" void psi_commit_postponed(const psi_call *call)
{
	psi::CommitAndRunPostponed(*call);
}
