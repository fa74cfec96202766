// remedy_create: CREATE INDEX, and the index of a constraint: on a table, and on the partitions of
// one.
#include "plan/remedy_internal.hpp"

#include "catalog/index.hpp"
#include "catalog/index_match.hpp"
#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

constexpr const char *table_is_locked =
	"The commands for the partitions cannot be shown while another session has locked the table: send the command again later.";

// The index on the table or on a partition of it, in the order of RelationSet::spelled.
struct TreeIndex
{
	RelationName name;
	Oid id = InvalidOid;   // InvalidOid: it does not exist yet
	bool complete = false; // it is valid, and so are those below it
};

// Finds an index of a partition that is attached to the index of the parent already or, if there is
// none, one that PostgreSQL would attach instead of building one. Sets `attached`. Nothing if there
// is neither, or if the partition cannot be opened at once. Allocates.
std::optional<TreeIndex> FindOnPartition(const IndexPlan &plan, Oid root, const Member &member,
										 Oid parent_index, bool &attached)
{
	std::optional<TreeIndex> free;
	const IndexStmt *create = nullptr;
	attached = false;
	for (const Oid id : EachOid(IndexesOf(member.id)))
	{
		const auto row = ReadClass(id);
		if (!row.has_value())
			continue;
		const TreeIndex index{NameOf(*row), id, IsValidIndex(id)};
		if (row->is_partition && OidIsValid(parent_index) &&
			get_partition_parent(id, true) == parent_index)
		{
			attached = true;
			return index;
		}
		if (row->is_partition || free.has_value() || !index.complete || plan.constraint != nullptr)
			continue;
		if (create == nullptr)
			create = MapToPartition(*plan.create, root, member.id);
		if (create != nullptr && IsSameIndex(id, *create, member.id, "", Likeness::attaches))
			free = index;
	}
	return free;
}

// A tree of partitions on which an index is to be built.
struct Tree
{
	const IndexPlan &plan; // of the index on a partition
	Oid root;
	const RelationSet &partitions;
};

// Adds the steps for a partition: it gets an index, unless it has one, which is attached to that of
// its parent. Returns the index.
TreeIndex IndexMember(Steps &steps, const Tree &tree, const Member &member, const TreeIndex &parent,
					  GivenNames &given)
{
	bool attached = false;
	const auto found = FindOnPartition(tree.plan, tree.root, member, parent.id, attached);
	if (found.has_value())
	{
		const bool repair = attached && member.leaf && !found->complete;
		if (repair)
			appendStringInfo(steps.Build(), "REINDEX INDEX CONCURRENTLY %s;", found->name.Quoted());
		// One that is attached already is attached again: from 15.18, 16.14, 17.10 and 18.4 on that
		// makes PostgreSQL look again whether the index of the parent is complete.
		if (!attached || repair)
			AttachIndex(steps, parent.name, found->name);
		return *found;
	}
	const char *chosen = ChooseName(tree.plan, member.name, member.schema, given);
	given.Add(member.schema, chosen);
	const RelationName name = NameBeside(member.name, chosen);
	if (member.leaf)
		BuildOnTable(steps, tree.plan, member.name, name);
	else
		CreateOnly(steps, tree.plan, member.name, name);
	AttachIndex(steps, parent.name, name);
	return {name, InvalidOid, false};
}

// PostgreSQL cannot build an index on a partitioned table concurrently. Its documentation of CREATE
// INDEX has the way around that: create an index on the table alone, which is invalid at first;
// build an index concurrently on each leaf partition; attach each, which makes the first index
// valid in the end. The names of two partitions can be truncated to the same one, and none may be
// that of the partitioned index, which exists by then.
void BuildOnPartitions(Steps &steps, const Tree &tree, const TreeIndex &index, GivenNames &given)
{
	Array<TreeIndex> indexes;
	indexes.Reserve(tree.partitions.spelled_count + 1);
	indexes.Add(index);
	for (int i = 0; i < tree.partitions.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Member &member = tree.partitions.spelled[i];
		// The root is number -1.
		const TreeIndex &parent = indexes[member.parent + 1];
		indexes.Add(parent.complete ? parent : IndexMember(steps, tree, member, parent, given));
	}
}

// Foreign tables have no indexes, and the partitioned index becomes valid nevertheless, but only if
// PostgreSQL creates it as a whole: when all other leaf partitions have an index that it can
// attach, it builds nothing.
void BuildBesideForeign(Steps &steps, const Tree &tree, GivenNames &given)
{
	for (int i = 0; i < tree.partitions.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Member &member = tree.partitions.spelled[i];
		bool attached = false;
		if (!member.leaf ||
			FindOnPartition(tree.plan, tree.root, member, InvalidOid, attached).has_value())
			continue;
		const char *chosen = ChooseName(tree.plan, member.name, member.schema, given);
		given.Add(member.schema, chosen);
		BuildOnTable(steps, tree.plan, member.name, NameBeside(member.name, chosen));
	}
}

// The index of that name on the partitioned table, if it is the one that IF NOT EXISTS asks for: an
// earlier attempt has begun it. Allocates.
std::optional<TreeIndex> FindBegun(const IndexPlan &plan, const Target &target)
{
	if (!plan.if_not_exists || plan.name == nullptr)
		return std::nullopt;
	const Oid id = get_relname_relid(plan.name, target.schema);
	const auto row = ReadClass(id);
	if (!row.has_value() || row->kind != RELKIND_PARTITIONED_INDEX ||
		IndexGetRelation(id, true) != target.table_id ||
		!IsSameIndex(id, *plan.create, target.table_id, ""))
		return std::nullopt;
	return TreeIndex{NameOf(*row), id, false};
}

} // namespace

void BuildIndex(Steps &steps, const Target &target, const IndexPlan &plan, GivenNames &given)
{
	const char *name =
		plan.name != nullptr ? plan.name : ChooseName(plan, target.table, target.schema, given);
	given.Add(target.schema, name);
	const RelationName index = NameBeside(target.table, name);
	if (target.facts.kind != TableKind::partitioned_table)
	{
		BuildOnTable(steps, plan, target.table, index);
		return;
	}
	// The names of the indexes on the partitions are free.
	IndexPlan of_partition = plan;
	of_partition.if_not_exists = false;
	const Tree tree{of_partition, target.table_id, target.set};
	if (target.set.foreign > 0)
	{
		BuildBesideForeign(steps, tree, given);
		CreateOnAll(steps, plan, target.table, index);
		return;
	}
	const auto begun = FindBegun(plan, target);
	if (!begun.has_value())
		CreateOnly(steps, plan, target.table, index);
	BuildOnPartitions(steps, tree, begun.value_or(TreeIndex{index}), given);
}

Remedy ForCreateOnPartitions(const Judgment &judgment, const char *query)
{
	const Target &target = judgment.target;
	const char *name = judgment.request.create->idxname;
	// The command locks all partitions to build nothing.
	const Remedy nothing{
		{},
		target.exists ? psprintf("Relation \"%s\" exists already, so nothing need be done.", name)
					  : nullptr,
		nullptr,
		false,
		true};
	if (target.exists && IsValidIndex(get_relname_relid(name, target.schema)))
		return nothing;
	Steps steps;
	IndexPlan plan;
	const Repeatable repeatable = PlanOnPartitions(judgment, query, plan);
	if (repeatable == Repeatable::locked)
		return NoSteps(table_is_locked);
	if (repeatable == Repeatable::no)
		return NoSteps(
			"Use CREATE INDEX ON ONLY the table, CREATE INDEX CONCURRENTLY on each leaf partition, and ALTER INDEX ... ATTACH PARTITION.");
	if (target.exists && !FindBegun(plan, target).has_value())
		return nothing;
	GivenNames given;
	BuildIndex(steps, target, plan, given);
	return {steps.All(), nullptr, nullptr, !target.set.complete};
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
