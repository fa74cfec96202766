// target_index: CREATE INDEX and DROP INDEX.
#include "catalog/target_parts.hpp"

namespace psi
{

namespace
{

bool AllColumnsExist(const List *elements, Oid table)
{
	for (int i = 0; i < list_length(elements); ++i)
	{
		const auto *element = static_cast<const IndexElem *>(list_nth(elements, i));
		// An index on a system column is refused as well.
		if (element->name != nullptr && get_attnum(table, element->name) <= 0)
			return false;
	}
	return true;
}

} // namespace

// standard_ProcessUtility() and DefineIndex(): RangeVarCallbackOwnsRelation(), then CREATE on the
// schema.
Target LookAtCreateIndex(const Request &request, const Circumstances &circumstances)
{
	Target target{};
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
	if (!AllColumnsExist(request.create->indexParams, table->id) ||
		!AllColumnsExist(request.create->indexIncludingParams, table->id))
	{
		facts.resolves = false;
		return target;
	}

	// index_create() looks for the name in the schema of the table, whatever table it is on there.
	const char *name = request.create->idxname;
	if (request.create->if_not_exists && name != nullptr)
	{
		target.exists = OidIsValid(get_relname_relid(name, table->schema));
		target.invalid = FindInvalidIndex(table->schema, name);
		facts.skips_invalid = target.invalid.has_value();
	}

	DescribeTable(*table, !request.name->inh, circumstances, target);
	// A unique index cannot reach into a foreign table: PostgreSQL refuses.
	if (request.create->unique && target.set.foreign > 0)
		facts.resolves = false;
	return target;
}

// RemoveRelations() and RangeVarCallbackForDropRelation().
Target LookAtDropIndex(const Request &request, const Circumstances &circumstances)
{
	Target target{};
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
		return target; // dropped while we look

	TableFacts &facts = target.facts;
	facts.resolves = true;
	// The owner of the index or of its schema may drop it.
	facts.permitted =
		OwnsRelation(index->id, GetUserId()) || OwnsSchema(index->schema, GetUserId());
	if (!facts.permitted)
	{
		target.ends_command = true;
		return target;
	}

	// PostgreSQL refuses a catalog's index by name, before it comes to the next one.
	if (index->is_system)
	{
		facts.catalog = true;
		target.ends_command = !allowSystemTableMods;
		return target;
	}

	// The index of a constraint or of a partitioned index cannot be dropped by itself. That is
	// found out after all names were locked, so it does not end the walk over them: another name
	// may be the one that this index is a part of.
	if (index->is_partition || OidIsValid(get_index_constraint(index->id)))
	{
		facts.resolves = false;
		target.refused = true;
		return target;
	}

	DescribeTable(*table, false, circumstances, target);
	target.index = NameOf(*index);
	target.index_id = index->id;
	return target;
}

void RaiseAnalysisErrors(const IndexStmt &create, const Target &target, const char *query)
{
	WithRelationAtOnce(target.table_id,
					   [&](Relation)
					   {
						   // It works in place, and the tree may belong to a cached plan.
						   auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
						   transformIndexStmt(target.table_id, copy, query);
					   });
}

} // namespace psi
