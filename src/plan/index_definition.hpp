// index_definition: the definition of an index, written from the parse tree of CREATE INDEX.
//
// It does not name the table, so that it serves for every partition. It is also used where the text
// of the query cannot be: the caller of ProcessUtility() passed a text that the tree was not made
// from, or the definition is that of an existing index.
//
// Reads the catalogs. ReadDefinition() and DefinitionFromTree() take ACCESS SHARE on the table if
// that can be had at once, release it, and raise what parse analysis raises.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// Appends storage parameters: (name = 'value', ...)
void AppendOptions(StringInfo out, const List *options);

struct IndexDefinition
{
	const IndexStmt *create = nullptr; // after parse analysis
	const char *text = nullptr;        // from USING or the column list to the end of CREATE INDEX
	bool whole_row = false; // it refers to a row of the table as a whole, by the name of the table
};

// Reads the definition of an index on the target's table, with all names as they are there. `query`
// is what errors of parse analysis point into. Nothing if the table cannot be opened at once.
// Allocates.
std::optional<IndexDefinition> ReadDefinition(const IndexStmt &create, const Target &target,
											  const char *query);

// The text of ReadDefinition(); null if the table cannot be opened at once. Allocates.
const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
