// index_build: the steps that build an index on a table, or an index on a partitioned table alone,
// and attach the one to the other.
//
// Takes no locks. Raises nothing but out of memory.
#pragma once

#include "plan/index_plan.hpp"
#include "plan/step.hpp"

namespace psi
{

// Adds CREATE INDEX ON ONLY, or ALTER TABLE ONLY ... ADD CONSTRAINT: the index on a partitioned
// table alone.
void CreateOnly(Steps &steps, const IndexPlan &plan, const RelationName &table,
				const RelationName &index);

// Adds CREATE INDEX on a partitioned table with all its partitions, which blocks writes, if only
// for a moment because every leaf partition has an index that can be attached.
void CreateOnAll(Steps &steps, const IndexPlan &plan, const RelationName &table,
				 const RelationName &index);

// Adds CREATE INDEX CONCURRENTLY.
void CreateConcurrently(Steps &steps, const IndexPlan &plan, const RelationName &table,
						const RelationName &index);

// The subcommand ADD CONSTRAINT ... USING INDEX, which renames the index. Allocates.
const char *UsingIndex(const IndexPlan &plan, const char *constraint, const char *index);

// Adds ADD CONSTRAINT ... USING INDEX if the plan has a constraint.
void AppendUsingIndex(Steps &steps, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index);

// Adds ALTER INDEX ... ATTACH PARTITION.
void AttachIndex(Steps &steps, const RelationName &parent, const RelationName &index);

// Adds CREATE INDEX CONCURRENTLY, and ADD CONSTRAINT ... USING INDEX if the plan has a constraint.
void BuildOnTable(Steps &steps, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index);

} // namespace psi
