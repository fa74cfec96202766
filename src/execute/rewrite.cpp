// rewrite: decides which commands are run, and in what order.
#include "execute/rewrite.hpp"

#include "catalog/activity.hpp"
#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/drop_index.hpp"
#include "execute/failed_builds.hpp"
#include "execute/foreign_partitions.hpp"
#include "execute/parse_command.hpp"
#include "execute/partitioned_build.hpp"
#include "execute/run_command.hpp"
#include "message/build_message.hpp"
#include "message/violation_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"
#include "plan/index_build.hpp"

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

// Drops the valid index that could not be turned into a constraint, so that the failed command
// leaves nothing. Raises the error on the error stack again.
void DropIndexAndRaise(const Runner &runner, Oid index, Oid table)
{
	ErrorData *error = TakeError(runner.context);
	PG_TRY();
	{
		AbortAndBegin(runner.context);
		const auto name_if_free = [index, table] { return NameOfFreeIndex(index, table); };
		DropConcurrently(runner.call, runner.context, table, runner.options.lock_timeout,
						 name_if_free);
		CommitAndBegin(runner.context);
	}
	PG_CATCH();
	{
		TakeError(runner.context);
		AbortAndBegin(runner.context);
		const auto row = ReadClass(index);
		const char *name = row.has_value() ? QualifiedNameOf(*row).Quoted() : "";
		AddHint(*error,
				psprintf("Index %s was built for the constraint, and could not be dropped.\n"
						 "To drop it: DROP INDEX CONCURRENTLY IF EXISTS %s;\n"
						 "The same command, sent again, uses it.",
						 name, name));
	}
	PG_END_TRY();
	ReThrowError(error);
}

// Raises the error on the error stack again, with a hint that lists the commands that have been
// run: the client sent one command, and has to know that a part of it is done.
void ListDoneAndRaise(const Runner &runner, const Remedy &remedy, int done)
{
	ErrorData *error = TakeError(runner.context);
	AddHint(*error, psprintf("This has been done before it failed, and stays:\n%s",
							 FirstCommands(list_truncate(list_copy(remedy.list), done))));
	ReThrowError(error);
}

void RunStep(const Runner &runner, const Judgment &judgment, const char *command, bool is_last,
			 Progress &progress)
{
	CommitAndBegin(runner.context);
	const Operation operation = judgment.request.operation;
	const auto *create = IfA<IndexStmt>(ParseCommand(command)->utilityStmt);
	if (create == nullptr || !create->concurrent)
	{
		RunCommand(runner, command);
		return;
	}
	const bool is_built =
		PrepareToBuild(runner, *create, command, operation == Operation::attach_partition);
	// The index exists already. If a later step attaches it or turns it into a constraint, skip the
	// build; otherwise PostgreSQL raises its error that the name is taken.
	if (is_built && !is_last)
		return;
	RunCommand(runner, command);
	if (operation == Operation::add_constraint)
		progress.built = get_relname_relid(create->idxname, judgment.target.schema);
}

void RunSteps(const Runner &runner, const Remedy &remedy, const Judgment &judgment,
			  Progress &progress)
{
	// There may be thousands of commands, and each is parsed. The memory of each is freed before
	// the next.
	const MemoryContext step =
		AllocSetContextCreate(runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	const Runner step_runner = runner.In(step);
	const int count = list_length(remedy.list);
	for (; progress.done < count; ++progress.done)
	{
		MemoryContextReset(step);
		const auto *command = static_cast<const char *>(list_nth(remedy.list, progress.done));
		RunStep(step_runner, judgment, command, progress.done + 1 == count, progress);
	}
	// Commits the last command here, where an error of the commit is handled.
	CommitAndBegin(runner.context);
	MemoryContextDelete(step);
}

// Runs the commands of a remedy one after the other.
void RunRemedy(const Runner &runner, const Remedy &remedy, const Judgment &judgment)
{
	Progress &progress = *Make(Progress{});
	PG_TRY();
	{
		RunSteps(runner, remedy, judgment, progress);
	}
	PG_CATCH();
	{
		if (OidIsValid(progress.built))
			DropIndexAndRaise(runner, progress.built, judgment.target.table_id);
		if (progress.done > 0)
			ListDoneAndRaise(runner, remedy, progress.done);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

// The name of the index that is to become the constraint. An earlier attempt may have built or
// begun it: it has the first name that PostgreSQL would choose, which must not count as taken then.
const char *NameForConstraint(const IndexPlan &plan, const Target &target)
{
	if (plan.name != nullptr)
		return plan.name;
	const char *first = FirstName(plan, target.table);
	const char *definition = DefinitionCommand(plan, target.table, {nullptr, first, true});
	const IndexStmt &create = *ParseCreateIndex(definition);
	const Oid earlier = get_relname_relid(first, target.schema);
	return OidIsValid(earlier) && !OidIsValid(get_index_constraint(earlier)) &&
				   IsSameIndex(earlier, create, target.table_id, definition)
			   ? first
			   : ChooseName(plan, target.table, target.schema, nullptr, 0);
}

Remedy RemedyForConstraint(const Judgment &judgment)
{
	const RelationName &table = judgment.target.table;
	const IndexPlan plan = PlanForConstraint(judgment.request);
	Commands commands{};
	BuildOnTable(commands, plan, table,
				 {table.schema, NameForConstraint(plan, judgment.target), true});
	return commands.Done(nullptr);
}

// Will none of the drops be refused because something depends on the index? The drops before it
// could not be undone.
bool MayDropAll(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		if (OidIsValid(judgment.target.index_id) && HasDependents(judgment.target.index_id))
			return false;
	}
	return true;
}

// REINDEX TABLE CONCURRENTLY leaves out invalid indexes, and indexes that cannot be rebuilt
// concurrently. Adds a command for each of the former; returns false if there is one of the latter.
bool CompleteReindex(const Judgment &judgment, Remedy &remedy)
{
	if (judgment.request.reindex->kind != REINDEX_OBJECT_TABLE ||
		ReachesSeveral(judgment.target.facts.kind))
		return true;
	List *commands = list_copy(remedy.list);
	for (const Oid index : EachOid(IndexesOf(judgment.target.table_id)))
	{
		if (IsExclusionIndex(index))
			return false;
		const auto invalid = ReadInvalidIndex(index);
		const char *command = invalid.has_value() ? ReindexCommand(*invalid, true) : nullptr;
		if (command != nullptr)
			commands = lappend(commands, pstrdup(command));
	}
	remedy.list = commands;
	return true;
}

// What the client has sent.
struct Refused
{
	const Judgments &judgments;
	const Judgment &first; // the first violation
	const StatementText &statement;
};

void TellAndRun(const Runner &runner, const Refused &refused, const Remedy &remedy)
{
	TellRewritten(refused.judgments, FirstCommands(remedy.list), refused.statement.text);
	RunRemedy(runner, remedy, refused.first);
}

// IF NOT EXISTS would skip an invalid index. Drops it and builds it again if it is the one that the
// command asks for, and not another one of that name.
bool RebuildSkipped(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	const IndexStmt *create = refused.first.request.create;
	const InvalidIndex &invalid = *target.invalid;
	if (create == nullptr || ReachesSeveral(target.facts.kind) ||
		invalid.table_id != target.table_id ||
		AtWorkOn(invalid.id, invalid.table_id).doing != Doing::nothing ||
		!IsSameIndex(invalid.id, *create, invalid.table_id, runner.call.query))
		return false;
	const Remedy remedy = FindRemedyForTable(refused.first, refused.statement, runner.call.query);
	if (remedy.list == NIL || remedy.remark != nullptr)
		return false;
	TellAndRun(runner, refused, remedy);
	return true;
}

// CREATE INDEX or ADD CONSTRAINT on a partitioned table.
bool RewriteOnPartitions(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	if (!IsOwnerOfTree(target.table_id))
		return false;
	IndexPlan plan{};
	if (refused.first.request.constraint != nullptr)
		plan = PlanForConstraint(refused.first.request);
	else if (!PlanOnPartitions(refused.first, refused.statement, runner.call.query, plan))
		return false;
	TellRewritten(refused.judgments, nullptr, refused.statement.text);
	if (target.set.foreign > 0)
		BuildBesideForeign(runner, plan, target.table_id, refused.statement.text);
	else
		BuildOnPartitionTree(runner, plan, target.table_id);
	return true;
}

// Drops what an interrupted REINDEX CONCURRENTLY has left on the table, or on its leaf partitions.
void DropLeftByEarlierReindex(const Runner &runner, const Target &target)
{
	if (target.facts.kind != TableKind::partitioned_table)
	{
		DropLeftByReindex(runner, target.table_id, target.index_id);
		return;
	}
	for (const Oid leaf : EachOid(LeavesOf(target.table_id)))
	{
		CHECK_FOR_INTERRUPTS();
		DropLeftByReindex(runner, leaf, target.index_id);
	}
}

// Every other command: runs the commands of the hint, or commands like them.
bool RewriteAsHinted(const Runner &runner, const Refused &refused, Remedy remedy)
{
	const Operation operation = refused.first.request.operation;
	if (operation == Operation::drop_index && list_length(remedy.list) > 1 &&
		!MayDropAll(refused.judgments))
		return false;
	if (operation == Operation::reindex && !CompleteReindex(refused.first, remedy))
		return false;
	if (operation == Operation::add_constraint)
	{
		if (!IsOwner(refused.first.target.table_id, GetUserId()))
			return false;
		remedy = RemedyForConstraint(refused.first);
	}
	TellRewritten(refused.judgments, FirstCommands(remedy.list), refused.statement.text);
	if (operation == Operation::reindex || operation == Operation::move_index)
		DropLeftByEarlierReindex(runner, refused.first.target);
	RunRemedy(runner, remedy, refused.first);
	return true;
}

bool RunSafeForm(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	const Operation operation = refused.first.request.operation;
	// Several subcommands could not be undone if one of them fails.
	if (!refused.judgments.items[0].request.IsAlone() || refused.first.request.drop != nullptr)
		return false;
	if (refused.first.verdict.reason == Reason::skips_invalid)
		return RebuildSkipped(runner, refused);

	const Remedy remedy =
		FindRemedy(refused.judgments, refused.statement, runner.call.query, INT_MAX);
	if (remedy.list == NIL || target.nullable_columns != NIL)
		return false;
	if (target.facts.kind == TableKind::partitioned_table &&
		(operation == Operation::create_index || operation == Operation::add_constraint))
		return RewriteOnPartitions(runner, refused);
	return remedy.remark == nullptr && RewriteAsHinted(runner, refused, remedy);
}

} // namespace

bool Rewrite(const psi_call &call, const Judgments &judgments, const StatementText &statement,
			 const Settings &settings, const BuildOptions &options)
{
	BuildOptions of_steps = options;
	of_steps.drop_failed = true;
	of_steps.told = MakeTold();
	const Runner runner{call, settings, of_steps, CurrentMemoryContext};
	if (!RunSafeForm(runner, {judgments, judgments.FirstViolation(), statement}))
		return false;
	// The portal's own snapshot went with its transaction: nobody else would pop this one.
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	return true;
}

} // namespace psi
