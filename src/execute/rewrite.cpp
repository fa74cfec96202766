// rewrite: which commands, and in what order.
#include "execute/rewrite.hpp"

#include "catalog/activity.hpp"
#include "message/build_message.hpp"
#include "execute/foreign_leaves.hpp"
#include "catalog/index_match.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"
#include "execute/partition_build.hpp"
#include "plan/remedy_parts.hpp"
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

// The name of an index on that table which no constraint has, qualified; null if there is none any
// more. Waits for SHARE UPDATE EXCLUSIVE on the table. Allocates.
const char *FreeIndexName(Oid index, Oid table)
{
	LockRelationOid(table, ShareUpdateExclusiveLock);
	const auto row = ReadClass(index);
	if (!row.has_value() || IndexGetRelation(index, true) != table ||
		OidIsValid(get_index_constraint(index)))
		return nullptr;
	return QualifiedNameOf(*row).Quoted();
}

// A valid index that is to become a constraint, and cannot: without it the command is as if it had
// never been.
void DropAfterFailure(Runner &runner, Oid index, Oid table)
{
	MemoryContextSwitchTo(runner.context);
	ErrorData *error = CopyErrorData();
	FlushErrorState();
	PG_TRY();
	{
		AbortCurrentTransaction();
		StartTransactionCommand();
		BeginWithoutSnapshot(runner);
		const char *name = FreeIndexName(index, table);
		if (name != nullptr)
		{
			PushActiveSnapshot(GetTransactionSnapshot());
			RunHere(runner, psprintf("DROP INDEX CONCURRENTLY %s", name));
		}
		BeginTransaction(runner);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		FlushErrorState();
		AbortCurrentTransaction();
		StartTransactionCommand();
		MemoryContextSwitchTo(runner.context);
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
	AddHint(*error, psprintf("This has been done before it failed, and stays:\n%s",
							 FirstCommands(done)));
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
		BeginTransaction(runner);
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
	BeginTransaction(runner);
}

// The commands of a remedy, one after the other.
void RunAll(Runner &runner, const Remedy &remedy, const Finding &finding)
{
	auto *progress = static_cast<Progress *>(palloc0(sizeof(Progress)));
	PG_TRY();
	{
		RunEach(runner, remedy, finding.request, finding.target, *progress);
	}
	PG_CATCH();
	{
		if (OidIsValid(progress->built))
			DropAfterFailure(runner, progress->built, finding.target.table_id);
		if (progress->commands > 0)
			TellDone(runner, remedy, progress->commands);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

// An index that an earlier try has built or begun for the constraint has the first name that
// PostgreSQL chooses, which is not to be passed over then.
Remedy ForConstraint(const Finding &finding)
{
	const Target &target = finding.target;
	const IndexPlan plan = PlanForConstraint(finding.request);
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
bool IsAlone(const Findings &findings)
{
	const Request &request = findings.items[0].request;
	return request.alter == nullptr ||
		   (list_length(request.alter->cmds) == 1 && request.column == nullptr);
}

// Several steps take place of one: ATTACH PARTITION and ADD CONSTRAINT ... USING INDEX find by its
// name what the step before has built, and evaluate what is constant in it as the current user,
// while CREATE INDEX does so as the owner of the table, who could put an index with functions of
// his own in its place.
bool IsOwnerOfAll(Oid table)
{
	return IsOwner(table, GetUserId()) && OwnsPartitions(table);
}

// Several drops cannot be undone once one of them is refused.
bool MayDropAll(const Findings &findings)
{
	for (const Finding &finding : findings)
	{
		if (OidIsValid(finding.target.index_id) && HasDependents(finding.target.index_id))
			return false;
	}
	return true;
}

// REINDEX TABLE CONCURRENTLY leaves out what cannot be rebuilt concurrently, and what is invalid.
// False for the first; the second is rebuilt by commands of its own.
bool CompleteReindex(const Finding &finding, Remedy &remedy)
{
	const TableKind kind = finding.target.facts.kind;
	if (finding.request.reindex->kind != REINDEX_OBJECT_TABLE || ReachesSeveral(kind))
		return true;
	List *commands = list_copy(remedy.list);
	const List *indexes = IndexesOf(finding.target.table_id);
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
bool RebuildSkipped(Runner &runner, const Findings &findings, const StatementText &statement,
					const char *query)
{
	const Finding &finding = findings.FirstViolation();
	if (finding.request.create == nullptr || ReachesSeveral(finding.target.facts.kind) ||
		finding.target.invalid->table_id != finding.target.table_id)
		return false;
	const InvalidIndex &invalid = *finding.target.invalid;
	if (AtWorkOn(invalid.id, invalid.table_id).doing != Doing::nothing ||
		!IsSameIndex(invalid.id, *finding.request.create, invalid.table_id, query))
		return false;
	const Remedy remedy = FindRemedyForTable(finding, statement, query);
	if (remedy.list == NIL || remedy.remark != nullptr)
		return false;
	TellRewritten(findings, FirstCommands(remedy.list), statement.text);
	RunAll(runner, remedy, finding);
	return true;
}

} // namespace

bool Rewrite(Runner &runner, const Findings &findings, const StatementText &statement,
			 const char *query)
{
	const Finding &first = findings.FirstViolation();
	const Target &target = first.target;
	if (!IsAlone(findings))
		return false;
	if (first.verdict.reason == Reason::skips_invalid)
		return RebuildSkipped(runner, findings, statement, query);

	const bool builds = first.request.operation == Operation::create_index ||
						first.request.operation == Operation::add_constraint;
	Remedy remedy = FindRemedy(findings, statement, query, INT_MAX);
	if (builds && target.facts.kind == TableKind::partitioned_table)
	{
		IndexPlan plan{};
		if (target.nullable_columns != NIL || remedy.list == NIL || !IsOwnerOfAll(target.table_id))
			return false;
		if (first.request.constraint != nullptr)
			plan = PlanForConstraint(first.request);
		else if (!PlanOnPartitions(first, statement, query, plan))
			return false;
		TellRewritten(findings, nullptr, statement.text);
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
		!MayDropAll(findings))
		return false;
	if (first.request.operation == Operation::reindex && !CompleteReindex(first, remedy))
		return false;
	TellRewritten(findings, FirstCommands(remedy.list), statement.text);
	RunAll(runner, remedy, first);
	return true;
}

} // namespace psi
