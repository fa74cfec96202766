// remedy: CREATE INDEX and DROP INDEX; the other commands have files of their own.
#include "plan/remedy_parts.hpp"

#include <cstddef>

#include "plan/command_text.hpp"
#include "plan/definition.hpp"
#include "catalog/index_name.hpp"

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

Remedy CreateOnTable(const Judgment &judgment, const StatementText &statement, const char *query)
{
	const IndexStmt &create = *judgment.request.create;
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
	const char *definition = DefinitionFromTree(create, judgment.target, query);
	if (definition == nullptr)
		return commands.Done("Use the same command with CONCURRENTLY after the word INDEX.");
	BuildOnTable(commands, PlanFor(create, definition), judgment.target.table,
				 {judgment.target.table.schema, create.idxname, true});
	return commands.Done(nullptr);
}

// A definition that is longer (bytes) is not spelled out for each partition.
constexpr std::size_t definition_length_max = 4096;

Remedy CreateOnPartitioned(const Judgment &judgment, const StatementText &statement,
						   const char *query)
{
	const Target &target = judgment.target;
	Commands commands{};
	IndexPlan plan{};
	if (!PlanOnPartitions(judgment, statement, query, plan))
		return commands.Done(
			"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each leaf partition, and ALTER INDEX ... ATTACH PARTITION.");

	const char *name = plan.name != nullptr
						   ? plan.name
						   : ChooseName(plan, target.table, target.schema, nullptr, 0);
	const char *remark =
		BuildOnPartitions(commands, plan, target.table, NameBeside(target.table, name), target.set);
	return commands.Done(remark);
}

constexpr const char *no_concurrent_drop =
	"PostgreSQL has no concurrent form for a partitioned index. Keep the wait for the lock short, and try again when it fails: SET lock_timeout = '2s'.";

// A set of OIDs. Adds one; false if it was there.
bool AddOid(HTAB *set, Oid oid)
{
	bool found = false;
	hash_search(set, &oid, HASH_ENTER, &found);
	return !found;
}

HTAB *MakeOidSet()
{
	HASHCTL control{};
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Oid);
	control.hcxt = CurrentMemoryContext;
	return hash_create("pg_safe_index indexes", 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

// Adds a command for each index that can be dropped concurrently, once. Returns how many there are
// beyond `most`.
int AddDrops(Commands &commands, const Judgments &judgments, int most)
{
	HTAB *named = MakeOidSet();
	int rest = 0;
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (judgment.target.index.name == nullptr ||
			judgment.target.facts.kind == TableKind::partitioned_table ||
			!AddOid(named, judgment.target.index_id))
			continue;
		if (commands.count < most)
			appendStringInfo(commands.Add(), "DROP INDEX CONCURRENTLY %s%s;",
							 judgment.request.missing_ok ? "IF EXISTS " : "",
							 judgment.target.index.Quoted());
		else
			++rest;
	}
	return rest;
}

// DROP INDEX CONCURRENTLY takes one name and no CASCADE.
Remedy DropIndexes(const Judgments &judgments, const StatementText &statement, int most)
{
	Commands commands{};
	bool partitioned = false;
	bool partitioned_only = true;
	for (const Judgment &judgment : judgments)
	{
		if (judgment.target.facts.kind == TableKind::partitioned_table)
			partitioned = true;
		else if (judgment.verdict.IsViolation())
			partitioned_only = false;
	}
	if (partitioned_only)
		return commands.Done(no_concurrent_drop);
	bool refused = judgments.items[judgments.count - 1].target.ends_command;
	for (const Judgment &judgment : judgments)
		refused = refused || (judgment.target.refused && !partitioned);
	if (refused)
		return commands.Done("PostgreSQL will refuse the command for another name in it.");

	const CommandText command = FindCommand(statement, Operation::drop_index);
	const Request &first = judgments.items[0].request;
	int rest = 0;
	if (judgments.count == 1 && !first.cascade && command.found)
		AppendWithConcurrently(commands.Add(), command);
	else
		rest = AddDrops(commands, judgments, most);

	const char *remark = nullptr;
	if (first.cascade)
		remark = "CONCURRENTLY does not take CASCADE: drop first what depends on the index.";
	else if (partitioned)
		remark = no_concurrent_drop;
	return commands.Done(JoinRemarks(RestOf(rest, "index", "indexes"), remark));
}

} // namespace

bool PlanOnPartitions(const Judgment &judgment, const StatementText &statement, const char *query,
					  IndexPlan &plan)
{
	const IndexStmt &create = *judgment.request.create;
	const CommandText command = FindCommand(statement, Operation::create_index);
	const char *definition = nullptr;
	if (command.found)
		definition = DefinitionForPartitions(command, statement, create);
	if (definition == nullptr)
		definition = DefinitionFromTree(create, judgment.target, query);
	// The definition stands in every command. A row of the table as a whole has another name in
	// each.
	if (definition == nullptr || strlen(definition) > definition_length_max ||
		MayHoldWholeRow(create))
		return false;
	plan = PlanFor(create, definition);
	return true;
}

const char *FirstCommands(const List *commands)
{
	StringInfoData lines;
	initStringInfo(&lines);
	const int shown = Min(list_length(commands), spelled_requests_max);
	for (int i = 0; i < shown; ++i)
		appendStringInfo(&lines, "%s%s", i > 0 ? "\n" : "",
						 static_cast<const char *>(list_nth(commands, i)));
	const int rest = list_length(commands) - shown;
	if (rest > 0)
		appendStringInfo(&lines, "\nand %d more command%s.", rest, rest == 1 ? "" : "s");
	return lines.data;
}

Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query)
{
	return CreateOnTable(judgment, statement, query);
}

Remedy FindRemedy(const Judgments &judgments, const StatementText &statement, const char *query,
				  int most)
{
	const Judgment &first = judgments.FirstViolation();
	switch (first.request.operation)
	{
	case Operation::create_index:
		return first.target.facts.kind == TableKind::partitioned_table
				   ? CreateOnPartitioned(first, statement, query)
				   : CreateOnTable(first, statement, query);
	case Operation::drop_index:
		return DropIndexes(judgments, statement, most);
	case Operation::reindex:
		return ForReindex(first, statement);
	case Operation::add_constraint:
		return ForAddConstraint(judgments, statement, most);
	case Operation::attach_partition:
		return ForAttachPartition(first, statement, query, most);
	case Operation::move_index:
		return ForMoveIndex(judgments, statement);
	}
	return {nullptr, 0, nullptr, NIL};
}

} // namespace psi
