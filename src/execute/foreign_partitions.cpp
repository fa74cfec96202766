// foreign_partitions: the leaf partitions first, then the client's command.
#include "execute/foreign_partitions.hpp"

#include "catalog/index_match.hpp"
#include "catalog/partitions.hpp"
#include "execute/failed_builds.hpp"
#include "execute/parse_command.hpp"

namespace psi
{

namespace
{

// Does the leaf partition have a valid index that the client's command would attach? Drops the
// invalid ones. `definition` is the command that would create it.
bool HasIndex(const Runner &runner, Oid leaf, const char *definition)
{
	const IndexStmt &create = *ParseCreateIndex(definition);
	bool has = false;
	List *invalid = NIL;
	for (const Oid index : EachOid(IndexesOf(leaf)))
	{
		const auto row = ReadClass(index);
		if (!row.has_value() || row->is_partition ||
			!IsSameIndex(index, create, leaf, definition, Likeness::attaches))
			continue;
		if (IsValidIndex(index))
			has = true;
		else
			invalid = lappend_oid(invalid, index);
	}
	for (const Oid index : EachOid(invalid))
		DropFailedBuild(runner, index);
	return has;
}

// The client's command locks all partitions (DefineIndex()).
void RunLast(const Runner &runner, Oid root, const char *command)
{
	const auto row = ReadClass(root);
	const RelationName table = row.has_value() ? QualifiedNameOf(*row) : RelationName{};
	Steps steps;
	appendStringInfoString(steps.Finish({ShareLock, table, LockedPart::tree}), command);
	RunStep(runner, steps.All().Last());
}

} // namespace

void BuildBesideForeign(const Runner &runner, const IndexPlan &plan, Oid root, const char *command)
{
	CommitAndBegin(runner.context);
	IndexPlan leaf_plan = plan;
	leaf_plan.name = nullptr;
	leaf_plan.if_not_exists = false;
	for (const Oid leaf : EachOid(LeavesOf(root)))
	{
		CommitAndBegin(runner.context);
		const auto row = ReadClass(leaf);
		if (!row.has_value())
			continue;
		const RelationName table = QualifiedNameOf(*row);
		const RelationName index{
			table.schema, ChooseName(leaf_plan, NameOf(*row), row->schema, nullptr, 0), false};
		if (HasIndex(runner, leaf, DefinitionCommand(leaf_plan, table, index)))
			continue;
		Steps steps;
		BuildOnTable(steps, leaf_plan, table, index);
		RunStep(runner, steps.All().Last());
	}
	RunLast(runner, root, command);
}

} // namespace psi
