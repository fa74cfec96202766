// citus: reads tables that only a superuser can create (pg_catalog), by the names and columns that
// they have had since Citus 6.
#include "catalog/citus.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/relation.hpp"

namespace psi
{

namespace
{

Oid CatalogNamed(const char *name)
{
	return get_relname_relid(name, PG_CATALOG_NAMESPACE);
}

} // namespace

bool IsCitusTable(Oid table)
{
	const Oid catalog = CatalogNamed("pg_dist_partition");
	if (!OidIsValid(catalog) || table == catalog)
		return false;
	const AttrNumber column = get_attnum(catalog, "logicalrelid");
	if (column == InvalidAttrNumber)
		return false;
	const Oid index = CatalogNamed("pg_dist_partition_logical_relid_index");
	bool found = false;
	const auto note = [&found](const void *)
	{
		found = true;
		return false;
	};
	const auto look = [&](Relation) {
		ScanCatalog<const void *>(catalog, index, nullptr, {{column, table}}, note);
	};
	return !WithRelationAtOnce(catalog, look) || found;
}

bool IsLeftToCitus(Oid table)
{
	if (!IsCitusTable(table))
		return false;
	const Oid catalog = CatalogNamed("pg_dist_local_group");
	if (!OidIsValid(catalog) || get_attnum(catalog, "groupid") != 1 ||
		get_atttype(catalog, 1) != INT4OID)
		return false;
	// The only column, which is never null.
	std::int32_t group = 0;
	const auto note = [&group](const std::int32_t *row)
	{
		group = *row;
		return false;
	};
	const auto look = [&](Relation)
	{ ScanCatalog<const std::int32_t *>(catalog, InvalidOid, nullptr, {}, note); };
	WithRelationAtOnce(catalog, look);
	return group != 0;
}

} // namespace psi
