// known_columns: columns of the catalogs, under what the script has done to them.
#include "script/known_columns.hpp"

#include "catalog/alter_refusal.hpp"
#include "catalog/index_refusal.hpp"
#include "script/columns.hpp"
#include "script/names.hpp"

namespace psi
{

namespace
{

struct Columns
{
	const State &state;
	const RelationFact &table;
	const char *&refusal;
	const char *&unknown;

	// Is the column there? Otherwise writes down why not.
	KnownColumn Find(const char *name)
	{
		const KnownColumn column = LookUpColumn(state, table, name);
		if (column.presence == Presence::missing)
			refusal = psprintf("column \"%s\" does not exist", name);
		else if (column.presence == Presence::unknown)
			unknown = psprintf("The columns of \"%s\" are not known.", table.name);
		return column;
	}

	// ... and does an index of the access method with the default operator class take it?
	void Check(const char *name, Oid method)
	{
		const KnownColumn column = Find(name);
		if (column.presence != Presence::there)
			return;
		const Oid type = TypeOf(state, column);
		if (!OidIsValid(type))
			unknown = psprintf("The type of column \"%s\" is not known.", name);
		else if (!OidIsValid(GetDefaultOpClass(type, method)))
			refusal = psprintf("column \"%s\" has no default operator class", name);
	}

	// The columns in an expression.
	static bool CheckExpression(Node *node, void *columns)
	{
		if (node == nullptr)
			return false;
		check_stack_depth();
		if (const auto *reference = IfA<ColumnRef>(node))
		{
			static_cast<Columns *>(columns)->CheckReference(*reference);
			return false;
		}
		return WalkRawTree(node, CheckExpression, columns);
	}

	// A column, also behind the name of the table. Anything else is a field of a column, or the
	// whole row.
	void CheckReference(const ColumnRef &reference)
	{
		const auto *first = IfA<String>(static_cast<const Node *>(linitial(reference.fields)));
		const auto *last = IfA<String>(static_cast<const Node *>(llast(reference.fields)));
		if (first == nullptr || last == nullptr)
			return;
		const bool alone = list_length(reference.fields) == 1;
		const bool behind =
			list_length(reference.fields) == 2 && strcmp(first->sval, table.name) == 0;
		if (behind || (alone && strcmp(last->sval, table.name) != 0))
			Find(last->sval);
	}
};

// Does the table have a primary key that the script has not dropped?
bool HasPrimaryKey(const State &state, const RelationFact &table)
{
	if (table.primary || !table.IsLive())
		return table.primary;
	Oid constraint = InvalidOid;
	get_primary_key_attnos(table.Id(), true, &constraint);
	if (!OidIsValid(constraint))
		return false;
	const RelationFact *index = state.FindRelation(get_constraint_index(constraint));
	return index == nullptr || !index->gone;
}

void RefuseSecondPrimaryKey(const State &state, const RelationFact &table, Finding &finding)
{
	if (HasPrimaryKey(state, table))
		finding.refusal =
			psprintf("multiple primary keys for table \"%s\" are not allowed", table.name);
}

// Those of a primary key that is made from the index.
const List *KeysOf(const RelationFact &index)
{
	List *keys = NIL;
	if (index.create == nullptr)
		return NIL;
	for (const IndexElem *element : Each<const IndexElem>(index.create->indexParams))
	{
		if (element->name != nullptr)
			keys = lappend(keys, makeString(element->name));
	}
	return keys;
}

// Those of the columns (String) that have to be scanned for nulls (char *).
List *NullableOf(const State &state, const RelationFact &table, const List *keys,
				 const AlterSummary &summary)
{
	List *nullable = NIL;
	for (const String *name : Each<const String>(keys))
	{
		const KnownColumn column = LookUpColumn(state, table, name->sval);
		if (column.fact != nullptr)
		{
			if (column.fact->nullable)
				nullable = lappend(nullable, name->sval);
		}
		else if (table.IsLive())
			nullable = list_concat(
				nullable,
				ColumnsToScanForNulls(table.Id(), list_make1(const_cast<String *>(name)), summary));
	}
	return nullable;
}

} // namespace

void CheckColumns(const State &state, const RelationFact &table, const IndexStmt &create,
				  const char *&refusal, const char *&unknown)
{
	const char *method = create.accessMethod != nullptr ? create.accessMethod : DEFAULT_INDEX_TYPE;
	const Oid method_id = get_index_am_oid(strcmp(method, "rtree") == 0 ? "gist" : method, true);
	if (!OidIsValid(method_id))
	{
		refusal = psprintf("access method \"%s\" does not exist", method);
		return;
	}
	if (list_length(create.indexParams) + list_length(create.indexIncludingParams) > INDEX_MAX_KEYS)
		refusal = psprintf("cannot use more than %d columns in an index", INDEX_MAX_KEYS);
	if (create.tableSpace != nullptr && !OidIsValid(get_tablespace_oid(create.tableSpace, true)))
		refusal = psprintf("tablespace \"%s\" does not exist", create.tableSpace);
	Columns columns{state, table, refusal, unknown};
	for (const IndexElem *element : Each<const IndexElem>(create.indexParams))
	{
		if (element->name == nullptr)
			Columns::CheckExpression(element->expr, &columns);
		else if (element->opclass == NIL)
			columns.Check(element->name, method_id);
		else
			columns.Find(element->name);
		if (element->opclass != NIL &&
			!OidIsValid(get_opclass_oid(method_id, element->opclass, true)))
			refusal = psprintf("operator class \"%s\" does not exist for access method \"%s\"",
							   NameListToString(element->opclass), method);
	}
	for (const IndexElem *element : Each<const IndexElem>(create.indexIncludingParams))
	{
		if (element->name != nullptr)
			columns.Find(element->name);
	}
	Columns::CheckExpression(create.whereClause, &columns);
}

void CheckUsedIndex(const State &state, const RelationFact &table, const RelationFact &index,
					Finding &finding)
{
	RefuseSecondPrimaryKey(state, table, finding);
	Target &target = finding.judgment.target;
	target.nullable_columns =
		NullableOf(state, table, KeysOf(index), *finding.judgment.request.summary);
	target.facts.idle = target.nullable_columns == NIL;
	target.scans = !target.facts.idle;
}

void CheckKeys(const State &state, const RelationFact &table, const Request &request,
			   Finding &finding)
{
	const Constraint &constraint = *request.constraint;
	Columns columns{state, table, finding.refusal, finding.unknown};
	const bool primary = constraint.contype == CONSTR_PRIMARY;
	if (primary)
		RefuseSecondPrimaryKey(state, table, finding);
	if (request.column != nullptr)
	{
		if (LookUpColumn(state, table, request.column->colname).presence == Presence::there)
			finding.unknown = psprintf("Column \"%s\" exists.", request.column->colname);
		return;
	}
	List *own = NIL;
	for (String *name : Each<String>(constraint.keys))
	{
		// The command itself may add it.
		if (!request.summary->AddsColumn(name->sval))
		{
			columns.Check(name->sval, BTREE_AM_OID);
			own = lappend(own, name);
		}
	}
	if (primary)
		finding.judgment.target.nullable_columns = NullableOf(state, table, own, *request.summary);
}

} // namespace psi
