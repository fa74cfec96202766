// index_refusal: the checks of DefineIndex(), ComputeIndexAttrs() and index_create() that need no
// analyzed expression.
#include "catalog/index_refusal.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/index.hpp"

namespace psi
{

namespace
{

// The access method of this name, or InvalidOid. As DefineIndex() does, takes rtree for gist.
Oid FindMethod(const char *name)
{
	return get_index_am_oid(strcmp(name, "rtree") == 0 ? "gist" : name, true);
}

bool Contains(const List *names, const char *name)
{
	for (const String *other : Each<const String>(names))
	{
		if (strcmp(other->sval, name) == 0)
			return true;
	}
	return false;
}

// The columns among the keys (String). Allocates.
List *NamesOf(const List *elements)
{
	List *names = NIL;
	for (const IndexElem *element : Each<const IndexElem>(elements))
	{
		if (const char *name = ColumnOf(*element))
			names = lappend(names, makeString(const_cast<char *>(name)));
	}
	return names;
}

} // namespace

const char *ColumnOf(const IndexElem &element)
{
	if (element.name != nullptr)
		return element.name;
	const Node *tree = element.expr;
	for (;;)
	{
		if (const auto *collate = IfA<CollateClause>(tree))
			tree = collate->arg;
		else if (const auto *cast = IfA<TypeCast>(tree))
			tree = cast->arg;
		else
			break;
	}
	const auto *column = IfA<ColumnRef>(tree);
	const auto *last =
		column != nullptr ? IfA<String>(static_cast<Node *>(llast(column->fields))) : nullptr;
	return last != nullptr ? last->sval : nullptr;
}

bool LacksPartitionKey(Oid table, const List *names)
{
	bool lacks = false;
	const auto compare = [&](Relation opened)
	{
		const PartitionKey key = RelationGetPartitionKey(opened);
		for (int i = 0; key != nullptr && i < key->partnatts && !lacks; ++i)
		{
			const AttrNumber column = key->partattrs[i];
			lacks =
				column == InvalidAttrNumber ||
				!Contains(names,
						  NameStr(TupleDescAttr(RelationGetDescr(opened), column - 1)->attname));
		}
	};
	WithRelationAtOnce(table, compare);
	return lacks;
}

bool IsVirtualColumn(Oid table, const char *column)
{
	return TestColumn(table, column,
					  [](const FormData_pg_attribute &row) { return IsVirtualGenerated(row); });
}

bool CanIndexColumn(Oid table, const char *column, const List *opclass, const char *method)
{
	const Oid method_id = FindMethod(method);
	if (!OidIsValid(method_id))
		return false;
	if (opclass != NIL)
		return OidIsValid(get_opclass_oid(method_id, const_cast<List *>(opclass), true));
	const AttrNumber number = get_attnum(table, column);
	return number == InvalidAttrNumber ||
		   OidIsValid(GetDefaultOpClass(get_atttype(table, number), method_id));
}

bool IsNameTaken(const ClassRow &table, const char *name, bool for_constraint)
{
	const Oid relation = get_relname_relid(name, table.schema);
	if (!OidIsValid(relation))
		return false;
	const auto index = ReadIndex(relation);
	if (!index.has_value() || index->table != table.id)
		return true;
	return index->valid &&
		   !(for_constraint && index->unique && !OidIsValid(get_index_constraint(relation)));
}

bool HasNameTwice(const List *names)
{
	int number = 0;
	for (const String *name : Each<const String>(names))
	{
		for (int i = 0; i < number; ++i)
		{
			if (strcmp(strVal(list_nth(names, i)), name->sval) == 0)
				return true;
		}
		// More than that PostgreSQL refuses anyway.
		if (++number > INDEX_MAX_KEYS)
			return true;
	}
	return false;
}

bool IsCreateRefused(const IndexStmt &create, const ClassRow &table)
{
	const char *method = create.accessMethod != nullptr ? create.accessMethod : DEFAULT_INDEX_TYPE;
	if (list_length(create.indexParams) + list_length(create.indexIncludingParams) >
			INDEX_MAX_KEYS ||
		!OidIsValid(FindMethod(method)) ||
		(create.tableSpace != nullptr && !OidIsValid(get_tablespace_oid(create.tableSpace, true))))
		return true;
	for (const List *elements : {create.indexParams, create.indexIncludingParams})
	{
		for (const IndexElem *element : Each<const IndexElem>(elements))
		{
			// PostgreSQL also refuses an index on a system column.
			if (element->name != nullptr && (get_attnum(table.id, element->name) <= 0 ||
											 IsVirtualColumn(table.id, element->name)))
				return true;
		}
	}
	for (const IndexElem *element : Each<const IndexElem>(create.indexParams))
	{
		if (element->name != nullptr &&
			!CanIndexColumn(table.id, element->name, element->opclass, method))
			return true;
	}
	if (create.idxname != nullptr && !create.if_not_exists &&
		IsNameTaken(table, create.idxname, false))
		return true;
	return create.unique && table.kind == RELKIND_PARTITIONED_TABLE &&
		   LacksPartitionKey(table.id, NamesOf(create.indexParams));
}

} // namespace psi
