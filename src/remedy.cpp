// remedy: one function per violation that has a remedy of its own.
#include "remedy.hpp"

#include "command_text.hpp"
#include "definition.hpp"

namespace psi
{

namespace
{

// Collects commands, one a line.
struct Commands
{
	StringInfoData text;
	int count;

	Commands() : text{}, count(0)
	{
		initStringInfo(&text);
	}

	// Opens a line for the next command.
	StringInfo Add()
	{
		if (count++ > 0)
			appendStringInfoChar(&text, '\n');
		return &text;
	}
};

// The user's own text with CONCURRENTLY behind INDEX.
void AppendWithConcurrently(StringInfo out, const CommandText &command)
{
	appendBinaryStringInfo(out, command.text + command.begin, command.after_index - command.begin);
	appendStringInfoString(out, " CONCURRENTLY");
	appendBinaryStringInfo(out, command.text + command.after_index,
						   command.end - command.after_index);
	appendStringInfoChar(out, ';');
}

// CREATE [UNIQUE] INDEX, with the words given, up to the name of the index.
void AppendCreateIndex(StringInfo out, const IndexStmt &create, const char *words)
{
	appendStringInfo(out, "CREATE %sINDEX%s%s", create.unique ? "UNIQUE " : "", words,
					 create.if_not_exists ? " IF NOT EXISTS" : "");
}

Remedy CreateOnTable(const Finding &finding, const StatementText &statement, const char *query)
{
	const IndexStmt &create = *finding.request.create;
	Commands commands;
	const CommandText command = FindCommand(statement, Operation::create_index);
	if (command.found)
	{
		AppendWithConcurrently(commands.Add(), command);
		return {commands.text.data, 1, nullptr};
	}
	const char *definition = DefinitionFromTree(create, finding.target, query);
	if (definition == nullptr)
		return {nullptr, 0, "Use the same command with CONCURRENTLY after the word INDEX."};
	AppendCreateIndex(commands.Add(), create, " CONCURRENTLY");
	appendStringInfo(&commands.text, "%s%s ON %s %s;", create.idxname != nullptr ? " " : "",
					 create.idxname != nullptr ? quote_identifier(create.idxname) : "",
					 finding.target.table.Quoted(), definition);
	return {commands.text.data, 1, nullptr};
}

// Names for the indexes on the partitions, none given twice: the names of two tables can be equal
// in all that is left of them after truncation.
const RelationName *NamePartitionIndexes(const IndexStmt &create, const PartitionTree &tree)
{
	auto *names =
		static_cast<RelationName *>(palloc0(sizeof(RelationName) * (tree.spelled_count + 1)));
	for (int i = 0; i < tree.spelled_count; ++i)
	{
		const Partition &partition = tree.spelled[i];
		const auto is_given = [&](const char *name)
		{
			for (int j = 0; j < i; ++j)
			{
				if (tree.spelled[j].schema == partition.schema && strcmp(names[j].name, name) == 0)
					return true;
			}
			return false;
		};
		const char *name = ChooseIndexName(create, partition.table, partition.schema, 0);
		for (int nth = 1; is_given(name); ++nth)
			name = ChooseIndexName(create, partition.table, partition.schema, nth);
		names[i] = NameBeside(partition.table, name);
	}
	return names;
}

// PostgreSQL cannot build an index on a partitioned table concurrently. The way round, from its
// documentation of CREATE INDEX: an index on the table alone, invalid at first; one built
// concurrently on each leaf; and each attached, the last of which makes the first valid.
Remedy CreateOnPartitioned(const Finding &finding, const StatementText &statement,
						   const char *query)
{
	const IndexStmt &create = *finding.request.create;
	const Target &target = finding.target;
	const PartitionTree &tree = target.tree;

	const CommandText command = FindCommand(statement, Operation::create_index);
	const char *definition = command.found ? DefinitionForPartitions(command, statement, create)
										   : DefinitionFromTree(create, target, query);
	if (definition == nullptr)
		return {nullptr, 0,
				"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each leaf "
				"partition, and ALTER INDEX ... ATTACH PARTITION."};

	const RelationName *names = NamePartitionIndexes(create, tree);
	const char *name = create.idxname != nullptr
						   ? create.idxname
						   : ChooseIndexName(create, target.table, target.schema, 0);
	const RelationName top = NameBeside(target.table, name);

	Commands commands;
	AppendCreateIndex(commands.Add(), create, "");
	appendStringInfo(&commands.text, " %s ON ONLY %s %s;", quote_identifier(name),
					 target.table.Quoted(), definition);
	for (int i = 0; i < tree.spelled_count; ++i)
	{
		const Partition &partition = tree.spelled[i];
		const RelationName &parent = partition.parent < 0 ? top : names[partition.parent];
		AppendCreateIndex(commands.Add(), create, partition.leaf ? " CONCURRENTLY" : "");
		appendStringInfo(&commands.text, " %s ON %s%s %s;", quote_identifier(names[i].name),
						 partition.leaf ? "" : "ONLY ", partition.table.Quoted(), definition);
		appendStringInfo(commands.Add(), "ALTER INDEX %s ATTACH PARTITION %s;", parent.Quoted(),
						 names[i].Quoted());
	}

	StringInfoData remark;
	initStringInfo(&remark);
	const int rest = tree.leaves - tree.spelled_leaves;
	if (rest > 0)
		appendStringInfo(&remark, "Then do the same for %d more leaf partition%s.", rest,
						 rest == 1 ? "" : "s");
	if (tree.foreign_leaves > 0)
		appendStringInfo(&remark,
						 "%sPartitions that are foreign tables have no index, and keep the one on "
						 "the partitioned table marked invalid this way.",
						 rest > 0 ? " " : "");
	return {commands.text.data, commands.count, remark.len > 0 ? remark.data : nullptr};
}

constexpr const char *no_concurrent_drop = "PostgreSQL has no concurrent form for a partitioned "
										   "index. Keep the wait for the lock short, and "
										   "try again when it fails: SET lock_timeout = '2s'.";

// DROP INDEX CONCURRENTLY takes one name and no CASCADE.
Remedy DropIndexes(const Findings &findings, const StatementText &statement)
{
	Commands commands;
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
		return {nullptr, 0, no_concurrent_drop};

	const CommandText command = FindCommand(statement, Operation::drop_index);
	const Request &first = findings.items[0].request;
	if (findings.count == 1 && !first.cascade && command.found)
		AppendWithConcurrently(commands.Add(), command);
	else
	{
		for (const Finding &finding : findings)
		{
			if (finding.target.index.name == nullptr)
				continue; // nothing there that could be dropped
			const bool concurrently = finding.target.facts.kind != TableKind::partitioned_table;
			appendStringInfo(
				commands.Add(), "DROP INDEX %s%s%s;", concurrently ? "CONCURRENTLY " : "",
				finding.request.missing_ok ? "IF EXISTS " : "", finding.target.index.Quoted());
		}
	}

	const char *remark = nullptr;
	if (first.cascade)
		remark = "CONCURRENTLY does not take CASCADE: drop first what depends on the index.";
	else if (partitioned)
		remark = no_concurrent_drop;
	return {commands.text.data, commands.count, remark};
}

} // namespace

Remedy FindRemedy(const Findings &findings, const StatementText &statement, const char *query)
{
	const Finding &first = findings.FirstViolation();
	if (first.request.operation == Operation::drop_index)
		return DropIndexes(findings, statement);
	if (first.target.facts.kind == TableKind::partitioned_table)
		return CreateOnPartitioned(first, statement, query);
	return CreateOnTable(first, statement, query);
}

} // namespace psi
