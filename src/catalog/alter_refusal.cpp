// alter_refusal: after RangeVarCallbackForAlterRelation(), ATPrepCmd() and what each subcommand
// looks up first.
#include "catalog/alter_refusal.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/index.hpp"
#include "catalog/index_refusal.hpp"
#include "statement/alter_pass.hpp"

namespace psi
{

namespace
{

// Will the table have the column when the constraints are looked at? PostgreSQL has dropped and
// added columns by then.
bool WillHaveColumn(const AlterSummary &summary, Oid table, const char *name)
{
	return summary.AddsColumn(name) || (get_attnum(table, name) > 0 && !summary.DropsColumn(name));
}

bool WillHaveColumns(const AlterSummary &summary, Oid table, const List *names)
{
	for (const String *name : Each<const String>(names))
	{
		if (!WillHaveColumn(summary, table, name->sval))
			return false;
	}
	return true;
}

// False for a column that does not exist: the command itself says whether a column that it adds is
// NOT NULL.
bool IsNullable(Oid table, const char *column)
{
	return TestColumn(table, column,
					  [](const FormData_pg_attribute &row) { return !row.attnotnull; });
}

// pg_constraint.contype, or 0 if there is no such constraint.
char TypeOfConstraint(Oid constraint)
{
	const HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	if (!HeapTupleIsValid(tuple))
		return 0;
	const char type = FormOf<Form_pg_constraint>(tuple)->contype;
	ReleaseSysCache(tuple);
	return type;
}

// What an ALTER TABLE drops before PostgreSQL looks whether a column holds no nulls. The columns
// are numbered as get_relation_constraint_attnos() does.
struct DroppedProofs
{
	DroppedProofs(Oid of_table, const AlterSummary &of_command)
		: table(of_table), summary(of_command)
	{
		for (const char *name : Each<const char>(summary.dropped_constraints))
		{
			CHECK_FOR_INTERRUPTS();
			Oid constraint = InvalidOid;
			const Bitmapset *columns =
				get_relation_constraint_attnos(table, name, true, &constraint);
			const char type = TypeOfConstraint(constraint);
			if (type == CONSTRAINT_CHECK)
				checked = bms_add_members(checked, columns);
			else if (type == not_null_constraint)
				not_null = bms_add_members(not_null, columns);
		}
	}
	bool IncludeNotNull(const char *column) const
	{
		return summary.nullable_columns.Has(column) || Has(not_null, column);
	}
	bool IncludeCheckOf(const char *column) const
	{
		return Has(checked, column);
	}

  private:
	bool Has(const Bitmapset *columns, const char *column) const
	{
		return bms_is_member(get_attnum(table, column) - FirstLowInvalidHeapAttributeNumber,
							 columns);
	}

	Oid table;
	const AlterSummary &summary;
	Bitmapset *checked = nullptr;  // columns with check constraints that are dropped
	Bitmapset *not_null = nullptr; // ... with NOT NULL constraints that are (18 and later)
};

// ATPrepAddPrimaryKey(), from 18 on: a NOT NULL that is not valid or not inherited will not do.
bool IsUnfitForKey(Oid table, const char *name)
{
	const AttrNumber column = get_attnum(table, name);
	return column != InvalidAttrNumber && !IsNotNullFitForKey(table, column);
}

// Is the column nullable in a child of the table, although the command says ONLY?
bool IsNullableInChild(Oid table, const char *name)
{
	for (const Oid child : EachOid(find_inheritance_children(table, NoLock)))
	{
		if (IsNullable(child, name) || IsUnfitForKey(child, name))
			return true;
	}
	return false;
}

bool HasUnfitNotNull(const AlterSummary &summary, Oid table, bool only, const List *names)
{
	const auto is_dropped = [&](const char *name)
	{ return looks_after_drops && DroppedProofs(table, summary).IncludeNotNull(name); };
	for (const String *name : Each<const String>(names))
	{
		if ((IsUnfitForKey(table, name->sval) && !is_dropped(name->sval)) ||
			(has_inherited_key_columns && only && IsNullable(table, name->sval) &&
			 IsNullableInChild(table, name->sval)))
			return true;
	}
	return false;
}

// transformIndexConstraint() and what comes before the build. A missing column of a primary key is
// noticed when it becomes NOT NULL, any other one only by DefineIndex().
bool IsConstraintRefused(const Constraint &constraint, const AlterSummary &summary,
						 const ClassRow &table, bool only)
{
	if (HasNameTwice(constraint.keys))
		return true;
	if (constraint.contype == CONSTR_EXCLUSION)
		return table.kind == RELKIND_PARTITIONED_TABLE && !has_exclusion_on_partitioned;
	return constraint.contype == CONSTR_PRIMARY &&
		   (!WillHaveColumns(summary, table.id, constraint.keys) ||
			HasUnfitNotNull(summary, table.id, only, constraint.keys));
}

bool IsSubcommandRefused(const AlterTableCmd &command, const AlterSummary &summary,
						 const ClassRow &table, bool only)
{
	switch (command.subtype)
	{
	case AT_DropColumn:
		return !command.missing_ok && get_attnum(table.id, command.name) == InvalidAttrNumber;
	case AT_DropConstraint:
		return !command.missing_ok &&
			   !OidIsValid(get_relation_constraint_oid(table.id, command.name, true));
	case AT_AlterColumnType:
		return get_attnum(table.id, command.name) == InvalidAttrNumber;
	case AT_SetNotNull:
		return !WillHaveColumn(summary, table.id, command.name);
	case AT_AddColumn:
	{
		const char *name = As<const ColumnDef>(command.def)->colname;
		return !command.missing_ok && get_attnum(table.id, name) != InvalidAttrNumber &&
			   !summary.DropsColumn(name);
	}
	case AT_AddConstraint:
	{
		const auto &constraint = *As<const Constraint>(command.def);
		return PassOf(command) == AlterPass::add_constraint &&
			   IsConstraintRefused(constraint, summary, table, only);
	}
	default:
		return false;
	}
}

// Does the table have a primary key with a valid index? If the index is invalid because partitions
// lack theirs, an earlier command in mode rewrite began it, and the next one completes it. From 18
// on, rd_pkindex is set for an invalid index as well.
bool HasPrimaryKey(Oid table)
{
	bool has = false;
	const auto read = [&has](Relation opened)
	{
		// RelationGetIndexList() sets rd_pkindex.
		list_free(RelationGetIndexList(opened));
		has = OidIsValid(opened->rd_pkindex) && IsValidIndex(opened->rd_pkindex);
	};
	WithRelationAtOnce(table, read);
	return has;
}

// NotNullImpliedByRelConstraints(): does a valid check constraint prove that there are no nulls?
bool IsProvedNotNull(Oid table, const char *column)
{
	const AttrNumber number = get_attnum(table, column);
	Oid type = InvalidOid;
	Oid collation = InvalidOid;
	int32 typmod = 0;
	get_atttypetypmodcoll(table, number, &type, &typmod, &collation);
	auto *test = makeNode(NullTest);
	test->arg = reinterpret_cast<Expr *>(makeVar(1, number, type, typmod, collation, 0));
	test->nulltesttype = IS_NOT_NULL;
	test->location = -1;
	bool proved = false;
	const auto prove = [&](Relation opened)
	{ proved = PartConstraintImpliedByRelConstraint(opened, list_make1(test)); };
	WithRelationAtOnce(table, prove);
	return proved;
}

// Not known of a column that the command adds, or gives another type.
bool WillIndexColumn(const AlterSummary &summary, Oid table, const char *name, const List *opclass,
					 const char *method)
{
	return summary.ChangesType(name) ||
		   (!IsVirtualColumn(table, name) && CanIndexColumn(table, name, opclass, method));
}

// ComputeIndexAttrs(): can each column of the constraint be indexed?
bool CanIndexColumns(const Request &request, Oid table)
{
	const Constraint &constraint = *request.constraint;
	const AlterSummary &summary = *request.summary;
	if (request.column != nullptr)
		return !IsVirtualGenerated(*request.column);
	for (const String *name : Each<const String>(constraint.keys))
	{
		if (summary.virtual_columns.Has(name->sval) ||
			!WillIndexColumn(summary, table, name->sval, NIL, DEFAULT_INDEX_TYPE))
			return false;
	}
	const char *method =
		constraint.access_method != nullptr ? constraint.access_method : DEFAULT_INDEX_TYPE;
	for (const List *pair : Each<const List>(constraint.exclusions))
	{
		const auto *element = As<const IndexElem>(static_cast<Node *>(linitial(pair)));
		if (element->name != nullptr &&
			!WillIndexColumn(summary, table, element->name, element->opclass, method))
			return false;
	}
	return true;
}

// The columns among the keys of the constraint (String). `all`: also those in parentheses, which
// may turn out to be something else. Allocates.
const List *KeysOf(const Request &request, bool all)
{
	if (request.column != nullptr)
		return list_make1(makeString(request.column->colname));
	const List *keys = request.constraint->keys;
	if (request.constraint->contype != CONSTR_EXCLUSION)
		return keys;
	List *names = NIL;
	for (const List *pair : Each<const List>(request.constraint->exclusions))
	{
		const auto *element = As<const IndexElem>(static_cast<Node *>(linitial(pair)));
		const char *name = all ? ColumnOf(*element) : element->name;
		if (name != nullptr)
			names = lappend(names, makeString(const_cast<char *>(name)));
	}
	return names;
}

} // namespace

bool FitsObjectType(const AlterTableStmt &alter, char kind)
{
	switch (alter.objtype)
	{
	case OBJECT_SEQUENCE:
		return kind == RELKIND_SEQUENCE;
	case OBJECT_VIEW:
		return kind == RELKIND_VIEW;
	case OBJECT_MATVIEW:
		return kind == RELKIND_MATVIEW;
	case OBJECT_FOREIGN_TABLE:
		return kind == RELKIND_FOREIGN_TABLE;
	case OBJECT_TYPE:
		return kind == RELKIND_COMPOSITE_TYPE;
	case OBJECT_INDEX:
		return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX;
	default:
		return kind != RELKIND_COMPOSITE_TYPE;
	}
}

bool IsRefusedAtOnce(const Request &request, const ClassRow &table)
{
	const AlterTableStmt &alter = *request.alter;
	if (!FitsObjectType(alter, table.kind))
		return true;
	if (table.kind != RELKIND_RELATION && table.kind != RELKIND_PARTITIONED_TABLE)
		return request.operation == Operation::add_constraint;
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
	{
		if (IsSubcommandRefused(*command, *request.summary, table, !alter.relation->inh))
			return true;
	}
	return false;
}

bool IsSecondPrimaryKey(const Request &request, const ClassRow &table, bool earlier_primary_key)
{
	return request.constraint->contype == CONSTR_PRIMARY &&
		   (earlier_primary_key || (HasPrimaryKey(table.id) && !request.summary->drops_constraint));
}

bool IsRefusedAtItsTurn(const Request &request, const ClassRow &table, bool earlier_primary_key)
{
	const Constraint &constraint = *request.constraint;
	if (IsSecondPrimaryKey(request, table, earlier_primary_key))
		return true;
	if (!WillHaveColumns(*request.summary, table.id, KeysOf(request, false)) ||
		!WillHaveColumns(*request.summary, table.id, constraint.including) ||
		!CanIndexColumns(request, table.id))
		return true;
	const bool partitioned = table.kind == RELKIND_PARTITIONED_TABLE;
	if (partitioned && LacksPartitionKey(table.id, KeysOf(request, true)))
		return true;
	if (constraint.conname == nullptr || request.summary->drops_constraint)
		return false;
	// On a partitioned table, the constraint may be that of an earlier attempt in mode rewrite.
	return IsNameTaken(table, constraint.conname, true) ||
		   (!partitioned &&
			ConstraintNameIsUsed(CONSTRAINT_RELATION, table.id, constraint.conname));
}

List *ColumnsToScanForNulls(Oid table, const List *names, const AlterSummary &summary)
{
	const DroppedProofs dropped(table, summary);
	List *columns = NIL;
	for (const String *name : Each<const String>(names))
	{
		const bool nullable = IsNullable(table, name->sval);
		// IsProvedNotNull() takes NOT NULL for a proof as well.
		if (dropped.IncludeNotNull(name->sval) ||
			(nullable &&
			 (dropped.IncludeCheckOf(name->sval) || !IsProvedNotNull(table, name->sval))))
			columns = lappend(columns, name->sval);
	}
	return columns;
}

} // namespace psi
