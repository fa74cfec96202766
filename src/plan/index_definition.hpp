// index_definition: the definition of an index, written from the parse tree of CREATE INDEX.
//
// It serves where the text of the query cannot: the caller of ProcessUtility() passed a text that
// the tree was not made from, or the definition is that of an existing index.
//
// Reads the catalogs. See DefinitionFromTree() for locks and errors.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// Appends storage parameters: (name = 'value', ...)
void AppendOptions(StringInfo out, const List *options);

// The definition from USING to the end of CREATE INDEX, with all names as they are on the target's
// table. `query` is what errors of parse analysis point into. Takes ACCESS SHARE on the table if
// that can be had at once, and releases it; otherwise returns null. Raises what parse analysis
// raises. Allocates.
const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
