// columns: what the script has written down about a column comes first, then what a parent hands
// down, then the catalogs.
#include "script/columns.hpp"

#include "catalog/partitions.hpp"
#include "pg/list.hpp"
#include "script/names.hpp"

namespace psi
{

namespace
{

KnownColumn InCatalogs(Oid table, const char *name)
{
	const AttrNumber number = get_attnum(table, name);
	// An index on a system column is refused.
	if (number <= 0)
		return {Presence::missing, nullptr, InvalidOid};
	return {Presence::there, nullptr, get_atttype(table, number)};
}

// What the script has done to the column of a parent that is in the catalogs, as far as it reaches
// the children.
const ColumnFact *FindInherited(const State &state, Oid table, const char *name)
{
	check_stack_depth();
	for (const Oid parent : EachOid(ParentsOf(table)))
	{
		const ColumnFact *fact = state.FindColumn(parent, name);
		if (fact == nullptr)
			fact = FindInherited(state, parent, name);
		if (fact != nullptr)
			return fact;
	}
	return nullptr;
}

KnownColumn FromFact(const ColumnFact &fact)
{
	return {fact.gone ? Presence::missing : Presence::there, &fact, InvalidOid};
}

KnownColumn LookUpLive(const State &state, const RelationFact &table, const char *name)
{
	const KnownColumn live = InCatalogs(table.Id(), name);
	if (table.detached || state.Find(Doubt::parents) == nullptr)
		return live;
	const ColumnFact *inherited = FindInherited(state, table.Id(), name);
	if (inherited == nullptr)
		return live;
	const auto row = ReadClass(table.Id());
	// A child keeps a column of its own.
	const bool keeps = inherited->gone && live.presence == Presence::there &&
					   !(row.has_value() && row->is_partition);
	return inherited->only || keeps ? KnownColumn{} : FromFact(*inherited);
}

// The columns that LIKE has copied. They are known if the script has left that table alone.
KnownColumn LookUpCopied(const State &state, std::int64_t source, const char *name)
{
	const RelationFact fact = FactOf(state, source);
	if (!fact.IsLive() || state.FindRelation(source) != nullptr || HasChangedParent(state, fact))
		return {};
	return InCatalogs(fact.Id(), name);
}

} // namespace

KnownColumn LookUpColumn(const State &state, const RelationFact &table, const char *name)
{
	check_stack_depth();
	if (const ColumnFact *fact = state.FindColumn(table.number, name))
		return FromFact(*fact);
	if (table.IsLive())
		return LookUpLive(state, table, name);
	KnownColumn column;
	if (table.like != 0)
		column = LookUpCopied(state, table.like, name);
	else if (table.table != 0)
		column = LookUpColumn(state, FactOf(state, table.table), name);
	else
		column.presence = Presence::missing;
	if (column.fact != nullptr && column.fact->only)
		return {};
	// Other columns may come from what is not followed.
	if (column.presence == Presence::missing && !table.has_columns)
		column.presence = Presence::unknown;
	return column;
}

Oid TypeOf(const State &state, const TypeName &type)
{
	// "serial" and the like are no types to the catalogs.
	if (list_length(type.names) == 1)
	{
		const char *name = strVal(linitial(type.names));
		for (const char *serial :
			 {"serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"})
		{
			if (strcmp(name, serial) == 0)
				return INT4OID;
		}
	}
	if (const TypeFact *made = FindMadeType(state, type.names))
		return type.arrayBounds != NIL ? ANYARRAYOID : made->like;
	const Type found = LookupTypeName(nullptr, &type, nullptr, true);
	if (found == nullptr)
		return InvalidOid;
	const Oid id = typeTypeId(found);
	ReleaseSysCache(found);
	return id;
}

Oid TypeOf(const State &state, const KnownColumn &column)
{
	if (column.fact == nullptr)
		return column.live_type;
	if (OidIsValid(column.fact->live_type) || column.fact->type == nullptr)
		return column.fact->live_type;
	return TypeOf(state, *column.fact->type);
}

} // namespace psi
