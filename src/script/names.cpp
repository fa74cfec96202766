// names: the search path, as recomputeNamespacePath() has it, over schemas of the script as well.
#include "script/names.hpp"

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
		// An index goes where its table goes.
		const RelationFact *table = state.FindRelation(found.fact.table);
		found.touched = found.touched || table != nullptr;
		found.fact.gone = found.fact.gone || (table != nullptr && table->gone);
		found.fact.unclear =
			found.fact.unclear || (table != nullptr && (table->unclear || table->unclear_indexes));
	}
	if (found.fact.gone)
		found.number = 0;
	return found;
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
