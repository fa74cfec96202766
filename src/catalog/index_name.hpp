// index_name: the names that PostgreSQL chooses for indexes and their constraints.
//
// Reads the system caches and pg_constraint. Takes no lock on a table. Raises nothing but out of
// memory.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// Returns the names of an index's columns, included ones too, joined with underscores. A name that
// occurs twice gets a number. Allocates.
const char *JoinColumnNames(const IndexStmt &create);

// Returns the name that DefineIndex() would choose (ChooseIndexName(), ChooseRelationName()):
// table, columns and label, with a number if that is taken or one of the `given` names, which will
// be created first. The label is "idx", "key" or "pkey"; a name with "pkey" has no columns, so
// `columns` is null then. Allocates.
const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, const RelationName *given, int given_count);

} // namespace psi
