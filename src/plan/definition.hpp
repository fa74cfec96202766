// definition: the definition of an index, written from the parse tree.
//
// For the case that the query text cannot serve, because whoever called ProcessUtility() handed on
// a text that the tree was not made from.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// Appends storage parameters: (name = 'value', ...)
void AppendOptions(StringInfo out, const List *options);

// From USING to the end of CREATE INDEX, for the table that was looked at. Null if an expression
// cannot be written since the table could not be opened at once. May raise what parse analysis
// raises. Allocates.
const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
