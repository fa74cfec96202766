// remedy_create: CREATE INDEX, and the index of a constraint: on a table, and on the partitions of
// one.
#include "plan/remedy_internal.hpp"

#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

// What to tell the user about the partitions that no command names. Null if nothing.
const char *RemarkOn(const RelationSet &partitions)
{
	StringInfoData remark;
	initStringInfo(&remark);
	const int rest = partitions.members - partitions.spelled_members;
	if (partitions.spelled_count == spelled_max)
		appendStringInfoString(&remark, "Then do the same for all other partitions.");
	else if (rest > 0)
		appendStringInfo(&remark, "Then do the same for %d more leaf partition%s.", rest,
						 rest == 1 ? "" : "s");
	if (partitions.foreign > 0)
		appendStringInfo(
			&remark,
			"%sPartitions that are foreign tables have no index, and keep the one on the partitioned table marked invalid this way.",
			remark.len > 0 ? " " : "");
	return remark.len > 0 ? remark.data : nullptr;
}

// PostgreSQL cannot build an index on a partitioned table concurrently. Its documentation of CREATE
// INDEX has the way around that: create an index on the table alone, which is invalid at first;
// build an index concurrently on each leaf partition; attach each, which makes the first index
// valid in the end. Returns the remark, or null.
const char *BuildOnPartitions(Commands &commands, const IndexPlan &plan, const RelationName &table,
							  const RelationName &index, const RelationSet &partitions)
{
	CreateOnly(commands, plan, table, index);

	// The names of two partitions can be truncated to the same one, and none may be that of the
	// partitioned index, which exists by then.
	Array<RelationName> names;
	names.Add(index);
	for (int i = 0; i < partitions.spelled_count; ++i)
	{
		const Member &member = partitions.spelled[i];
		const char *chosen =
			ChooseName(plan, member.name, member.schema, names.begin(), names.Count());
		const RelationName &name = names.Add(NameBeside(member.name, chosen));
		if (member.leaf)
			BuildOnTable(commands, plan, member.name, name);
		else
			CreateOnly(commands, plan, member.name, name);
		// The root is number -1.
		const RelationName &parent = names[member.parent + 1];
		appendStringInfo(commands.Add(), "ALTER INDEX %s ATTACH PARTITION %s;", parent.Quoted(),
						 name.Quoted());
	}
	return RemarkOn(partitions);
}

} // namespace

const char *BuildIndex(Commands &commands, const Target &target, const IndexPlan &plan,
					   Array<RelationName> &names)
{
	const char *name = plan.name != nullptr ? plan.name
											: ChooseName(plan, target.table, target.schema,
														 names.begin(), names.Count());
	const RelationName &index = names.Add(NameBeside(target.table, name));
	if (target.facts.kind == TableKind::partitioned_table)
		return BuildOnPartitions(commands, plan, target.table, index, target.set);
	BuildOnTable(commands, plan, target.table, index);
	return nullptr;
}

Remedy ForCreateOnPartitions(const Judgment &judgment, const StatementText &statement,
							 const char *query)
{
	Commands commands;
	IndexPlan plan;
	if (!PlanOnPartitions(judgment, statement, query, plan))
		return commands.Done(
			"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each leaf partition, and ALTER INDEX ... ATTACH PARTITION.");
	Array<RelationName> names;
	const char *remark = BuildIndex(commands, judgment.target, plan, names);
	return commands.Done(remark);
}

Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query)
{
	const IndexStmt &create = *judgment.request.create;
	const RelationName &table = judgment.target.table;
	Commands commands;
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
	BuildOnTable(commands, PlanForCreate(create, definition), table,
				 {table.schema, create.idxname, true});
	return commands.Done(nullptr);
}

} // namespace psi
