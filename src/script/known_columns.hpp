// known_columns: are there the columns that an index of a changed table wants? For this folder
// only.
#pragma once

#include "script/judge.hpp"

namespace psi
{

// The columns of CREATE INDEX. Sets `refusal` or `unknown` unless all are there and can be indexed.
void CheckColumns(const State &state, const RelationFact &table, const IndexStmt &create,
				  const char *&refusal, const char *&unknown);

// Those of a constraint. Fills in those that are scanned for nulls, too.
void CheckKeys(const State &state, const RelationFact &table, const Request &request,
			   Finding &finding);

// ADD PRIMARY KEY USING INDEX with an index of the table: fills in what is scanned for nulls.
void CheckUsedIndex(const State &state, const RelationFact &table, const RelationFact &index,
					Finding &finding);

} // namespace psi
