// names: the search path, as recomputeNamespacePath() has it, over schemas of the script as well.
#include "script/names.hpp"

#include "catalog/partitions.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

constexpr const char *temporary_schema = "pg_temp";

RelationKind KindOf(char kind)
{
	switch (kind)
	{
	case RELKIND_RELATION:
	case RELKIND_MATVIEW:
	case RELKIND_TOASTVALUE:
		return RelationKind::table;
	case RELKIND_PARTITIONED_TABLE:
		return RelationKind::partitioned_table;
	case RELKIND_INDEX:
	case RELKIND_PARTITIONED_INDEX:
		return RelationKind::index;
	default:
		return RelationKind::other;
	}
}

RelationFact Describe(Oid relation)
{
	RelationFact fact;
	fact.number = relation;
	const auto row = ReadClass(relation);
	if (!row.has_value())
	{
		fact.gone = true;
		return fact;
	}
	fact.kind = KindOf(row->kind);
	fact.materialized = row->kind == RELKIND_MATVIEW;
	fact.temporary = row->persistence == RELPERSISTENCE_TEMP;
	fact.schema = fact.temporary ? temporary_schema : get_namespace_name(row->schema);
	fact.name = pstrdup(NameStr(row->name));
	if (fact.kind == RelationKind::index)
	{
		fact.table = IndexGetRelation(relation, true);
		fact.constraint = OidIsValid(get_index_constraint(relation));
	}
	return fact;
}

// The schemas of the search path in which a name is looked up (char *). Those that the role may not
// use are left out, as PostgreSQL does.
List *SearchPath(const State &state, bool &has_temporary)
{
	List *names = NIL;
	List *path = NIL;
	if (!SplitIdentifierString(pstrdup(namespace_search_path), ',', &names))
		return NIL;
	bool has_catalog = false;
	has_temporary = false;
	for (const char *name : Each<const char>(names))
	{
		if (strcmp(name, "$user") == 0)
			name = GetUserNameFromId(GetUserId(), true);
		if (name == nullptr)
			continue;
		has_catalog = has_catalog || strcmp(name, "pg_catalog") == 0;
		has_temporary = has_temporary || strcmp(name, temporary_schema) == 0;
		const auto *made = state.ledger.Find<SchemaFact>(MakeKey(Space::schema, 0, name));
		const Oid live = LookupNamespaceNoError(name);
		if (made != nullptr ? made->exists
							: (OidIsValid(live) && MayUse(live, GetUserId())) ||
								  strcmp(name, temporary_schema) == 0)
			path = lappend(path, const_cast<char *>(name));
	}
	if (!has_catalog)
		path = lcons(pstrdup("pg_catalog"), path);
	return path;
}

const char *SchemaOf(const RangeVar &name)
{
	return name.relpersistence == RELPERSISTENCE_TEMP ? temporary_schema : name.schemaname;
}

// Is there a relation above this one that passes the test? Those of the catalogs are looked up only
// if the script has changed one.
template <typename Test>
bool AnyParent(const State &state, const RelationFact &fact, const Test &test)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (fact.detached)
		return false;
	const auto try_parent = [&](std::int64_t number)
	{
		const RelationFact parent = FactOf(state, number);
		return test(parent) || AnyParent(state, parent, test);
	};
	if (!fact.IsLive())
		return fact.kind != RelationKind::index && fact.table != 0 && try_parent(fact.table);
	if (state.Find(Doubt::parents) == nullptr)
		return false;
	if (fact.kind == RelationKind::index && FactOf(state, fact.table).detached)
		return false;
	for (const Oid parent : EachOid(ParentsOf(fact.Id())))
	{
		if (try_parent(parent))
			return true;
	}
	return false;
}

// Has the script dropped it, without what is above it?
bool IsGoneItself(const State &state, const RelationFact &fact)
{
	if (fact.gone || (fact.dropped_at_end && fact.created != state.transaction))
		return true;
	// An index goes where its table goes.
	return fact.kind == RelationKind::index && fact.table != 0 &&
		   state.FindRelation(fact.table) != nullptr &&
		   IsGoneItself(state, FactOf(state, fact.table));
}

bool IsGone(const State &state, const RelationFact &fact)
{
	return IsGoneItself(state, fact) ||
		   AnyParent(state, fact,
					 [&state](const RelationFact &parent) { return IsGoneItself(state, parent); });
}

} // namespace

RelationFact FactOf(const State &state, std::int64_t number)
{
	const RelationFact *known = state.FindRelation(number);
	return known != nullptr ? *known : Describe(static_cast<Oid>(number));
}

Found FindIn(const State &state, const char *schema, const char *name)
{
	Found found;
	const auto *known = state.ledger.Find<NameFact>(MakeKey(Space::relation_at, 0, schema, name));
	const auto *made = state.ledger.Find<SchemaFact>(MakeKey(Space::schema, 0, schema));
	found.touched = known != nullptr || made != nullptr;
	if (known != nullptr)
		found.number = made == nullptr || known->relation < made->since ? known->relation : 0;
	else if (made == nullptr)
	{
		const Oid live = LookupNamespaceNoError(schema);
		found.number = OidIsValid(live) ? get_relname_relid(name, live) : InvalidOid;
	}
	if (!found.Is())
		return found;

	found.touched = found.touched || state.FindRelation(found.number) != nullptr;
	found.fact = FactOf(state, found.number);
	if (found.fact.kind == RelationKind::index)
	{
		const RelationFact *table = state.FindRelation(found.fact.table);
		found.touched = found.touched || table != nullptr;
		found.fact.unclear =
			found.fact.unclear || (table != nullptr && (table->unclear || table->unclear_indexes));
	}
	found.touched = found.touched || HasChangedParent(state, found.fact);
	if (IsGone(state, found.fact))
	{
		found.touched = true;
		found.number = 0;
	}
	return found;
}

bool HasChangedParent(const State &state, const RelationFact &fact)
{
	return AnyParent(state, fact,
					 [&state](const RelationFact &parent)
					 { return state.FindRelation(parent.number) != nullptr; });
}

const TypeFact *FindMadeType(const State &state, const List *name)
{
	char *schema = nullptr;
	char *type = nullptr;
	DeconstructQualifiedName(const_cast<List *>(name), &schema, &type);
	if (schema != nullptr)
		return state.ledger.Find<TypeFact>(MakeKey(Space::type_at, 0, schema, type));
	bool has_temporary = false;
	for (const char *each : Each<const char>(SearchPath(state, has_temporary)))
	{
		const auto *made = state.ledger.Find<TypeFact>(MakeKey(Space::type_at, 0, each, type));
		const Oid live = LookupNamespaceNoError(each);
		if (made != nullptr ||
			(OidIsValid(live) &&
			 SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(type), ObjectIdGetDatum(live))))
			return made;
	}
	return nullptr;
}

bool MayOwn(const RelationFact &table)
{
	return OidIsValid(table.owner) ? has_privs_of_role(GetUserId(), table.owner)
								   : OwnsRelation(table.Id(), GetUserId());
}

Found FindRelation(const State &state, const char *schema, const char *name)
{
	if (schema != nullptr)
	{
		const Oid live = LookupNamespaceNoError(schema);
		if (OidIsValid(live) && !MayUse(live, GetUserId()) &&
			state.ledger.Find<SchemaFact>(MakeKey(Space::schema, 0, schema)) == nullptr)
		{
			Found found;
			found.denied = schema;
			return found;
		}
		return FindIn(state, schema, name);
	}
	bool has_temporary = false;
	List *path = SearchPath(state, has_temporary);
	if (!has_temporary)
		path = lcons(pstrdup(temporary_schema), path);
	bool touched = false;
	for (const char *each : Each<const char>(path))
	{
		Found found = FindIn(state, each, name);
		touched = touched || found.touched;
		found.touched = touched;
		if (found.Is())
			return found;
	}
	Found none;
	none.touched = touched;
	return none;
}

Found FindRelation(const State &state, const RangeVar &name)
{
	// Raises PostgreSQL's own error.
	if (name.catalogname != nullptr &&
		strcmp(name.catalogname, get_database_name(MyDatabaseId)) != 0)
		Resolve(name);
	return FindRelation(state, SchemaOf(name), name.relname);
}

Found FindRelation(const State &state, const List *name)
{
	return FindRelation(state, *makeRangeVarFromNameList(const_cast<List *>(name)));
}

const char *CreationSchema(const State &state, const RangeVar &name)
{
	if (SchemaOf(name) != nullptr)
		return SchemaOf(name);
	bool has_temporary = false;
	List *names = NIL;
	List *path = SearchPath(state, has_temporary);
	if (!SplitIdentifierString(pstrdup(namespace_search_path), ',', &names))
		return nullptr;
	// pg_catalog only if the search path names it.
	bool has_catalog = false;
	for (const char *each : Each<const char>(names))
		has_catalog = has_catalog || strcmp(each, "pg_catalog") == 0;
	for (const char *each : Each<const char>(path))
	{
		if (has_catalog || strcmp(each, "pg_catalog") != 0)
			return each;
	}
	return nullptr;
}

} // namespace psi
