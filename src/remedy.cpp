// remedy: CREATE INDEX and DROP INDEX; the other commands have files of their own.
#include "remedy_parts.hpp"

#include <cstddef>

#include "command_text.hpp"
#include "definition.hpp"
#include "index_name.hpp"

namespace psi
{

namespace
{

IndexPlan PlanFor(const IndexStmt &create, const char *definition)
{
	IndexPlan plan{};
	plan.unique = create.unique;
	plan.if_not_exists = create.if_not_exists;
	plan.name = create.idxname;
	plan.definition = definition;
	plan.columns = JoinColumnNames(create);
	return plan;
}

Remedy CreateOnTable(const Finding &finding, const StatementText &statement, const char *query)
{
	const IndexStmt &create = *finding.request.create;
	Commands commands{};
	const CommandText command = FindCommand(statement, Operation::create_index);
	if (command.found)
	{
		if (create.concurrent)
			appendStringInfo(commands.Add(), "%.*s;", command.end - command.begin,
							 command.text + command.begin);
		else
			AppendWithConcurrently(commands.Add(), command);
		return commands.Done(nullptr);
	}
	const char *definition = DefinitionFromTree(create, finding.target, query);
	if (definition == nullptr)
		return commands.Done("Use the same command with CONCURRENTLY after the word INDEX.");
	BuildOnTable(commands, PlanFor(create, definition), finding.target.table,
				 {finding.target.table.schema, create.idxname, true});
	return commands.Done(nullptr);
}

// A definition that is longer (bytes) is not spelled out for each partition.
constexpr std::size_t definition_length_max = 4096;

Remedy CreateOnPartitioned(const Finding &finding, const StatementText &statement,
						   const char *query)
{
	const Target &target = finding.target;
	Commands commands{};
	IndexPlan plan{};
	if (!PlanOnPartitions(finding, statement, query, plan))
		return commands.Done(
			"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each "
			"leaf partition, and ALTER INDEX ... ATTACH PARTITION.");

	const char *name = plan.name != nullptr
						   ? plan.name
						   : ChooseName(plan, target.table, target.schema, nullptr, 0);
	const char *remark =
		BuildOnPartitions(commands, plan, target.table, NameBeside(target.table, name), target.set);
	return commands.Done(remark);
}

constexpr const char *no_concurrent_drop =
	"PostgreSQL has no concurrent form for a partitioned index. Keep the wait for the lock short, "
	"and try again when it fails: SET lock_timeout = '2s'.";

bool IsNamedBefore(const Findings &findings, const Finding &finding)
{
	for (const Finding *other = findings.begin(); other < &finding; ++other)
	{
		if (other->target.index.name != nullptr &&
			strcmp(other->target.index.Quoted(), finding.target.index.Quoted()) == 0)
			return true;
	}
	return false;
}

// DROP INDEX CONCURRENTLY takes one name and no CASCADE.
Remedy DropIndexes(const Findings &findings, const StatementText &statement)
{
	Commands commands{};
	bool partitioned = false;
	bool partitioned_only = true;
	for (const Finding &finding : findings)
	{
		if (finding.target.facts.kind == TableKind::partitioned_table)
			partitioned = true;
		else if (finding.verdict.IsViolation())
			partitioned_only = false;
	}
	if (partitioned_only)
		return commands.Done(no_concurrent_drop);
	bool refused = findings.items[findings.count - 1].target.ends_command;
	for (const Finding &finding : findings)
		refused = refused || (finding.target.refused && !partitioned);
	if (refused)
		return commands.Done("PostgreSQL will refuse the command for another name in it.");

	const CommandText command = FindCommand(statement, Operation::drop_index);
	const Request &first = findings.items[0].request;
	if (findings.count == 1 && !first.cascade && command.found)
		AppendWithConcurrently(commands.Add(), command);
	else
	{
		for (const Finding &finding : findings)
		{
			// Nothing there that could be dropped, or not concurrently, or it has been named
			// before.
			if (finding.target.index.name == nullptr ||
				finding.target.facts.kind == TableKind::partitioned_table ||
				IsNamedBefore(findings, finding))
				continue;
			appendStringInfo(commands.Add(), "DROP INDEX CONCURRENTLY %s%s;",
							 finding.request.missing_ok ? "IF EXISTS " : "",
							 finding.target.index.Quoted());
		}
	}

	if (first.cascade)
		return commands.Done(
			"CONCURRENTLY does not take CASCADE: drop first what depends on the index.");
	return commands.Done(partitioned ? no_concurrent_drop : nullptr);
}

} // namespace

bool PlanOnPartitions(const Finding &finding, const StatementText &statement, const char *query,
					  IndexPlan &plan)
{
	const IndexStmt &create = *finding.request.create;
	const CommandText command = FindCommand(statement, Operation::create_index);
	const char *definition = nullptr;
	if (command.found)
		definition = DefinitionForPartitions(command, statement, create);
	if (definition == nullptr)
		definition = DefinitionFromTree(create, finding.target, query);
	// The definition stands in every command. A row of the table as a whole has another name in
	// each.
	if (definition == nullptr || strlen(definition) > definition_length_max ||
		MayHoldWholeRow(create))
		return false;
	plan = PlanFor(create, definition);
	return true;
}

Remedy FindRemedyForTable(const Finding &finding, const StatementText &statement, const char *query)
{
	return CreateOnTable(finding, statement, query);
}

Remedy FindRemedy(const Findings &findings, const StatementText &statement, const char *query)
{
	const Finding &first = findings.FirstViolation();
	switch (first.request.operation)
	{
	case Operation::create_index:
		return first.target.facts.kind == TableKind::partitioned_table
				   ? CreateOnPartitioned(first, statement, query)
				   : CreateOnTable(first, statement, query);
	case Operation::drop_index:
		return DropIndexes(findings, statement);
	case Operation::reindex:
		return ForReindex(first, statement);
	case Operation::add_constraint:
		return ForAddConstraint(findings, statement);
	case Operation::attach_partition:
		return ForAttachPartition(first, statement, query);
	case Operation::move_index:
		return ForMoveIndex(findings, statement);
	}
	return {nullptr, 0, nullptr, NIL};
}

} // namespace psi
