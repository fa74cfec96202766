// foreign_leaves: the leaves first, then the command.
#include "execute/foreign_leaves.hpp"

#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"

namespace psi
{

namespace
{

// Does the leaf have the index that a command would build? Invalid ones are dropped.
bool HasIndex(Runner &runner, Oid leaf, const char *command)
{
	const auto *create = reinterpret_cast<const IndexStmt *>(ParseCommand(command)->utilityStmt);
	const List *indexes = IndexesOf(leaf);
	bool has = false;
	List *invalid = NIL;
	for (int i = 0; i < list_length(indexes); ++i)
	{
		const Oid index = list_nth_oid(indexes, i);
		const auto row = ReadClass(index);
		if (!row.has_value() || row->is_partition ||
			!IsSameIndex(index, *create, leaf, command, Likeness::attaches))
			continue;
		if (IsValidIndex(index))
			has = true;
		else
			invalid = lappend_oid(invalid, index);
	}
	for (int i = 0; i < list_length(invalid); ++i)
		DropLeftover(runner, list_nth_oid(invalid, i));
	return has;
}

} // namespace

void BuildBesideForeign(Runner &runner, const IndexPlan &plan, Oid root, const char *command)
{
	BeginTransaction(runner.context);
	IndexPlan leaf_plan = plan;
	leaf_plan.name = nullptr;
	leaf_plan.if_not_exists = false;
	const List *leaves = LeavesOf(root);
	for (int i = 0; i < list_length(leaves); ++i)
	{
		BeginTransaction(runner.context);
		const Oid leaf = list_nth_oid(leaves, i);
		const auto row = ReadClass(leaf);
		if (!row.has_value())
			continue;
		const RelationName table = QualifiedNameOf(*row);
		const RelationName index{
			table.schema, ChooseName(leaf_plan, NameOf(*row), row->schema, nullptr, 0), false};
		if (HasIndex(runner, leaf, DefinitionCommand(leaf_plan, table, index)))
			continue;
		Commands commands{};
		BuildOnTable(commands, leaf_plan, table, index);
		RunCommand(runner, static_cast<StringInfo>(llast(commands.list))->data);
	}
	RunCommand(runner, command);
	BeginTransaction(runner.context);
}

} // namespace psi
