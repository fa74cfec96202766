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
#include "execute/rewrite_lock.hpp"
#include "execute/run_command.hpp"
#include "message/build_message.hpp"
#include "message/lock_message.hpp"
#include "message/violation_message.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/index_build.hpp"
#include "plan/remedy.hpp"

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
		AddHint(*error, psprintf("Index \"%s\" has been built, and becomes the constraint then.",
								 NameOf(*row).Shown()));
	ReThrowError(error);
}

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
							 FirstCommands(list_truncate(AsCommands(remedy.steps, 0), done))));
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
	Steps steps;
	BuildOnTable(steps, plan, table,
				 {table.schema, NameForConstraint(plan, judgment.target), true});
	return {steps.All(), nullptr};
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

// The tables whose indexes a REINDEX of something else than an index rebuilds.
List *TablesOf(const Judgment &judgment)
{
	const ReindexStmt &reindex = *judgment.request.reindex;
	switch (reindex.kind)
	{
	case REINDEX_OBJECT_INDEX:
		return NIL;
	case REINDEX_OBJECT_TABLE:
		return ReachesSeveral(judgment.target.facts.kind)
				   ? LeavesOf(judgment.target.table_id)
				   : list_make1_oid(judgment.target.table_id);
	case REINDEX_OBJECT_SCHEMA:
		return OidsOfTablesIn(get_namespace_oid(reindex.name, true));
	default:
		return OidsOfTablesIn(InvalidOid);
	}
}

// REINDEX CONCURRENTLY of a table or of several leaves out invalid indexes, and indexes that cannot
// be rebuilt concurrently. Adds a step for each of the former; returns false if there is one of the
// latter.
bool CompleteReindex(const Judgment &judgment, Remedy &remedy)
{
	for (const Oid table : EachOid(TablesOf(judgment)))
	{
		for (const Oid index : EachOid(IndexesOf(table)))
		{
			if (IsExclusionIndex(index))
				return false;
			const auto invalid = ReadInvalidIndex(index);
			const char *command = invalid.has_value() && MayReindex(table, table, GetUserId())
									  ? ReindexCommand(*invalid, true)
									  : nullptr;
			if (command != nullptr)
				appendStringInfoString(remedy.steps.Add({makeStringInfo(), {}}).text, command);
		}
	}
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
	TellRewritten(refused.judgments, FirstCommands(AsCommands(remedy.steps, 0)),
				  refused.statement.text);
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
	if (remedy.steps.IsEmpty() || remedy.remark != nullptr)
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
	if (operation == Operation::reindex && !CompleteReindex(refused.first, remedy))
		return false;
	if (operation == Operation::add_constraint)
	{
		if (!IsOwner(refused.first.target.table_id, GetUserId()))
			return false;
		remedy = RemedyForConstraint(refused.first);
	}
	TellRewritten(refused.judgments, FirstCommands(AsCommands(remedy.steps, 0)),
				  refused.statement.text);
	if (operation == Operation::reindex || operation == Operation::move_index)
		DropLeftByEarlierReindex(runner, refused.first.target);
	RunRemedy(runner, remedy, refused.first);
	return true;
}

bool RewriteDrop(const Runner &runner, const Refused &refused)
{
	const Judgments &judgments = refused.judgments;
	if (refused.first.request.cascade || judgments.items[judgments.count - 1].target.ends_command)
		return false;
	for (const Judgment &judgment : judgments)
	{
		if (judgment.target.refused)
			return false;
	}
	const Remedy remedy{StepsToDrop(judgments), nullptr};
	if (remedy.steps.Count() > 1 && !MayDropAll(judgments))
		return false;
	TellAndRun(runner, refused, remedy);
	return true;
}

bool RunSafeForm(const Runner &runner, const Refused &refused)
{
	const Target &target = refused.first.target;
	const Operation operation = refused.first.request.operation;
	if (refused.first.verdict.reason == Reason::skips_invalid)
		return RebuildSkipped(runner, refused);

	if (operation == Operation::drop_index)
		return RewriteDrop(runner, refused);

	const Remedy remedy =
		FindRemedy(refused.judgments, refused.statement, runner.call.query, INT_MAX);
	if (remedy.steps.IsEmpty() || target.nullable_columns != NIL)
		return false;
	if (target.facts.kind == TableKind::partitioned_table &&
		(operation == Operation::create_index || operation == Operation::add_constraint))
		return RewriteOnPartitions(runner, refused);
	return remedy.remark == nullptr && RewriteAsHinted(runner, refused, remedy);
}

// An index that mode rewrite is to build, as far as two sessions may ask for the same one.
struct SameBuild
{
	const char *definition = nullptr; // null: two sessions need not be kept apart
	bool named = false;               // PostgreSQL can tell that it is there already
};

SameBuild BuildOf(const Refused &refused)
{
	const Request &request = refused.first.request;
	if (request.attach != nullptr)
		return {psprintf("%u", Resolve(*request.alter->relation)), true};
	if (request.constraint != nullptr)
	{
		const IndexPlan plan = PlanForConstraint(request);
		return {psprintf("%s %s", plan.constraint, plan.definition),
				plan.name != nullptr || request.constraint->contype == CONSTR_PRIMARY};
	}
	if (request.create == nullptr)
		return {};
	const IndexStmt &create = *request.create;
	const CommandText text = FindCommand(refused.statement, Operation::create_index);
	const char *definition = text.found ? text.text + text.definition : nodeToString(&create);
	return {psprintf("%d %s", create.unique, definition), create.idxname != nullptr};
}

// Runs the safe form while no other session does the same.
Rewritten RunAlone(const Runner &runner, const Refused &refused)
{
	const SameBuild build = BuildOf(refused);
	if (build.definition == nullptr)
		return RunSafeForm(runner, refused) ? Rewritten::yes : Rewritten::no;
	const LOCKTAG &tag = *Make(RewriteLock(refused.first.target.table_id, build.definition));
	if (!TryToLock(tag))
	{
		if (!build.named)
			RaiseSameRewrite(HolderOf(tag), refused.first.target.table);
		WaitUntilFree(tag, runner.context);
		return Rewritten::waited;
	}
	volatile bool done = false;
	PG_TRY();
	{
		done = RunSafeForm(runner, refused);
	}
	PG_FINALLY();
	{
		Unlock(tag);
	}
	PG_END_TRY();
	return done ? Rewritten::yes : Rewritten::no;
}

} // namespace

Rewritten Rewrite(const psi_call &call, const Judgments &judgments, const StatementText &statement,
				  const Settings &settings, const BuildOptions &options)
{
	// Several subcommands could not be undone if one of them fails.
	if (!judgments.items[0].request.IsAlone() || judgments.FirstViolation().request.drop != nullptr)
		return Rewritten::no;
	BuildOptions of_steps = options;
	of_steps.drop_failed = true;
	of_steps.told = MakeTold();
	const Runner runner{call, settings, of_steps, CurrentMemoryContext};
	const Rewritten result = RunAlone(runner, {judgments, judgments.FirstViolation(), statement});
	// The portal's own snapshot went with its transaction: nobody else would pop this one.
	if (result == Rewritten::yes && ActiveSnapshotSet())
		PopActiveSnapshot();
	return result;
}

} // namespace psi
