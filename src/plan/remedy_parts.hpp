// remedy_parts: what the files of the room remedy share; for them only. A file for each family of
// commands.
#pragma once

#include "plan/remedy.hpp"

namespace psi
{

// Collects commands.
struct Commands
{
	List *list; // StringInfo
	int count;

	// Opens the next command.
	StringInfo Add();
	// The command that was opened last.
	StringInfo Last() const;
	Remedy Done(const char *remark) const;
};

// "Then do the same for 3 more indexes."; null if there is no rest. Allocates.
const char *RestOf(int rest, const char *one, const char *several);

// Two remarks, either of which may be null, as one. Allocates.
const char *JoinRemarks(const char *first, const char *second);

// An index that is to be built, on a table or on all partitions of one, with the constraint that it
// is for, if any.
struct IndexPlan
{
	bool unique;
	bool if_not_exists;
	const char *name;       // null: PostgreSQL chooses
	const char *definition; // from USING or the column list to the end
	const char *columns;    // their names joined, for the names that PostgreSQL would choose
	const char *constraint; // UNIQUE or PRIMARY KEY; null: none
	const char *clauses;    // of the constraint when it takes an index: " DEFERRABLE ..." or ""
	const char
		*inline_definition; // of the constraint without an index, after UNIQUE or PRIMARY KEY
};

// The name that PostgreSQL would choose for it on a table, none of the `given`. Allocates.
const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema,
					   const RelationName *given, int given_count);

// ... and the first that it would try. Allocates.
const char *FirstName(const IndexPlan &plan, const RelationName &table);

// The index on a partitioned table alone, with its constraint.
void CreateOnly(Commands &commands, const IndexPlan &plan, const RelationName &table,
				const RelationName &index);

// CREATE INDEX alone, for the sake of its definition. Allocates.
const char *DefinitionCommand(const IndexPlan &plan, const RelationName &table,
							  const RelationName &index);

// ADD CONSTRAINT ... USING INDEX, if the plan has a constraint.
void AppendUsingIndex(Commands &commands, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index);

// CREATE INDEX CONCURRENTLY, and ADD CONSTRAINT ... USING INDEX.
void BuildOnTable(Commands &commands, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index);

// PostgreSQL cannot build an index on a partitioned table concurrently. The way round, from its
// documentation of CREATE INDEX: an index on the table alone, invalid at first; one built
// concurrently on each leaf; and each attached, the last of which makes the first valid. Returns
// what remains to be said.
const char *BuildOnPartitions(Commands &commands, const IndexPlan &plan, const RelationName &table,
							  const RelationName &index, const RelationSet &partitions);

// Adds what is left of an ALTER TABLE or ALTER INDEX without the subcommands that are violations,
// if anything is. False if the text cannot serve for it.
bool AppendRest(Commands &commands, const Judgments &judgments, const StatementText &statement);

// The plan of an index on a partitioned table. False if the definition cannot stand in the command
// for each partition. Allocates.
bool PlanOnPartitions(const Judgment &judgment, const StatementText &statement, const char *query,
					  IndexPlan &plan);
// ... of one that a constraint asks for.
IndexPlan PlanForConstraint(const Request &request);

Remedy ForReindex(const Judgment &judgment, const StatementText &statement);
Remedy ForMoveIndex(const Judgments &judgments, const StatementText &statement);
Remedy ForAddConstraint(const Judgments &judgments, const StatementText &statement, int most);
Remedy ForAttachPartition(const Judgment &judgment, const StatementText &statement,
						  const char *query, int most);

} // namespace psi
