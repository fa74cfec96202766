// rewrite: which commands, and in what order.
#include "rewrite.hpp"

#include "activity.hpp"
#include "build_report.hpp"
#include "index_match.hpp"
#include "leftovers.hpp"
#include "partition_build.hpp"
#include "remedy_parts.hpp"
#include "report.hpp"

namespace psi
{

namespace
{

bool IsConcurrentBuild(const PlannedStmt &statement)
{
	return IsA(statement.utilityStmt, IndexStmt) &&
		   reinterpret_cast<const IndexStmt *>(statement.utilityStmt)->concurrent;
}

// A valid index that is to become a constraint, and cannot: without it the command is as if it had
// never been.
void DropAfterFailure(Runner &runner, const char *index)
{
	MemoryContextSwitchTo(runner.context);
	ErrorData *error = CopyErrorData();
	FlushErrorState();
	PG_TRY();
	{
		AbortCurrentTransaction();
		StartTransactionCommand();
		MemoryContextSwitchTo(runner.context);
		RunCommand(runner, psprintf("DROP INDEX CONCURRENTLY %s", index));
		BeginTransaction(runner);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(runner.context);
		FlushErrorState();
		AbortCurrentTransaction();
		StartTransactionCommand();
		MemoryContextSwitchTo(runner.context);
		AddHint(*error,
				psprintf("Index %s was built for the constraint, and could not be dropped.\n"
						 "To drop it: DROP INDEX CONCURRENTLY %s;\n"
						 "The same command, sent again, uses it.",
						 index, index));
	}
	PG_END_TRY();
	ReThrowError(error);
}

// The name of the index that a command builds, with its schema if the command gives one.
const char *BuiltName(const IndexStmt &create)
{
	return create.relation->schemaname != nullptr
			   ? quote_qualified_identifier(create.relation->schemaname, create.idxname)
			   : quote_identifier(create.idxname);
}

// The commands of a remedy, one after the other.
void RunAll(Runner &runner, const Remedy &remedy, Operation operation)
{
	const char *volatile built = nullptr;
	PG_TRY();
	{
		for (int i = 0; i < list_length(remedy.list); ++i)
		{
			const auto *command = static_cast<const char *>(list_nth(remedy.list, i));
			BeginTransaction(runner);
			const PlannedStmt *statement = ParseCommand(command);
			if (IsConcurrentBuild(*statement))
			{
				const auto *create = reinterpret_cast<const IndexStmt *>(statement->utilityStmt);
				const bool is_there =
					ClearTheWay(runner, *create, command, operation == Operation::attach_partition);
				// Only what comes after it makes it more than an index of that name.
				if (is_there && i + 1 < list_length(remedy.list))
					continue;
				RunCommand(runner, command);
				if (operation == Operation::add_constraint && create->idxname != nullptr)
					built = BuiltName(*create);
			}
			else
				RunCommand(runner, command);
		}
		// What comes after this can still fail, and could not be seen to here.
		BeginTransaction(runner);
	}
	PG_CATCH();
	{
		if (built == nullptr)
			PG_RE_THROW();
		DropAfterFailure(runner, built);
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

// An invalid index that IF NOT EXISTS would skip: the one that is asked for, or another?
bool RebuildSkipped(Runner &runner, const Finding &finding, const StatementText &statement,
					const char *query)
{
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
	TellRewritten(finding, remedy.commands, statement.text);
	RunAll(runner, remedy, Operation::create_index);
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
		return RebuildSkipped(runner, first, statement, query);

	const bool builds = first.request.operation == Operation::create_index ||
						first.request.operation == Operation::add_constraint;
	Remedy remedy = FindRemedy(findings, statement, query);
	if (builds && target.facts.kind == TableKind::partitioned_table)
	{
		IndexPlan plan{};
		if (target.nullable_columns != NIL || remedy.list == NIL)
			return false;
		if (first.request.constraint != nullptr)
			plan = PlanForConstraint(first.request);
		else if (!PlanOnPartitions(first, statement, query, plan))
			return false;
		TellRewritten(first, nullptr, statement.text);
		if (target.set.foreign > 0)
			BuildBesideForeign(runner, plan, target.table_id, statement.text);
		else
			BuildOnTree(runner, plan, target.table_id);
		return true;
	}

	if (remedy.list == NIL || remedy.remark != nullptr || target.nullable_columns != NIL)
		return false;
	if (first.request.operation == Operation::add_constraint)
		remedy = ForConstraint(first);
	TellRewritten(first, remedy.commands, statement.text);
	RunAll(runner, remedy, first.request.operation);
	return true;
}

} // namespace psi
