// index_name: the names that PostgreSQL chooses for indexes and their constraints.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// The names of an index's columns, those included as well, joined with underscores and made unique
// among themselves by a number. Allocates.
const char *JoinColumnNames(const IndexStmt &create);

// The name that DefineIndex() would choose (ChooseIndexName(), ChooseRelationName()): table,
// columns and label ("idx", "key", "pkey", the last without columns, which are null then), and a
// number where that is taken, or is one of the `given`, which are to be created before. Looks up
// names; no locks. Allocates.
const char *ChooseIndexName(const RelationName &table, Oid schema, const char *columns,
							const char *label, const RelationName *given, int given_count);

} // namespace psi
