// index_match: compares field by field, as DefineIndex() and ComputeIndexAttrs() fill them in.
#include "catalog/index_match.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/index_analysis.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// The index that CREATE INDEX would make.
struct WantedIndex
{
	const IndexStmt &create; // after parse analysis
	Oid table;
	Oid method;
	bool ordered; // the access method supports an order (amcanorder)
	Likeness likeness;
};

// The row of an existing index, while the caller holds its tuple.
struct ExistingIndex
{
	Oid id;
	const FormData_pg_index *form;
	const Oid *collations;
	const Oid *classes;
	const int16 *options;
	const List *expressions;
	const Node *predicate;
};

// Are both options absent, or the same array?
bool AreSameOptions(bool null, Datum options, const List *wanted)
{
	const Datum other = transformRelOptions(static_cast<Datum>(0), const_cast<List *>(wanted),
											nullptr, nullptr, false, false);
	if (null || other == static_cast<Datum>(0))
		return null && other == static_cast<Datum>(0);
	return datumIsEqual(PointerGetDatum(PG_DETOAST_DATUM(options)), other, false, -1);
}

// Reads a column of type pg_node_tree; null if it is null.
void *ReadTree(HeapTuple tuple, AttrNumber column)
{
	bool null = false;
	const Datum tree = SysCacheGetAttr(INDEXRELID, tuple, column, &null);
	return null ? nullptr : stringToNode(TextDatumGetCString(tree));
}

ExistingIndex ReadExisting(Oid id, HeapTuple tuple)
{
	bool null = false;
	const auto array = [&](AttrNumber column)
	{ return DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple, column, &null)); };
	return {id,
			FormOf<Form_pg_index>(tuple),
			reinterpret_cast<oidvector *>(array(Anum_pg_index_indcollation))->values,
			reinterpret_cast<oidvector *>(array(Anum_pg_index_indclass))->values,
			reinterpret_cast<int2vector *>(array(Anum_pg_index_indoption))->values,
			static_cast<List *>(ReadTree(tuple, Anum_pg_index_indexprs)),
			static_cast<Node *>(ReadTree(tuple, Anum_pg_index_indpred))};
}

// The value of pg_index.indoption for a key.
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

// The column or expression of a key.
struct KeySource
{
	AttrNumber column = InvalidAttrNumber; // InvalidAttrNumber: an expression
	const Node *expression = nullptr;
	Oid type = InvalidOid;
	Oid collation = InvalidOid;
};

// Reads a key of CREATE INDEX after parse analysis. Nothing if there is no such column.
std::optional<KeySource> ReadKeySource(const IndexElem &element, Oid table)
{
	KeySource source;
	if (element.name != nullptr)
	{
		int32 typmod = 0;
		source.column = get_attnum(table, element.name);
		if (source.column == InvalidAttrNumber)
			return std::nullopt;
		get_atttypetypmodcoll(table, source.column, &source.type, &typmod, &source.collation);
		return source;
	}
	const Node *tree = element.expr;
	source.type = exprType(tree);
	source.collation = exprCollation(tree);
	while (const auto *collate = IfA<CollateExpr>(tree))
		tree = reinterpret_cast<const Node *>(collate->arg);
	// DefineIndex() stores an expression that is only a column as that column.
	const auto *variable = IfA<Var>(tree);
	if (variable != nullptr && variable->varattno != InvalidAttrNumber)
		source.column = variable->varattno;
	else
		source.expression = tree;
	return source;
}

// Compares one key. `expression` is the number of expressions before it, and is incremented if the
// key is an expression.
bool IsSameKey(const ExistingIndex &index, const WantedIndex &wanted, int number,
			   const IndexElem &element, int &expression)
{
	const auto source = ReadKeySource(element, wanted.table);
	if (!source.has_value())
		return false;
	if (source->expression != nullptr &&
		(expression >= list_length(index.expressions) ||
		 !equal(list_nth(index.expressions, expression++), source->expression)))
		return false;
	const Oid collation =
		element.collation != NIL ? get_collation_oid(element.collation, true) : source->collation;
	if (index.form->indkey.values[number] != source->column ||
		index.collations[number] != collation)
		return false;

	const Oid opclass =
		ResolveOpClass(element.opclass, source->type, wanted.create.accessMethod, wanted.method);
	if (wanted.likeness == Likeness::attaches)
		return get_opclass_family(index.classes[number]) == get_opclass_family(opclass);
	const Datum options = get_attoptions(index.id, static_cast<int16>(number + 1));
	return index.classes[number] == opclass &&
		   index.options[number] == OptionsOf(element, wanted.ordered) &&
		   AreSameOptions(options == static_cast<Datum>(0), options, element.opclassopts);
}

bool AreSameKeys(const ExistingIndex &index, const WantedIndex &wanted)
{
	int number = 0;
	int expression = 0;
	for (const IndexElem *element : Each<const IndexElem>(wanted.create.indexParams))
	{
		if (!IsSameKey(index, wanted, number++, *element, expression))
			return false;
	}
	for (const IndexElem *element : Each<const IndexElem>(wanted.create.indexIncludingParams))
	{
		if (element->name == nullptr ||
			index.form->indkey.values[number++] != get_attnum(wanted.table, element->name))
			return false;
	}
	return true;
}

// Is an index in the tablespace that the command names, if any? `tablespace` as in
// pg_class.reltablespace.
bool IsInTablespace(Oid tablespace, const char *name)
{
	if (name == nullptr)
		return true;
	const Oid wanted = get_tablespace_oid(name, true);
	return tablespace == (wanted == MyDatabaseTableSpace ? InvalidOid : wanted);
}

// Compares the row of pg_class: access method, storage parameters, tablespace.
bool IsSameClass(Oid index, const WantedIndex &wanted)
{
	const HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		return false;
	bool null = false;
	const Datum options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &null);
	const auto *form = FormOf<Form_pg_class>(tuple);
	const bool same = form->relam == wanted.method &&
					  (wanted.likeness == Likeness::attaches ||
					   (AreSameOptions(null, options, wanted.create.options) &&
						IsInTablespace(form->reltablespace, wanted.create.tableSpace)));
	ReleaseSysCache(tuple);
	return same;
}

// Compares an index, of which the caller holds the tuple, with CREATE INDEX after parse analysis.
bool IsSame(Oid index, HeapTuple tuple, const IndexStmt &create, Oid table, Likeness likeness)
{
	const auto *form = FormOf<Form_pg_index>(tuple);
	const Oid method = get_index_am_oid(create.accessMethod, true);
	const int keys = list_length(create.indexParams);
	if (!OidIsValid(method) || form->indrelid != table || form->indisunique != create.unique ||
		form->indnullsnotdistinct != create.nulls_not_distinct || form->indisexclusion ||
		form->indnkeyatts != keys ||
		form->indnatts != keys + list_length(create.indexIncludingParams))
		return false;

	WantedIndex wanted{create, table, method, false, likeness};
	if (!IsSameClass(index, wanted))
		return false;
	wanted.ordered = GetIndexAmRoutineByAmId(method, false)->amcanorder;
	const ExistingIndex existing = ReadExisting(index, tuple);
	if (!AreSameKeys(existing, wanted))
		return false;
	const Expr *predicate = nullptr;
	if (create.whereClause != nullptr)
		predicate =
			make_ands_explicit(make_ands_implicit(reinterpret_cast<Expr *>(create.whereClause)));
	return equal(existing.predicate, predicate);
}

} // namespace

bool IsSameIndex(Oid index, const IndexStmt &create, Oid table, const char *query,
				 Likeness likeness)
{
	bool same = false;
	const auto compare = [&](const IndexStmt &analyzed)
	{
		const HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
		if (!HeapTupleIsValid(tuple))
			return;
		same = IsSame(index, tuple, analyzed, table, likeness);
		ReleaseSysCache(tuple);
	};
	WithAnalyzedIndex(create, table, query, compare);
	return same;
}

namespace
{

void MapColumnsOf(IndexStmt &create, const AttrMap *columns)
{
	bool whole_row = false;
	const auto map = [&](Node *tree)
	{ return map_variable_attnos(tree, 1, 0, columns, InvalidOid, &whole_row); };
	for (IndexElem *element : Each<IndexElem>(create.indexParams))
		element->expr = map(element->expr);
	create.whereClause = map(create.whereClause);
}

} // namespace

const IndexStmt *MapToPartition(const IndexStmt &create, Oid table, Oid partition)
{
	IndexStmt *copy = nullptr;
	const auto map = [&](Relation parent)
	{
		const auto map_columns = [&](Relation child)
		{
			copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
			MapColumnsOf(*copy, MapColumns(RelationGetDescr(child), RelationGetDescr(parent)));
		};
		WithRelationAtOnce(partition, map_columns);
	};
	WithRelationAtOnce(table, map);
	return copy;
}

namespace
{

Oid *CopyOids(const Oid *oids, int count)
{
	Array<Oid> copy;
	for (int i = 0; i < count; ++i)
		copy.Add(oids[i]);
	return copy.begin();
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

// Notes down what an index that corresponds to that of the parent can be used for.
void NoteCorresponding(Relation relation, const ComparableIndex &index,
					   const ComparableIndex &parent, const char *name, PartitionIndexes &found)
{
	const Oid id = RelationGetRelid(relation);
	const bool fits = HasConstraintFor(index, parent);
	if (relation->rd_rel->relkind == RELKIND_INDEX && !relation->rd_index->indisvalid)
		found.left = lappend_oid(found.left, id);
	else if (fits && !OidIsValid(found.match))
		found.match = id;
	else if (!fits && !OidIsValid(index.constraint) &&
			 strcmp(RelationGetRelationName(relation), name) == 0)
		found.unfinished = id;
}

// Compares each index of a partition that is not attached with the index of the parent.
PartitionIndexes ComparePartition(Relation parent_index, Relation parent_table, Relation table,
								  const char *name)
{
	PartitionIndexes found;
	AttrMap *columns = MapColumns(RelationGetDescr(table), RelationGetDescr(parent_table));
	const ComparableIndex parent = ReadComparable(parent_index, RelationGetRelid(parent_table));
	for (const Oid id : EachOid(IndexesOf(RelationGetRelid(table))))
	{
		const Relation relation = try_relation_open(id, AccessShareLock);
		if (relation == nullptr)
			continue;
		if (!relation->rd_rel->relispartition)
		{
			const ComparableIndex index = ReadComparable(relation, RelationGetRelid(table));
			if (Corresponds(index, parent, columns))
				NoteCorresponding(relation, index, parent, name, found);
		}
		relation_close(relation, AccessShareLock);
	}
	return found;
}

} // namespace

PartitionIndexes FindPartitionIndexes(Oid parent_index, Oid partition, const char *name)
{
	PartitionIndexes found;
	const Relation parent = try_relation_open(parent_index, AccessShareLock);
	const Relation parent_table =
		parent != nullptr ? try_relation_open(parent->rd_index->indrelid, AccessShareLock)
						  : nullptr;
	const Relation table =
		parent_table != nullptr ? try_relation_open(partition, AccessShareLock) : nullptr;
	if (table != nullptr)
		found = ComparePartition(parent, parent_table, table, name);
	for (const Relation opened : {table, parent_table, parent})
	{
		if (opened != nullptr)
			relation_close(opened, AccessShareLock);
	}
	return found;
}

} // namespace psi
