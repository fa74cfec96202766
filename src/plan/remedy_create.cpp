// remedy_create: CREATE INDEX, and the index of a constraint: on a table, and on the partitions of
// one.
#include "plan/remedy_internal.hpp"

#include "catalog/index.hpp"
#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

constexpr const char *table_is_locked =
	"The commands for the partitions cannot be shown while another session has locked the table: send the command again later.";

constexpr const char *foreign_partitions =
	"Partitions that are foreign tables have no index, and keep the one on the partitioned table marked invalid this way.";

// PostgreSQL cannot build an index on a partitioned table concurrently. Its documentation of CREATE
// INDEX has the way around that: create an index on the table alone, which is invalid at first;
// build an index concurrently on each leaf partition; attach each, which makes the first index
// valid in the end. Returns the remark, or null.
const char *BuildOnPartitions(Steps &steps, const IndexPlan &plan, const RelationName &table,
							  const RelationName &index, const RelationSet &partitions,
							  GivenNames &given)
{
	CreateOnly(steps, plan, table, index);

	// The names of two partitions can be truncated to the same one, and none may be that of the
	// partitioned index, which exists by then.
	Array<RelationName> names;
	names.Add(index);
	for (int i = 0; i < partitions.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Member &member = partitions.spelled[i];
		const char *chosen = ChooseName(plan, member.name, member.schema, given);
		given.Add(member.schema, chosen);
		const RelationName &name = names.Add(NameBeside(member.name, chosen));
		if (member.leaf)
			BuildOnTable(steps, plan, member.name, name);
		else
			CreateOnly(steps, plan, member.name, name);
		// The root is number -1.
		AttachIndex(steps, names[member.parent + 1], name);
	}
	return partitions.foreign > 0 ? foreign_partitions : nullptr;
}

// IF NOT EXISTS, and the name is that of a valid index or of something else: the command locks all
// partitions to build nothing. Null if it would build something. Allocates.
const char *RemarkOnExisting(const Judgment &judgment)
{
	const char *name = judgment.request.create->idxname;
	if (!judgment.target.exists)
		return nullptr;
	const auto index = ReadIndex(get_relname_relid(name, judgment.target.schema));
	if (index.has_value() && !index->valid)
		return nullptr;
	return psprintf("Relation \"%s\" exists already, so nothing need be done.", name);
}

} // namespace

const char *BuildIndex(Steps &steps, const Target &target, const IndexPlan &plan, GivenNames &given)
{
	const char *name =
		plan.name != nullptr ? plan.name : ChooseName(plan, target.table, target.schema, given);
	given.Add(target.schema, name);
	const RelationName index = NameBeside(target.table, name);
	if (target.facts.kind == TableKind::partitioned_table)
		return BuildOnPartitions(steps, plan, target.table, index, target.set, given);
	BuildOnTable(steps, plan, target.table, index);
	return nullptr;
}

Remedy ForCreateOnPartitions(const Judgment &judgment, const char *query)
{
	if (const char *remark = RemarkOnExisting(judgment); remark != nullptr)
		return {{}, remark, nullptr, false, true};
	Steps steps;
	IndexPlan plan;
	const Repeatable repeatable = PlanOnPartitions(judgment, query, plan);
	if (repeatable == Repeatable::locked)
		return NoSteps(table_is_locked);
	if (repeatable == Repeatable::no)
		return NoSteps(
			"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each leaf partition, and ALTER INDEX ... ATTACH PARTITION.");
	GivenNames given;
	const char *remark = BuildIndex(steps, judgment.target, plan, given);
	return {steps.All(), remark, nullptr, !judgment.target.set.complete};
}

Remedy FindRemedyForTable(const Judgment &judgment, const StatementText &statement,
						  const char *query)
{
	const IndexStmt &create = *judgment.request.create;
	const RelationName &table = judgment.target.table;
	Steps steps;
	const CommandText command = FindCommand(statement, Operation::create_index);
	if (command.found)
	{
		if (create.concurrent)
			appendStringInfo(steps.Build(), "%.*s;", command.end - command.begin,
							 command.text + command.begin);
		else
			AppendWithConcurrently(steps.Build(), command);
		return {steps.All(), nullptr};
	}
	const char *definition = DefinitionFromTree(create, judgment.target, query);
	if (definition == nullptr)
		return NoSteps("Use the same command with CONCURRENTLY after the word INDEX.");
	BuildOnTable(steps, PlanForCreate(create, definition), table,
				 {table.schema, create.idxname, true});
	return {steps.All(), nullptr};
}

} // namespace psi
