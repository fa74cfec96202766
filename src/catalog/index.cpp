// index: pg_index, through the system cache where that has what is wanted.
#include "catalog/index.hpp"

namespace psi
{

std::optional<IndexRow> ReadIndex(Oid index)
{
	const HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		return std::nullopt;
	const auto *form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
	const IndexRow row{index,           form->indrelid,      form->indisvalid, form->indisready,
					   form->indislive, form->indisexclusion};
	ReleaseSysCache(tuple);
	return row;
}

const char *NameOfFreeIndex(Oid index, Oid table)
{
	const auto row = ReadClass(index);
	if (!row.has_value() || IndexGetRelation(index, true) != table ||
		OidIsValid(get_index_constraint(index)))
		return nullptr;
	return QualifiedNameOf(*row).Quoted();
}

bool HasDependents(Oid index)
{
	ScanKeyData keys[2];
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(index));
	const Relation catalog = table_open(DependRelationId, AccessShareLock);
	const SysScanDesc scan =
		systable_beginscan(catalog, DependReferenceIndexId, true, nullptr, 2, keys);
	const bool has = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return has;
}

Oid TableOfNewIndex(Oid index)
{
	Oid table = InvalidOid;
	ScanKeyData key;
	ScanKeyInit(&key, Anum_pg_index_indexrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(index));
	const Relation catalog = table_open(IndexRelationId, AccessShareLock);
	const SysScanDesc scan =
		systable_beginscan(catalog, IndexRelidIndexId, true, SnapshotSelf, 1, &key);
	const HeapTuple tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		table = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indrelid;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return table;
}

List *IndexesOf(Oid table)
{
	List *indexes = NIL;
	ScanKeyData key;
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	const Relation catalog = table_open(IndexRelationId, AccessShareLock);
	const SysScanDesc scan =
		systable_beginscan(catalog, IndexIndrelidIndexId, true, nullptr, 1, &key);
	for (HeapTuple tuple = systable_getnext(scan); HeapTupleIsValid(tuple);
		 tuple = systable_getnext(scan))
		indexes =
			lappend_oid(indexes, reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indexrelid);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(indexes, list_oid_cmp);
	return indexes;
}

} // namespace psi
