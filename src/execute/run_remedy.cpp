// run_remedy: the steps, and what is undone.
#include "execute/run_remedy.hpp"

#include "catalog/index.hpp"
#include "execute/drop_index.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"
#include "message/build_message.hpp"
#include "pg/array.hpp"
#include "pg/node.hpp"
#include "pg/timeouts.hpp"

namespace psi
{

namespace
{

// How far the commands have come. Palloc'd: PG_CATCH needs it.
struct Progress
{
	int done = 0;           // commands
	Oid built = InvalidOid; // the index that is to become a constraint
};

// Raises the error on the error stack again, with a hint about the valid index that is to become a
// constraint: the command did not get its lock, and can be sent again.
void KeepIndexAndRaise(const Runner &runner, Oid index)
{
	ErrorData *error = TakeError(runner.context);
	AbortAndBegin(runner.context);
	const auto row = ReadClass(index);
	if (row.has_value())
		AddHint(*error,
				psprintf("Index \"%s\" has been built: that command turns it into the constraint.",
						 NameOf(*row).Shown()));
	ReThrowError(error);
}

// The hint about the index that could not be dropped; null if it is gone. Allocates.
const char *HintForUndropped(Oid index)
{
	const auto row = ReadClass(index);
	if (!row.has_value())
		return nullptr;
	const char *name = QualifiedNameOf(*row).Quoted();
	// DROP INDEX CONCURRENTLY marks the index invalid before it waits for the transactions that use
	// the table.
	const bool is_valid = IsValidIndex(index);
	return psprintf("Index %s was built for the constraint, and could not be dropped%s.\n"
					"To drop it: DROP INDEX CONCURRENTLY IF EXISTS %s;\n"
					"The same command, sent again, %s.",
					name, is_valid ? "" : ": it is marked invalid", name,
					is_valid ? "uses it" : "drops it and builds it again");
}

// Drops the valid index that could not be turned into a constraint, so that the failed command
// leaves nothing. Raises the error on the error stack again.
void DropIndexAndRaise(const Runner &runner, Oid index, Oid table)
{
	ErrorData *error = TakeError(runner.context);
	PG_TRY();
	{
		AbortAndBegin(runner.context);
		// The timeout that ended the command is not running any more, and there may be no other
		// limit.
		RestartStatementTimeout();
		const auto name_if_free = [index, table] { return NameOfFreeIndex(index, table); };
		DropConcurrently(runner.call, runner.context, table, runner.options.lock_timeout,
						 name_if_free);
		CommitAndBegin(runner.context);
	}
	PG_CATCH();
	{
		TakeError(runner.context);
		AbortAndBegin(runner.context);
		if (const char *hint = HintForUndropped(index); hint != nullptr)
			AddHint(*error, hint);
	}
	PG_END_TRY();
	ReThrowError(error);
}

// Whoever waits for the command to end wants it to end.
constexpr int undo_attempts = 3;

// Undoes one of the first `done` steps, if one can be undone. Returns the command for it if that
// fails, and null otherwise. In a new transaction without a snapshot afterwards.
const char *UndoSteps(const Runner &runner, const Remedy &remedy, int done)
{
	int first = 0;
	while (first < done && remedy.steps[first].undo == nullptr)
		++first;
	if (first == done)
		return nullptr;
	Step undo = remedy.steps[first];
	undo.text = makeStringInfo();
	appendStringInfoString(undo.text, remedy.steps[first].undo);
	Runner brief = runner;
	brief.options.lock_attempts = Min(runner.options.lock_attempts, undo_attempts);
	const char *volatile left = nullptr;
	PG_TRY();
	{
		AbortAndBegin(runner.context);
		// The timeout that ended the command is not running any more, and there may be no other
		// limit.
		RestartStatementTimeout();
		RunStep(brief, undo);
		CommitAndBegin(runner.context);
	}
	PG_CATCH();
	{
		FreeErrorData(TakeError(runner.context));
		AbortAndBegin(runner.context);
		left = undo.text->data;
	}
	PG_END_TRY();
	return left;
}

// Raises the error on the error stack again, with a hint that lists the commands that have been
// run, and are not undone: the client sent one command, and has to know that a part of it is done.
void ListDoneAndRaise(const Runner &runner, const Remedy &remedy, int done)
{
	ErrorData *error = TakeError(runner.context);
	const char *undo = UndoSteps(runner, remedy, done);
	List *staying = NIL;
	for (int i = 0; i < done; ++i)
	{
		if (undo != nullptr || remedy.steps[i].undo == nullptr)
			staying = lappend(staying, remedy.steps[i].text->data);
	}
	if (staying != NIL)
		AddHint(*error, psprintf("This has been done before it failed, and stays:\n%s",
								 FirstCommands(staying)));
	if (undo != nullptr)
		AddHint(*error, psprintf("To undo it: %s", undo));
	ReThrowError(error);
}

// Runs a step of a remedy, unless an earlier command has done it.
void RunStepOf(const Judgment &judgment, const Runner &runner, const Step &step, bool is_last,
			   Progress &progress)
{
	if (step.IsBounded())
	{
		RunStep(runner, step);
		return;
	}
	CommitAndBegin(runner.context);
	const Operation operation = judgment.request.operation;
	const char *command = step.text->data;
	const auto *create = IfA<IndexStmt>(ParseCommand(command)->utilityStmt);
	if (create == nullptr)
	{
		RunStep(runner, step);
		return;
	}
	const bool is_built =
		PrepareToBuild(runner, *create, command, operation == Operation::attach_partition);
	// The index exists already. If a later step attaches it or turns it into a constraint, skip the
	// build; otherwise PostgreSQL raises its error that the name is taken.
	if (is_built && !is_last)
		return;
	RunStep(runner, step);
	if (operation == Operation::add_constraint)
		progress.built = get_relname_relid(create->idxname, judgment.target.schema);
}

void RunSteps(const Runner &runner, const Remedy &remedy, const Judgment &judgment,
			  Progress &progress)
{
	// There may be thousands of commands, and each is parsed. The memory of each is freed before
	// the next.
	const MemoryContext memory =
		AllocSetContextCreate(runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	const Runner step_runner = runner.In(memory);
	const int count = remedy.steps.Count();
	for (; progress.done < count; ++progress.done)
	{
		MemoryContextReset(memory);
		RunStepOf(judgment, step_runner, remedy.steps[progress.done], progress.done + 1 == count,
				  progress);
	}
	// Commits the last command here, where an error of the commit is handled.
	CommitAndBegin(runner.context);
	MemoryContextDelete(memory);
}

} // namespace

void RunRemedy(const Runner &runner, const Remedy &remedy, const Judgment &judgment)
{
	Progress &progress = *Make(Progress{});
	PG_TRY();
	{
		RunSteps(runner, remedy, judgment, progress);
	}
	PG_CATCH();
	{
		if (OidIsValid(progress.built) && geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE)
			KeepIndexAndRaise(runner, progress.built);
		if (OidIsValid(progress.built))
			DropIndexAndRaise(runner, progress.built, judgment.target.table_id);
		if (progress.done > 0)
			ListDoneAndRaise(runner, remedy, progress.done);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

} // namespace psi
