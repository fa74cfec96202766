// index_match: field by field, as DefineIndex() and ComputeIndexAttrs() fill them in.
#include "catalog/index_match.hpp"

#include "pg/list.hpp"

#include <cstddef>

namespace psi
{

namespace
{

// Both absent, or the same array.
bool AreSameOptions(bool null, Datum options, const List *wanted)
{
	const Datum other = transformRelOptions(static_cast<Datum>(0), const_cast<List *>(wanted),
											nullptr, nullptr, false, false);
	if (null || other == static_cast<Datum>(0))
		return null && other == static_cast<Datum>(0);
	return datumIsEqual(PointerGetDatum(PG_DETOAST_DATUM(options)), other, false, -1);
}

// An attribute of the index's row in a system cache, as text of a node; null if there is none.
Node *NodeOf(HeapTuple tuple, AttrNumber attribute)
{
	bool null = false;
	const Datum tree = SysCacheGetAttr(INDEXRELID, tuple, attribute, &null);
	return null ? nullptr : static_cast<Node *>(stringToNode(TextDatumGetCString(tree)));
}

// What an index has in its row, besides single values.
struct IndexArrays
{
	const Oid *collations;
	const Oid *classes;
	const int16 *options;
	List *expressions;
	Node *predicate;
};

IndexArrays ArraysOf(HeapTuple tuple)
{
	bool null = false;
	const auto array = [&](AttrNumber attribute)
	{ return DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple, attribute, &null)); };
	return {reinterpret_cast<oidvector *>(array(Anum_pg_index_indcollation))->values,
			reinterpret_cast<oidvector *>(array(Anum_pg_index_indclass))->values,
			reinterpret_cast<int2vector *>(array(Anum_pg_index_indoption))->values,
			reinterpret_cast<List *>(NodeOf(tuple, Anum_pg_index_indexprs)),
			NodeOf(tuple, Anum_pg_index_indpred)};
}

int16 OptionsOf(const IndexElem &element, bool ordered)
{
	if (!ordered)
		return 0;
	int16 options = 0;
	if (element.ordering == SORTBY_DESC)
		options |= INDOPTION_DESC;
	const bool first = element.nulls_ordering == SORTBY_NULLS_DEFAULT
						   ? element.ordering == SORTBY_DESC
						   : element.nulls_ordering == SORTBY_NULLS_FIRST;
	if (first)
		options |= INDOPTION_NULLS_FIRST;
	return options;
}

// One key column. `expression` counts those gone over.
bool IsSameKey(Oid index, const Form_pg_index form, const IndexArrays &arrays, int number,
			   const IndexElem &element, Oid table, const char *method, Oid method_id, bool ordered,
			   Likeness likeness, int &expression)
{
	AttrNumber column = InvalidAttrNumber;
	Oid type = InvalidOid;
	Oid collation = InvalidOid;
	if (element.name != nullptr)
	{
		int32 typmod = 0;
		column = get_attnum(table, element.name);
		if (column == InvalidAttrNumber)
			return false;
		get_atttypetypmodcoll(table, column, &type, &typmod, &collation);
	}
	else
	{
		Node *tree = element.expr;
		type = exprType(tree);
		collation = exprCollation(tree);
		while (IsA(tree, CollateExpr))
			tree = reinterpret_cast<Node *>(reinterpret_cast<CollateExpr *>(tree)->arg);
		if (IsA(tree, Var) && reinterpret_cast<Var *>(tree)->varattno != InvalidAttrNumber)
			column = reinterpret_cast<Var *>(tree)->varattno;
		else if (expression >= list_length(arrays.expressions) ||
				 !equal(list_nth(arrays.expressions, expression++), tree))
			return false;
	}
	if (element.collation != NIL)
		collation = get_collation_oid(element.collation, true);

	if (form->indkey.values[number] != column || arrays.collations[number] != collation)
		return false;
	const Oid wanted = ResolveOpClass(element.opclass, type, method, method_id);
	if (likeness == Likeness::attaches)
		return get_opclass_family(arrays.classes[number]) == get_opclass_family(wanted);
	const Datum options = get_attoptions(index, static_cast<int16>(number + 1));
	return arrays.classes[number] == wanted &&
		   arrays.options[number] == OptionsOf(element, ordered) &&
		   AreSameOptions(options == static_cast<Datum>(0), options, element.opclassopts);
}

// `tablespace` as in pg_class.reltablespace; null: the command names none.
bool LiesIn(Oid tablespace, const char *name)
{
	if (name == nullptr)
		return true;
	const Oid wanted = get_tablespace_oid(name, true);
	return tablespace == (wanted == MyDatabaseTableSpace ? InvalidOid : wanted);
}

bool IsSame(Oid index, HeapTuple tuple, const IndexStmt &create, Oid table, Likeness likeness)
{
	const auto *form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
	const Oid method_id = get_index_am_oid(create.accessMethod, true);
	const int keys = list_length(create.indexParams);
	if (!OidIsValid(method_id) || form->indrelid != table || form->indisunique != create.unique ||
		form->indnullsnotdistinct != create.nulls_not_distinct || form->indisexclusion ||
		form->indnkeyatts != keys ||
		form->indnatts != keys + list_length(create.indexIncludingParams))
		return false;

	const HeapTuple class_tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(class_tuple))
		return false;
	bool null = false;
	const Datum options = SysCacheGetAttr(RELOID, class_tuple, Anum_pg_class_reloptions, &null);
	const auto *row = reinterpret_cast<Form_pg_class>(GETSTRUCT(class_tuple));
	const bool same_class =
		row->relam == method_id &&
		(likeness == Likeness::attaches || (AreSameOptions(null, options, create.options) &&
											LiesIn(row->reltablespace, create.tableSpace)));
	ReleaseSysCache(class_tuple);
	if (!same_class)
		return false;

	const bool ordered = GetIndexAmRoutineByAmId(method_id, false)->amcanorder;
	const IndexArrays arrays = ArraysOf(tuple);
	int expression = 0;
	for (int i = 0; i < keys; ++i)
	{
		if (!IsSameKey(index, const_cast<Form_pg_index>(form), arrays, i,
					   *static_cast<const IndexElem *>(list_nth(create.indexParams, i)), table,
					   create.accessMethod, method_id, ordered, likeness, expression))
			return false;
	}
	for (int i = 0; i < list_length(create.indexIncludingParams); ++i)
	{
		const auto *element =
			static_cast<const IndexElem *>(list_nth(create.indexIncludingParams, i));
		if (element->name == nullptr ||
			form->indkey.values[keys + i] != get_attnum(table, element->name))
			return false;
	}
	Node *predicate = nullptr;
	if (create.whereClause != nullptr)
		predicate = reinterpret_cast<Node *>(
			make_ands_explicit(make_ands_implicit(reinterpret_cast<Expr *>(create.whereClause))));
	return equal(arrays.predicate, predicate);
}

} // namespace

bool IsSameIndex(Oid index, const IndexStmt &create, Oid table, const char *query,
				 Likeness likeness)
{
	bool same = false;
	WithRelationAtOnce(table,
					   [&](Relation)
					   {
						   auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
						   const IndexStmt *analyzed = transformIndexStmt(table, copy, query);
						   const HeapTuple tuple =
							   SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
						   if (!HeapTupleIsValid(tuple))
							   return;
						   same = IsSame(index, tuple, *analyzed, table, likeness);
						   ReleaseSysCache(tuple);
					   });
	return same;
}

namespace
{

Oid *CopyOids(const Oid *oids, int count)
{
	auto *copy = static_cast<Oid *>(palloc(sizeof(Oid) * count));
	memcpy(copy, oids, sizeof(Oid) * count);
	return copy;
}

} // namespace

ComparableIndex ReadComparable(Relation index, Oid table)
{
	const int keys = IndexRelationGetNumberOfKeyAttributes(index);
	return {BuildIndexInfo(index), CopyOids(index->rd_indcollation, keys),
			CopyOids(index->rd_opfamily, keys),
			get_relation_idx_constraint_oid(table, RelationGetRelid(index))};
}

bool Corresponds(const ComparableIndex &index, const ComparableIndex &parent,
				 const AttrMap *columns)
{
	return CompareIndexInfo(index.info, parent.info, index.collations, parent.collations,
							index.families, parent.families, const_cast<AttrMap *>(columns));
}

bool HasConstraintFor(const ComparableIndex &index, const ComparableIndex &parent)
{
	return !OidIsValid(parent.constraint) ||
		   (OidIsValid(index.constraint) &&
			IsSameTypeOfConstraint(parent.constraint, index.constraint));
}

namespace
{

// What is an index that corresponds good for?
void Sort(Relation relation, const ComparableIndex &index, const ComparableIndex &parent,
		  const char *name, PartitionIndexes &found, List *&invalid)
{
	const Oid id = RelationGetRelid(relation);
	const bool fits = HasConstraintFor(index, parent);
	if (relation->rd_rel->relkind == RELKIND_INDEX && !relation->rd_index->indisvalid)
		invalid = lappend_oid(invalid, id);
	else if (fits && !OidIsValid(found.match))
		found.match = id;
	else if (!fits && !OidIsValid(index.constraint) &&
			 strcmp(RelationGetRelationName(relation), name) == 0)
		found.unfinished = id;
}

void Compare(Relation parent_index, Relation parent_table, Relation table, const char *name,
			 PartitionIndexes &found)
{
	AttrMap *columns = MapColumns(RelationGetDescr(table), RelationGetDescr(parent_table));
	const ComparableIndex parent = ReadComparable(parent_index, RelationGetRelid(parent_table));
	List *invalid = NIL;
	for (const Oid id : EachOid(IndexesOf(RelationGetRelid(table))))
	{
		const Relation relation = try_relation_open(id, AccessShareLock);
		if (relation == nullptr)
			continue;
		if (!relation->rd_rel->relispartition)
		{
			const ComparableIndex index = ReadComparable(relation, RelationGetRelid(table));
			if (Corresponds(index, parent, columns))
				Sort(relation, index, parent, name, found, invalid);
		}
		relation_close(relation, AccessShareLock);
	}
	found.left = invalid;
}

} // namespace

PartitionIndexes FindPartitionIndexes(Oid parent_index, Oid partition, const char *name)
{
	PartitionIndexes found{InvalidOid, InvalidOid, NIL};
	const Relation parent = try_relation_open(parent_index, AccessShareLock);
	const Relation parent_table =
		parent != nullptr ? try_relation_open(parent->rd_index->indrelid, AccessShareLock)
						  : nullptr;
	const Relation table =
		parent_table != nullptr ? try_relation_open(partition, AccessShareLock) : nullptr;
	if (table != nullptr)
		Compare(parent, parent_table, table, name, found);
	for (const Relation opened : {table, parent_table, parent})
	{
		if (opened != nullptr)
			relation_close(opened, AccessShareLock);
	}
	return found;
}

} // namespace psi
