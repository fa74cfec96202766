// index_analysis: parse analysis of CREATE INDEX, without waiting for the table.
//
// Opens the table only under a lock that this transaction holds or gets at once. Raises the errors
// of parse analysis (transformIndexStmt()).
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// Calls `use(const IndexStmt &)` with the statement after parse analysis, while the table is open.
// Returns false if the table cannot be opened at once, or is gone. Allocates.
template <typename Use>
bool WithAnalyzedIndex(const IndexStmt &create, Oid table, const char *query, Use use)
{
	const auto analyze = [&](Relation)
	{
		// transformIndexStmt() changes the tree, which may belong to a cached plan.
		auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
		use(*transformIndexStmt(table, copy, query));
	};
	return WithRelationAtOnce(table, analyze);
}

// Raises PostgreSQL's own error if parse analysis refuses an expression or the predicate of a
// CREATE INDEX. Does nothing if the table cannot be opened at once because of another session's
// lock.
inline void RaiseAnalysisErrors(const IndexStmt &create, Oid table, const char *query)
{
	WithAnalyzedIndex(create, table, query, [](const IndexStmt &) {});
}

} // namespace psi
