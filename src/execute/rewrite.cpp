// rewrite: which commands, and in what order.
#include "execute/rewrite.hpp"

#include "catalog/activity.hpp"
#include "message/build_message.hpp"
#include "execute/foreign_leaves.hpp"
#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/drop_index.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"
#include "execute/partition_build.hpp"
#include "plan/index_build.hpp"
#include "message/violation_message.hpp"

namespace psi
{

namespace
{

bool IsConcurrentBuild(const PlannedStmt &statement)
{
	return IsA(statement.utilityStmt, IndexStmt) &&
		   reinterpret_cast<const IndexStmt *>(statement.utilityStmt)->concurrent;
}

// What has been done when a command fails. It lies where a longjmp does not matter.
struct Progress
{
	Oid built; // the index that is to become a constraint
	int commands;
};

// A valid index that is to become a constraint, and cannot: without it the command is as if it had
// never been.
void DropAfterFailure(Runner &runner, Oid index, Oid table)
{
	MemoryContextSwitchTo(runner.context);
	ErrorData *error = CopyErrorData();
	FlushErrorState();
	PG_TRY();
	{
		BeginAfterError(runner.context);
		DropConcurrently(*runner.call, runner.context, table,
						 [index, table] { return NameOfFreeIndex(index, table); });
		BeginTransaction(runner.context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		FlushErrorState();
		BeginAfterError(runner.context);
		const auto row = ReadClass(index);
		const char *name = row.has_value() ? QualifiedNameOf(*row).Quoted() : "";
		AddHint(*error,
				psprintf("Index %s was built for the constraint, and could not be dropped.\n"
						 "To drop it: DROP INDEX CONCURRENTLY %s;\n"
						 "The same command, sent again, uses it.",
						 name, name));
	}
	PG_END_TRY();
	ReThrowError(error);
}

// Some of several commands have been run: the client sent one, and has to be told.
void TellDone(Runner &runner, const Remedy &remedy, int commands)
{
	MemoryContextSwitchTo(runner.context);
	ErrorData *error = CopyErrorData();
	FlushErrorState();
	const List *done = list_truncate(list_copy(remedy.list), commands);
	AddHint(*error,
			psprintf("This has been done before it failed, and stays:\n%s", FirstCommands(done)));
	ReThrowError(error);
}

void RunEach(Runner &runner, const Remedy &remedy, const Request &request, const Target &target,
			 Progress &progress)
{
	const int count = list_length(remedy.list);
	// There may be thousands of them, and each is parsed.
	const MemoryContext step =
		AllocSetContextCreate(runner.context, "pg_safe_index step", ALLOCSET_SMALL_SIZES);
	runner.context = step;
	for (; progress.commands < count; ++progress.commands)
	{
		MemoryContextReset(step);
		const auto *command = static_cast<const char *>(list_nth(remedy.list, progress.commands));
		BeginTransaction(runner.context);
		const PlannedStmt *statement = ParseCommand(command);
		if (!IsConcurrentBuild(*statement))
		{
			RunCommand(runner, command);
			continue;
		}
		const auto *create = reinterpret_cast<const IndexStmt *>(statement->utilityStmt);
		const bool is_there =
			ClearTheWay(runner, *create, command, request.operation == Operation::attach_partition);
		// Only what comes after it makes it more than an index of that name.
		if (is_there && progress.commands + 1 < count)
			continue;
		RunCommand(runner, command);
		if (request.operation == Operation::add_constraint)
			progress.built = get_relname_relid(create->idxname, target.schema);
	}
	// What comes after this can still fail, and could not be seen to here.
	BeginTransaction(runner.context);
}

// The commands of a remedy, one after the other.
void RunAll(Runner &runner, const Remedy &remedy, const Judgment &judgment)
{
	auto *progress = static_cast<Progress *>(palloc0(sizeof(Progress)));
	PG_TRY();
	{
		RunEach(runner, remedy, judgment.request, judgment.target, *progress);
	}
	PG_CATCH();
	{
		if (OidIsValid(progress->built))
			DropAfterFailure(runner, progress->built, judgment.target.table_id);
		if (progress->commands > 0)
			TellDone(runner, remedy, progress->commands);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

// An index that an earlier try has built or begun for the constraint has the first name that
// PostgreSQL chooses, which is not to be passed over then.
Remedy ForConstraint(const Judgment &judgment)
{
	const Target &target = judgment.target;
	const IndexPlan plan = PlanForConstraint(judgment.request);
	const char *name = plan.name;
	if (name == nullptr)
	{
		const char *first = FirstName(plan, target.table);
		const char *definition = DefinitionCommand(plan, target.table, {nullptr, first, true});
		const Oid earlier = get_relname_relid(first, target.schema);
		const auto *create =
			reinterpret_cast<const IndexStmt *>(ParseCommand(definition)->utilityStmt);
		name = OidIsValid(earlier) && !OidIsValid(get_index_constraint(earlier)) &&
					   IsSameIndex(earlier, *create, target.table_id, definition)
				   ? first
				   : ChooseName(plan, target.table, target.schema, nullptr, 0);
	}
	Commands commands{};
	BuildOnTable(commands, plan, target.table, {target.table.schema, name, true});
	return commands.Done(nullptr);
}

// More than one thing at a time cannot be done step by step and be undone.
bool IsAlone(const Judgments &judgments)
{
	const Request &request = judgments.items[0].request;
	return request.alter == nullptr ||
		   (list_length(request.alter->cmds) == 1 && request.column == nullptr);
}

// Several drops cannot be undone once one of them is refused.
bool MayDropAll(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		if (OidIsValid(judgment.target.index_id) && HasDependents(judgment.target.index_id))
			return false;
	}
	return true;
}

// REINDEX TABLE CONCURRENTLY leaves out what cannot be rebuilt concurrently, and what is invalid.
// False for the first; the second is rebuilt by commands of its own.
bool CompleteReindex(const Judgment &judgment, Remedy &remedy)
{
	const TableKind kind = judgment.target.facts.kind;
	if (judgment.request.reindex->kind != REINDEX_OBJECT_TABLE || ReachesSeveral(kind))
		return true;
	List *commands = list_copy(remedy.list);
	const List *indexes = IndexesOf(judgment.target.table_id);
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		if (IsExclusionIndex(index))
			return false;
		const auto invalid = ReadInvalidIndex(index);
		const char *command = invalid.has_value() ? ReindexCommand(*invalid, true) : nullptr;
		if (command == nullptr)
			continue;
		commands = lappend(commands, pstrdup(command));
	}
	remedy.list = commands;
	return true;
}

// An invalid index that IF NOT EXISTS would skip: the one that is asked for, or another?
bool RebuildSkipped(Runner &runner, const Judgments &judgments, const StatementText &statement,
					const char *query)
{
	const Judgment &judgment = judgments.FirstViolation();
	if (judgment.request.create == nullptr || ReachesSeveral(judgment.target.facts.kind) ||
		judgment.target.invalid->table_id != judgment.target.table_id)
		return false;
	const InvalidIndex &invalid = *judgment.target.invalid;
	if (AtWorkOn(invalid.id, invalid.table_id).doing != Doing::nothing ||
		!IsSameIndex(invalid.id, *judgment.request.create, invalid.table_id, query))
		return false;
	const Remedy remedy = FindRemedyForTable(judgment, statement, query);
	if (remedy.list == NIL || remedy.remark != nullptr)
		return false;
	TellRewritten(judgments, FirstCommands(remedy.list), statement.text);
	RunAll(runner, remedy, judgment);
	return true;
}

} // namespace

bool Rewrite(Runner &runner, const Judgments &judgments, const StatementText &statement,
			 const char *query)
{
	const Judgment &first = judgments.FirstViolation();
	const Target &target = first.target;
	if (!IsAlone(judgments))
		return false;
	if (first.verdict.reason == Reason::skips_invalid)
		return RebuildSkipped(runner, judgments, statement, query);

	const bool builds = first.request.operation == Operation::create_index ||
						first.request.operation == Operation::add_constraint;
	Remedy remedy = FindRemedy(judgments, statement, query, INT_MAX);
	if (builds && target.facts.kind == TableKind::partitioned_table)
	{
		IndexPlan plan{};
		if (target.nullable_columns != NIL || remedy.list == NIL || !IsOwnerOfTree(target.table_id))
			return false;
		if (first.request.constraint != nullptr)
			plan = PlanForConstraint(first.request);
		else if (!PlanOnPartitions(first, statement, query, plan))
			return false;
		TellRewritten(judgments, nullptr, statement.text);
		if (target.set.foreign > 0)
			BuildBesideForeign(runner, plan, target.table_id, statement.text);
		else
			BuildOnTree(runner, plan, target.table_id);
		return true;
	}

	if (remedy.list == NIL || remedy.remark != nullptr || target.nullable_columns != NIL)
		return false;
	if (first.request.operation == Operation::add_constraint)
	{
		if (!IsOwner(target.table_id, GetUserId()))
			return false;
		remedy = ForConstraint(first);
	}
	if (first.request.operation == Operation::drop_index && list_length(remedy.list) > 1 &&
		!MayDropAll(judgments))
		return false;
	if (first.request.operation == Operation::reindex && !CompleteReindex(first, remedy))
		return false;
	TellRewritten(judgments, FirstCommands(remedy.list), statement.text);
	RunAll(runner, remedy, first);
	return true;
}

} // namespace psi
