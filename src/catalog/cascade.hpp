// cascade: which indexes would DROP ... CASCADE take along, of tables that it leaves alone?
//
// An index depends on the operator class, the collation, the functions and the types that it uses,
// so that DROP EXTENSION pg_trgm CASCADE drops every index with gin_trgm_ops, each under ACCESS
// EXCLUSIVE on its table.
//
// Follows pg_depend as findDependentObjects() does. Takes ACCESS SHARE on pg_depend for each scan
// and no other lock. Its cost is linear in the number of objects that would be dropped.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"

namespace psi
{

// An index that would be dropped.
struct CascadedIndex
{
	ClassRow index;
	ClassRow table;
};

// The indexes that the command would drop, of tables that other sessions can see and that would not
// be locked anyway, since they or a column of them would be dropped as well. None if PostgreSQL
// will refuse the command: a name is missing, or the object belongs to another one. `permitted` is
// set: may the role drop the objects that the command names? Allocates. Raises what the server's
// functions raise for the names, ambiguous ones for instance.
Array<CascadedIndex> IndexesDroppedBy(const DropStmt &drop, bool &permitted);

} // namespace psi
