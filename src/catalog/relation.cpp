// relation: pg_class through the system cache, and sizes from the files.
#include "catalog/relation.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/citus.hpp"

namespace psi
{

const char *RelationName::Shown() const
{
	return visible ? name : psprintf("%s.%s", schema, name);
}

const char *RelationName::Quoted() const
{
	// It takes a kilobyte, too much for the names of 10,000 partitions.
	char *quoted = quote_qualified_identifier(visible ? nullptr : schema, name);
	const char *kept = pstrdup(quoted);
	pfree(quoted);
	return kept;
}

Oid Resolve(const RangeVar &name)
{
	return RangeVarGetRelidExtended(&name, NoLock, RVR_MISSING_OK, nullptr, nullptr);
}

ClassRow RowOf(Form_pg_class form)
{
	return {form->oid,
			form->relnamespace,
			form->relname,
			form->relkind,
			form->relpersistence,
			form->relispartition,
			IsSystemClass(form->oid, form),
			IsCatalogRelationOid(form->oid),
			form->reltoastrelid};
}

std::optional<ClassRow> ReadClass(Oid relation)
{
	const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return std::nullopt;

	const ClassRow row = RowOf(FormOf<Form_pg_class>(tuple));
	ReleaseSysCache(tuple);
	return row;
}

RelationName NameOf(const ClassRow &row)
{
	const char *schema = get_namespace_name(row.schema);
	return {schema != nullptr ? schema : "?", pstrdup(NameStr(row.name)),
			RelnameGetRelid(NameStr(row.name)) == row.id};
}

RelationName QualifiedNameOf(const ClassRow &row)
{
	RelationName name = NameOf(row);
	name.visible = false;
	return name;
}

RelationName NameBeside(const RelationName &sibling, const char *name)
{
	// The bare name would find another relation of that name if one precedes it in the search path.
	return {sibling.schema, name, sibling.visible && !OidIsValid(RelnameGetRelid(name))};
}

bool IsCreatedHere(Oid relation)
{
	// A transaction that creates a relation holds ACCESS EXCLUSIVE on it until its end
	// (heap_create_with_catalog()). Without that lock the relation was not created here, and it is
	// not opened: opening thousands of partitions would fill the relation cache for nothing.
	if (!HoldsRelationLock(relation, AccessExclusiveLock, false))
		return false;

	const Relation opened = try_relation_open(relation, NoLock);
	if (opened == nullptr)
		return false;
	const bool created = opened->rd_createSubid != InvalidSubTransactionId;
	relation_close(opened, NoLock);
	return created;
}

std::optional<ColumnRow> ReadColumn(Oid relation, AttrNumber number)
{
	const HeapTuple tuple =
		SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(number));
	if (!HeapTupleIsValid(tuple))
		return std::nullopt;
	const auto &form = *reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
	std::optional<ColumnRow> row;
	if (!form.attisdropped)
		row = ColumnRow{form.attname, form.atttypid, form.atttypmod, form.attcollation,
						IsVirtualGenerated(form)};
	ReleaseSysCache(tuple);
	return row;
}

std::optional<std::int64_t> MainForkSize(Oid relation)
{
	std::optional<std::int64_t> size;
	if (IsCitusTable(relation))
		return size;
	const auto measure = [&size](Relation opened)
	{
		if (RELKIND_HAS_STORAGE(opened->rd_rel->relkind))
			size = static_cast<std::int64_t>(RelationGetNumberOfBlocks(opened)) * BLCKSZ;
	};
	WithRelationAtOnce(relation, measure);
	return size;
}

Oid OwnerOf(Oid relation)
{
	const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	const Oid owner = FormOf<Form_pg_class>(tuple)->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

bool IsOwner(Oid relation, Oid role)
{
	return OwnerOf(relation) == role;
}

} // namespace psi
