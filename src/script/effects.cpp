// effects: the dispatch, and what makes relations.
#include "script/effects_internal.hpp"

#include "catalog/index_name.hpp"
#include "pg/list.hpp"
#include "script/code.hpp"
#include "script/columns.hpp"

namespace psi
{

namespace
{

// CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW.
void CreateFrom(State &state, const IntoClause &into, bool materialized, bool if_not_exists)
{
	const std::int64_t number = AddRelation(state, *into.rel, RelationKind::table, if_not_exists);
	if (number == 0)
		return;
	RelationFact fact = FactOf(state, number);
	fact.materialized = materialized;
	fact.dropped_at_end = into.onCommit == ONCOMMIT_DROP;
	state.Put(fact);
	state.Add(Doubt::sizes);
}

// CREATE TYPE and CREATE DOMAIN.
void CreateType(State &state, const RangeVar &name, Oid like)
{
	if (const char *schema = CreationSchema(state, name))
		state.ledger.Put(MakeKey(Space::type_at, 0, schema, name.relname), TypeFact{like});
}

void CreateType(State &state, List *name, Oid like)
{
	CreateType(state, *makeRangeVarFromNameList(name), like);
}

void CreateSchema(State &state, const CreateSchemaStmt &create)
{
	const char *name = create.schemaname;
	if (name == nullptr)
	{
		state.Add(Doubt::everything);
		return;
	}
	const Key key = MakeKey(Space::schema, 0, name);
	const auto *known = state.ledger.Find<SchemaFact>(key);
	if (known != nullptr ? known->exists : OidIsValid(LookupNamespaceNoError(name)))
		return;
	state.ledger.Put(key, SchemaFact{true, state.last_made});
	// What is created along with it is not followed.
	if (create.schemaElts != NIL)
		state.Add(Doubt::everything);
}

void AlterSchemaOf(State &state, const AlterObjectSchemaStmt &alter)
{
	if (alter.relation == nullptr)
		return;
	const Found found = FindRelation(state, *alter.relation);
	if (!found.Is())
		return;
	RelationFact fact = found.fact;
	// The names of its indexes are looked for in the new schema from now on.
	fact.unclear_indexes = true;
	state.Add(Doubt::names);
	MoveRelation(state, fact, alter.newschema, fact.name);
}

// The name that PostgreSQL chooses (ChooseIndexName()). Null if it would try many before: the time
// for a script has to be linear.
const char *ChosenName(const State &state, const RelationFact &table, const char *columns,
					   const char *label)
{
	const char *numbered = label;
	constexpr int tries = 20;
	for (int number = 1; number <= tries; ++number)
	{
		const char *name = makeObjectName(table.name, columns, numbered);
		if (IsFree(state, table.schema, name))
			return name;
		numbered = psprintf("%s%d", label, number);
	}
	return nullptr;
}

// ... and for a constraint, or null if that is not known; `column` is the one that it stands with.
const char *ChosenName(const State &state, const RelationFact &table, const Constraint &constraint,
					   const char *column)
{
	if (constraint.contype == CONSTR_PRIMARY)
		return ChosenName(state, table, static_cast<const char *>(nullptr), "pkey");
	if (constraint.contype == CONSTR_EXCLUSION)
		return nullptr;
	IndexStmt *create = makeNode(IndexStmt);
	const List *keys =
		column != nullptr ? list_make1(makeString(pstrdup(column))) : constraint.keys;
	for (const List *names : {keys, static_cast<const List *>(constraint.including)})
	{
		for (const String *name : Each<const String>(names))
		{
			IndexElem *element = makeNode(IndexElem);
			element->name = name->sval;
			create->indexParams = lappend(create->indexParams, element);
		}
	}
	return ChosenName(state, table, JoinColumnNames(*create), "key");
}

// What is not followed, but may matter.
void AddDoubts(State &state, const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
	case T_CopyStmt:
	case T_TruncateStmt:
		state.Add(Doubt::sizes);
		break;
	case T_AlterOwnerStmt:
	case T_GrantStmt:
	case T_CreateRoleStmt:
	case T_AlterRoleStmt:
		state.Add(Doubt::rights);
		break;
	case T_GrantRoleStmt:
	case T_ReassignOwnedStmt:
	case T_DropRoleStmt:
		state.Add(superuser() ? Doubt::rights : Doubt::session);
		break;
	case T_CreateExtensionStmt:
	{
		const auto &create = *As<CreateExtensionStmt>(statement);
		if (!create.if_not_exists || !OidIsValid(get_extension_oid(create.extname, true)))
			state.Add(Doubt::everything);
		break;
	}
	case T_DropOwnedStmt:
	case T_CreateOpClassStmt:
	case T_CreateAmStmt:
	case T_CreateTableSpaceStmt:
	case T_AlterExtensionStmt:
	case T_ImportForeignSchemaStmt:
		state.Add(Doubt::everything);
		break;
	case T_DiscardStmt:
		state.Add(Doubt::session);
		break;
	default:
		break;
	}
}

void CreateIndex(State &state, const IndexStmt &create)
{
	const Found table = FindRelation(state, *create.relation);
	if (!table.Is())
		return;
	const char *name = create.idxname != nullptr
						   ? create.idxname
						   : ChosenName(state, table.fact, JoinColumnNames(create), "idx");
	RelationFact changed = table.fact;
	AddIndex(state, changed, name, false, false);
	const Found index = name != nullptr ? FindIn(state, table.fact.schema, name) : Found{};
	if (index.Is() && index.fact.table == table.number && !index.fact.IsLive())
	{
		RelationFact fact = index.fact;
		fact.create = &create;
		state.Put(fact);
	}
	// Those of the partitions get names that PostgreSQL chooses.
	if (table.fact.kind == RelationKind::partitioned_table && create.relation->inh)
		state.Add(Doubt::names);
}

} // namespace

std::int64_t AddRelation(State &state, const RangeVar &name, RelationKind kind, bool if_not_exists)
{
	const char *schema = CreationSchema(state, name);
	if (schema == nullptr)
	{
		state.Add(Doubt::everything);
		return 0;
	}
	if (!IsFree(state, schema, name.relname))
		return 0;
	RelationFact fact;
	fact.number = --state.last_made;
	fact.kind = kind;
	fact.schema = state.ledger.Keep(schema);
	fact.name = state.ledger.Keep(name.relname);
	fact.temporary = strcmp(schema, "pg_temp") == 0;
	fact.created = state.transaction;
	fact.owner = GetUserId();
	// It may have been there all along.
	fact.unclear = if_not_exists && state.Find(Doubt::everything) != nullptr;
	state.Put(fact);
	state.PutName(schema, name.relname, fact.number);
	return fact.number;
}

void AddIndex(State &state, RelationFact &table, const char *name, bool constraint, bool primary)
{
	std::int64_t number = 0;
	if (name == nullptr)
		state.Add(Doubt::names);
	else
		number = AddRelation(state, *makeRangeVar(pstrdup(table.schema), pstrdup(name), -1),
							 RelationKind::index, false);
	if (name == nullptr || number != 0)
		++table.made_indexes;
	// The table knows that the script has changed it.
	state.Put(table);
	if (number == 0)
		return;
	RelationFact fact = FactOf(state, number);
	fact.temporary = table.temporary;
	fact.constraint = constraint;
	fact.primary = primary;
	fact.table = table.number;
	state.Put(fact);
}

void AddIndexesOf(State &state, RelationFact &table, const List *constraints, const char *column)
{
	for (const Constraint *constraint : Each<const Constraint>(constraints))
	{
		table.primary = table.primary || constraint->contype == CONSTR_PRIMARY;
		if (BuildsIndex(*constraint))
			AddIndex(state, table,
					 constraint->conname != nullptr ? constraint->conname
													: ChosenName(state, table, *constraint, column),
					 true, constraint->contype == CONSTR_PRIMARY);
	}
}

void AddColumn(State &state, RelationFact &table, const ColumnDef &column)
{
	bool nullable = true;
	for (const Constraint *constraint : Each<const Constraint>(column.constraints))
		nullable = nullable && constraint->contype != CONSTR_NOTNULL &&
				   constraint->contype != CONSTR_PRIMARY;
	state.PutColumn(table.number, column.colname,
					{false, false, column.typeName, InvalidOid, nullable});
	NoteChildren(state, table);
	AddIndexesOf(state, table, column.constraints, column.colname);
}

void NoteChildren(State &state, const RelationFact &fact)
{
	if (fact.IsLive() && has_subclass(fact.Id()))
		state.Add(Doubt::parents);
}

void RemoveRelation(State &state, RelationFact fact)
{
	NoteChildren(state, fact);
	if (fact.kind == RelationKind::index)
	{
		// The table knows that the script has changed it.
		RelationFact table = FactOf(state, fact.table);
		if (!fact.IsLive())
			--table.made_indexes;
		state.Put(table);
	}
	fact.gone = true;
	state.Put(fact);
	state.PutName(fact.schema, fact.name, 0);
}

void MoveRelation(State &state, RelationFact fact, const char *schema, const char *name)
{
	if (!IsFree(state, schema, name))
		return;
	state.PutName(fact.schema, fact.name, 0);
	fact.schema = state.ledger.Keep(schema);
	fact.name = state.ledger.Keep(name);
	state.Put(fact);
	state.PutName(schema, name, fact.number);
}

void ApplyEffects(State &state, const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_CreateStmt:
		ApplyCreateTable(state, *As<CreateStmt>(statement));
		break;
	case T_CreateForeignTableStmt:
		AddRelation(state, *As<CreateForeignTableStmt>(statement)->base.relation,
					RelationKind::other, true);
		break;
	case T_CreateTableAsStmt:
		CreateFrom(state, *As<CreateTableAsStmt>(statement)->into,
				   As<CreateTableAsStmt>(statement)->objtype == OBJECT_MATVIEW,
				   As<CreateTableAsStmt>(statement)->if_not_exists);
		break;
	case T_ExplainStmt:
		if (IsExecuted(*As<ExplainStmt>(statement)))
			ApplyEffects(state, As<ExplainStmt>(statement)->query);
		break;
	case T_SelectStmt:
		if (As<SelectStmt>(statement)->intoClause != nullptr)
			CreateFrom(state, *As<SelectStmt>(statement)->intoClause, false, false);
		break;
	case T_ViewStmt:
		AddRelation(state, *As<ViewStmt>(statement)->view, RelationKind::other, false);
		break;
	case T_CreateSeqStmt:
		AddRelation(state, *As<CreateSeqStmt>(statement)->sequence, RelationKind::other, true);
		break;
	case T_CompositeTypeStmt:
	{
		const RangeVar &name = *As<CompositeTypeStmt>(statement)->typevar;
		AddRelation(state, name, RelationKind::other, false);
		CreateType(state, name, RECORDOID);
		break;
	}
	case T_CreateEnumStmt:
		CreateType(state, As<CreateEnumStmt>(statement)->typeName, ANYENUMOID);
		break;
	case T_CreateRangeStmt:
		CreateType(state, As<CreateRangeStmt>(statement)->typeName, ANYRANGEOID);
		break;
	case T_CreateDomainStmt:
		CreateType(state, As<CreateDomainStmt>(statement)->domainname,
				   TypeOf(state, *As<CreateDomainStmt>(statement)->typeName));
		break;
	case T_CreateSchemaStmt:
		CreateSchema(state, *As<CreateSchemaStmt>(statement));
		break;
	case T_IndexStmt:
		CreateIndex(state, *As<IndexStmt>(statement));
		break;
	case T_DropStmt:
		ApplyDrop(state, *As<DropStmt>(statement));
		break;
	case T_RenameStmt:
		ApplyRename(state, *As<RenameStmt>(statement));
		break;
	case T_AlterTableStmt:
		ApplyAlterTable(state, *As<AlterTableStmt>(statement));
		break;
	case T_AlterObjectSchemaStmt:
		AlterSchemaOf(state, *As<AlterObjectSchemaStmt>(statement));
		break;
	default:
		AddDoubts(state, statement);
		break;
	}
}

} // namespace psi
