// index_build: the commands that build an index on a table, or an index on a partitioned table
// alone.
//
// Takes no locks. Raises nothing but out of memory.
#pragma once

#include "plan/index_plan.hpp"
#include "plan/remedy.hpp"

namespace psi
{

// A list of commands in the making.
struct Commands
{
	List *list = NIL; // StringInfo
	int count = 0;

	// Starts the next command, which is empty.
	StringInfo Add();
	// The command that was started last.
	StringInfo Last() const;
	// The commands as a remedy, with a remark or null.
	Remedy Done(const char *remark) const;
};

// Adds CREATE INDEX ON ONLY, or ALTER TABLE ONLY ... ADD CONSTRAINT: the index on a partitioned
// table alone.
void CreateOnly(Commands &commands, const IndexPlan &plan, const RelationName &table,
				const RelationName &index);

// CREATE INDEX ON ONLY, to be parsed for its definition. Allocates.
const char *DefinitionCommand(const IndexPlan &plan, const RelationName &table,
							  const RelationName &index);

// Adds ADD CONSTRAINT ... USING INDEX if the plan has a constraint.
void AppendUsingIndex(Commands &commands, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index);

// Adds CREATE INDEX CONCURRENTLY, and ADD CONSTRAINT ... USING INDEX if the plan has a constraint.
void BuildOnTable(Commands &commands, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index);

} // namespace psi
