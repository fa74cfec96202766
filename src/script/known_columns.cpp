// known_columns: columns of the catalogs, under what the script has done to them.
#include "script/known_columns.hpp"

#include "catalog/alter_refusal.hpp"
#include "catalog/index_refusal.hpp"
#include "script/names.hpp"

namespace psi
{

namespace
{

// The type of a column that the script adds, or InvalidOid if it is not known yet. "serial" and the
// like are no types to the catalogs, and can be indexed.
Oid TypeOf(const ColumnFact &column)
{
	if (OidIsValid(column.live_type) || column.type == nullptr)
		return column.live_type;
	if (list_length(column.type->names) == 1)
	{
		const char *name = strVal(linitial(column.type->names));
		for (const char *serial :
			 {"serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"})
		{
			if (strcmp(name, serial) == 0)
				return INT4OID;
		}
	}
	const Type type = LookupTypeName(nullptr, column.type, nullptr, true);
	if (type == nullptr)
		return InvalidOid;
	const Oid id = typeTypeId(type);
	ReleaseSysCache(type);
	return id;
}

struct Columns
{
	const State &state;
	const RelationFact &table;
	const char *&refusal;
	const char *&unknown;

	// Is the column there, and does an index with the default operator class take it?
	void Check(const char *name, Oid method, bool has_opclass)
	{
		const ColumnFact *known = state.FindColumn(table.number, name);
		if (known == nullptr)
			CheckUnchanged(name, method, has_opclass);
		else if (known->gone)
			refusal = psprintf("column \"%s\" does not exist", name);
		else if (!has_opclass)
		{
			const Oid type = TypeOf(*known);
			if (!OidIsValid(type))
				unknown = psprintf("The type of column \"%s\" is not known.", name);
			else if (!OidIsValid(GetDefaultOpClass(type, method)))
				refusal = psprintf("column \"%s\" has no default operator class", name);
		}
	}

	void CheckUnchanged(const char *name, Oid method, bool has_opclass)
	{
		if (table.IsLive())
		{
			if (get_attnum(table.Id(), name) <= 0)
				refusal = psprintf("column \"%s\" does not exist", name);
			else if (!has_opclass &&
					 !OidIsValid(GetDefaultOpClass(
						 get_atttype(table.Id(), get_attnum(table.Id(), name)), method)))
				refusal = psprintf("column \"%s\" has no default operator class", name);
		}
		else if (table.has_columns)
			refusal = psprintf("column \"%s\" does not exist", name);
		else
			unknown = psprintf("The columns of \"%s\" are not known.", table.name);
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
	Columns columns{state, table, refusal, unknown};
	for (const IndexElem *element : Each<const IndexElem>(create.indexParams))
	{
		if (element->name != nullptr)
			columns.Check(element->name, method_id, element->opclass != NIL);
	}
	for (const IndexElem *element : Each<const IndexElem>(create.indexIncludingParams))
	{
		if (element->name != nullptr)
			columns.Check(element->name, method_id, true);
	}
}

void CheckKeys(const State &state, const RelationFact &table, const Request &request,
			   Finding &finding)
{
	const Constraint &constraint = *request.constraint;
	Columns columns{state, table, finding.refusal, finding.unknown};
	const bool primary = constraint.contype == CONSTR_PRIMARY;
	if (primary && HasPrimaryKey(state, table))
		finding.refusal =
			psprintf("multiple primary keys for table \"%s\" are not allowed", table.name);
	if (request.column != nullptr)
	{
		const ColumnFact *known = state.FindColumn(table.number, request.column->colname);
		if (known != nullptr ? !known->gone
							 : table.IsLive() && get_attnum(table.Id(), request.column->colname) !=
													 InvalidAttrNumber)
			finding.unknown = psprintf("Column \"%s\" exists.", request.column->colname);
		return;
	}
	List *nullable = NIL;
	for (const String *name : Each<const String>(constraint.keys))
	{
		// The command itself may add it.
		if (request.summary->AddsColumn(name->sval))
			continue;
		columns.Check(name->sval, BTREE_AM_OID, false);
		const ColumnFact *known = state.FindColumn(table.number, name->sval);
		if (known != nullptr && known->nullable)
			nullable = lappend(nullable, name->sval);
		else if (known == nullptr && table.IsLive() && primary)
			nullable = list_concat(
				nullable, ColumnsToScanForNulls(table.Id(), list_make1(const_cast<String *>(name)),
												*request.summary));
	}
	if (primary)
		finding.judgment.target.nullable_columns = nullable;
}

} // namespace psi
