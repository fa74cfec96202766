// names: which relation does a name in the script mean, given what the script has done before?
//
// Reads the system caches and pg_inherits. Takes no lock on a table. Raises out of memory, and what
// PostgreSQL raises for a name in another database or with too many parts.
#pragma once

#include "catalog/relation.hpp"
#include "script/state.hpp"

namespace psi
{

struct Found
{
	bool touched = false;         // the script has made, changed or dropped what the name means
	const char *denied = nullptr; // the schema that the role may not use
	std::int64_t number = 0;      // 0: there is none
	RelationFact fact;            // ... where the number is not 0

	bool Is() const
	{
		return number != 0;
	}
};

// Finds a relation by its name. A live one that the script has left alone is described, too.
Found FindRelation(const State &state, const char *schema, const char *name);
Found FindRelation(const State &state, const RangeVar &name);
Found FindRelation(const State &state, const List *name);

// Finds a relation in one schema.
Found FindIn(const State &state, const char *schema, const char *name);

// The schema in which CREATE makes a relation of that name. Null: there is none. Allocates.
const char *CreationSchema(const State &state, const RangeVar &name);

// What is known about a relation by its number, which exists.
RelationFact FactOf(const State &state, std::int64_t number);

// Is there a relation above this one, in the catalogs or in the script, that the script has
// changed?
bool HasChangedParent(const State &state, const RelationFact &fact);

// The type of the script that the name means. Null: it is none of the script's. Allocates.
const TypeFact *FindMadeType(const State &state, const List *name);

// Does the role own the table, given what the script has done?
bool MayOwn(const RelationFact &table);

// Is the name free in this schema for a new relation?
inline bool IsFree(const State &state, const char *schema, const char *name)
{
	return !FindIn(state, schema, name).Is();
}

} // namespace psi
