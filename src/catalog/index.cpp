// index: pg_index through the system cache, or by a scan where the cache does not have the row.
#include "catalog/index.hpp"

#include "catalog/catalog_scan.hpp"

namespace psi
{

std::optional<IndexRow> ReadIndex(Oid index)
{
	const HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		return std::nullopt;
	const auto *form = FormOf<Form_pg_index>(tuple);
	const IndexRow row{index,           form->indrelid,    form->indisvalid,    form->indisready,
					   form->indislive, form->indisunique, form->indisexclusion};
	ReleaseSysCache(tuple);
	return row;
}

bool HasColumn(Oid index, AttrNumber column)
{
	const HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		return false;
	const int2vector &columns = FormOf<Form_pg_index>(tuple)->indkey;
	bool has = false;
	for (int i = 0; i < columns.dim1; ++i)
		has = has || columns.values[i] == column;
	ReleaseSysCache(tuple);
	return has;
}

bool HasDependents(Oid index)
{
	bool has = false;
	const auto note = [&has](Form_pg_depend)
	{
		has = true;
		return false;
	};
	ScanCatalog<Form_pg_depend>(
		DependRelationId, DependReferenceIndexId, nullptr,
		{{Anum_pg_depend_refclassid, RelationRelationId}, {Anum_pg_depend_refobjid, index}}, note);
	return has;
}

Array<ObjectAddress> DependenciesOf(Oid index)
{
	Array<ObjectAddress> objects;
	const Oid table = IndexGetRelation(index, true);
	const auto add = [&](Form_pg_depend form)
	{
		if (form->refclassid != RelationRelationId || form->refobjid != table)
			objects.Add({form->refclassid, form->refobjid, form->refobjsubid});
		return true;
	};
	ScanCatalog<Form_pg_depend>(
		DependRelationId, DependDependerIndexId, nullptr,
		{{Anum_pg_depend_classid, RelationRelationId}, {Anum_pg_depend_objid, index}}, add);
	return objects;
}

const char *NameOfFreeIndex(Oid index, Oid table)
{
	const auto row = ReadClass(index);
	if (!row.has_value() || IndexGetRelation(index, true) != table ||
		OidIsValid(get_index_constraint(index)))
		return nullptr;
	return QualifiedNameOf(*row).Quoted();
}

Oid TableOfNewIndex(Oid index)
{
	Oid table = InvalidOid;
	const auto note = [&table](Form_pg_index form)
	{
		table = form->indrelid;
		return false;
	};
	ScanCatalog<Form_pg_index>(IndexRelationId, IndexRelidIndexId, SnapshotSelf,
							   {{Anum_pg_index_indexrelid, index}}, note);
	return table;
}

List *IndexesOf(Oid table)
{
	List *indexes = NIL;
	const auto add = [&indexes](Form_pg_index form)
	{
		indexes = lappend_oid(indexes, form->indexrelid);
		return true;
	};
	ScanCatalog<Form_pg_index>(IndexRelationId, IndexIndrelidIndexId, nullptr,
							   {{Anum_pg_index_indrelid, table}}, add);
	list_sort(indexes, list_oid_cmp);
	return indexes;
}

} // namespace psi
