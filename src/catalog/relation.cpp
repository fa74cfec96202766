// relation: names, facts and sizes of single relations.
#include "catalog/relation.hpp"

namespace psi
{

const char *RelationName::Shown() const
{
	return visible ? name : psprintf("%s.%s", schema, name);
}

const char *RelationName::Quoted() const
{
	return quote_qualified_identifier(visible ? nullptr : schema, name);
}

ClassRow RowOf(Form_pg_class form)
{
	return {form->oid,
			form->relnamespace,
			form->relname,
			form->relkind,
			form->relpersistence,
			form->relispartition,
			IsSystemClass(form->oid, form)};
}

std::optional<ClassRow> ReadClass(Oid relation)
{
	const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return std::nullopt;

	const ClassRow row = RowOf(reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple)));
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
	// Something else of that name earlier in the search path would be found in its place.
	return {sibling.schema, name, sibling.visible && !OidIsValid(RelnameGetRelid(name))};
}

bool IsCreatedHere(Oid relation)
{
	// Whoever creates a relation holds it locked like this until the end of the transaction
	// (heap_create_with_catalog()). Without that lock it is not ours, and need not be opened:
	// opening each of some thousand partitions would fill the relation cache for nothing.
	if (!HoldsRelationLock(relation, AccessExclusiveLock, false))
		return false;

	const Relation opened = try_relation_open(relation, NoLock);
	if (opened == nullptr)
		return false;
	const bool created = opened->rd_createSubid != InvalidSubTransactionId;
	relation_close(opened, NoLock);
	return created;
}

std::optional<std::int64_t> MainForkSize(Oid relation)
{
	std::optional<std::int64_t> size;
	WithRelationAtOnce(relation,
					   [&size](Relation opened)
					   {
						   if (RELKIND_HAS_STORAGE(opened->rd_rel->relkind))
							   size = static_cast<std::int64_t>(RelationGetNumberOfBlocks(opened)) *
									  BLCKSZ;
					   });
	return size;
}

bool IsOwner(Oid relation, Oid role)
{
	const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return false;
	const bool owns = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner == role;
	ReleaseSysCache(tuple);
	return owns;
}

} // namespace psi
