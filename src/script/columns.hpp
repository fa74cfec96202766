// columns: the columns of a table, given what the script has done to it and to its parents.
//
// Reads the system caches and pg_inherits. Takes no lock on a table. Raises nothing but out of
// memory, and for a type what PostgreSQL raises.
#pragma once

#include "script/state.hpp"

namespace psi
{

enum class Presence
{
	missing,
	there,
	unknown,
};

struct KnownColumn
{
	Presence presence = Presence::unknown;
	const ColumnFact *fact = nullptr; // what the script has done to it. Null: nothing
	Oid live_type = InvalidOid;       // ... then its type in the catalogs
};

KnownColumn LookUpColumn(const State &state, const RelationFact &table, const char *name);

// The type of a column that is there, or one that the same operator classes take. InvalidOid: it is
// not known.
Oid TypeOf(const State &state, const KnownColumn &column);

// The same for a type that the script names.
Oid TypeOf(const State &state, const TypeName &type);

} // namespace psi
