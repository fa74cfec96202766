// skipped_index: after ReindexRelationConcurrently(). One scan of pg_index serves for many tables.
#include "catalog/skipped_index.hpp"

#include "catalog/catalog_scan.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

void Add(SkippedIndexes &skipped, Oid index)
{
	if (IsExclusionIndex(index))
	{
		const auto row = ReadClass(index);
		if (row.has_value() && skipped.exclusion_count++ < named_skipped_max)
			skipped.exclusion.Add(NameOf(*row));
		return;
	}
	const auto invalid = ReadInvalidIndex(index);
	if (invalid.has_value() && skipped.invalid_count++ < named_skipped_max)
		skipped.invalid.Add(*invalid);
}

// Those of the tables for which `reaches(const ClassRow &)`.
template <typename Reaches> SkippedIndexes FindSkipped(Reaches reaches)
{
	List *found = NIL;
	const auto visit = [&](Form_pg_index form)
	{
		if ((form->indisvalid && !form->indisexclusion) || form->indrelid < FirstNormalObjectId)
			return true;
		const auto table = ReadClass(form->indrelid);
		if (table.has_value() && !isOtherTempNamespace(table->schema) && reaches(*table))
			found = lappend_oid(found, form->indexrelid);
		return true;
	};
	ScanCatalog<Form_pg_index>(IndexRelationId, InvalidOid, nullptr, {}, visit);
	// Not in the order in which the rows happen to lie in pg_index.
	list_sort(found, list_oid_cmp);
	SkippedIndexes skipped;
	for (const Oid index : EachOid(found))
		Add(skipped, index);
	return skipped;
}

} // namespace

SkippedIndexes SkippedOnTable(Oid table)
{
	const auto row = ReadClass(table);
	if (row.has_value() && row->kind == RELKIND_PARTITIONED_TABLE)
	{
		const auto is_below = [table](const ClassRow &partition) {
			return partition.is_partition &&
				   list_member_oid(get_partition_ancestors(partition.id), table);
		};
		return FindSkipped(is_below);
	}
	SkippedIndexes skipped;
	for (const Oid index : EachOid(IndexesOf(table)))
		Add(skipped, index);
	if (row.has_value() && OidIsValid(row->toast))
	{
		for (const Oid index : EachOid(IndexesOf(row->toast)))
			Add(skipped, index);
	}
	return skipped;
}

SkippedIndexes SkippedIn(Oid schema)
{
	const auto is_in = [schema](const ClassRow &table)
	{ return !OidIsValid(schema) || table.schema == schema; };
	return FindSkipped(is_in);
}

} // namespace psi
