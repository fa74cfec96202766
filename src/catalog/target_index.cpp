// target_index: CREATE INDEX and DROP INDEX.
#include "catalog/index_refusal.hpp"
#include "catalog/target_commands.hpp"

namespace psi
{

// Follows standard_ProcessUtility() and DefineIndex(): RangeVarCallbackOwnsRelation(), then CREATE
// on the schema.
Target LookAtCreateIndex(const Request &request, const Circumstances &circumstances)
{
	Target target;
	const auto table = ReadClass(Resolve(*request.name));
	if (!table.has_value() || (table->kind != RELKIND_RELATION && table->kind != RELKIND_MATVIEW &&
							   table->kind != RELKIND_PARTITIONED_TABLE))
		return target;

	TableFacts &facts = target.facts;
	facts.resolves = true;
	facts.permitted =
		OwnsRelation(table->id, GetUserId()) && MayCreateIn(table->schema, GetUserId());
	if (!facts.permitted)
		return target;
	if (IsCreateRefused(*request.create, *table))
	{
		facts.resolves = false;
		return target;
	}

	// index_create() looks for any relation of that name in the schema of the table.
	const char *name = request.create->idxname;
	if (request.create->if_not_exists && name != nullptr)
	{
		target.exists = OidIsValid(get_relname_relid(name, table->schema));
		target.invalid = FindInvalidIndex(table->schema, name);
		facts.skips_invalid = target.invalid.has_value();
	}

	DescribeTable(*table, !request.name->inh, circumstances, target);
	// PostgreSQL refuses a unique index if a partition is a foreign table.
	if (request.create->unique && target.set.foreign > 0)
		facts.resolves = false;
	return target;
}

// Follows RemoveRelations() and RangeVarCallbackForDropRelation().
Target LookAtDropIndex(const Request &request, const Circumstances &circumstances)
{
	Target target;
	const auto index = ReadClass(Resolve(*makeRangeVarFromNameList(request.dropped)));
	if (!index.has_value())
	{
		target.ends_command = !request.missing_ok;
		return target;
	}
	if (index->kind != RELKIND_INDEX && index->kind != RELKIND_PARTITIONED_INDEX)
	{
		target.ends_command = true;
		return target;
	}

	const auto table = ReadClass(IndexGetRelation(index->id, true));
	if (!table.has_value())
		return target; // it has just been dropped

	TableFacts &facts = target.facts;
	facts.resolves = true;
	// The owner of the index and the owner of its schema may drop it.
	facts.permitted =
		OwnsRelation(index->id, GetUserId()) || OwnsSchema(index->schema, GetUserId());
	if (!facts.permitted)
	{
		target.ends_command = true;
		return target;
	}

	// PostgreSQL refuses to drop the index of a catalog or of a TOAST table before it takes up the
	// next name, unless the index is invalid: REINDEX CONCURRENTLY may have left it.
	if (index->is_system && IsValidIndex(index->id))
	{
		facts.catalog = true;
		target.ends_command = !allowSystemTableMods;
		return target;
	}

	// The index of a constraint cannot be dropped by itself, nor can one that is attached to a
	// partitioned index. PostgreSQL checks that after it has locked all names, so the next names
	// are taken up here as well: one of them may be the index that this one is attached to.
	if (index->is_partition || OidIsValid(get_index_constraint(index->id)))
	{
		facts.resolves = false;
		target.index_id = index->id;
		target.refused = true;
		return target;
	}

	DescribeTable(*table, false, circumstances, target);
	target.index = NameOf(*index);
	target.index_id = index->id;
	return target;
}

// DROP ... CASCADE of something that indexes depend on. The largest of their tables stands for all.
Target LookAtDropCascade(const Request &request, const Circumstances &circumstances)
{
	Target target;
	target.cascaded = IndexesDroppedBy(*request.drop, target.facts.permitted);
	target.facts.resolves = !target.cascaded.IsEmpty();
	if (!target.facts.resolves || !target.facts.permitted)
		return target;
	const CascadedIndex *largest = &target.cascaded.First();
	std::int64_t size = -1;
	for (const CascadedIndex &cascaded : target.cascaded)
	{
		CHECK_FOR_INTERRUPTS();
		const auto known = MainForkSize(cascaded.table.id);
		// One whose size is not known does not count as small.
		if (!known.has_value() || *known > size)
			largest = &cascaded;
		if (!known.has_value())
			break;
		size = Max(size, *known);
	}
	DescribeTable(largest->table, false, circumstances, target);
	target.index = NameOf(largest->index);
	target.index_id = largest->index.id;
	return target;
}

} // namespace psi
