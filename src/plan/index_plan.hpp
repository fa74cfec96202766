// index_plan: what to build, on a table or on every partition of one, and its names.
//
// Reads the catalogs for names that are taken. PlanOnPartitions() and PlanForMissingIndex() take
// ACCESS SHARE on the table if that can be had at once, release it, and raise what parse analysis
// raises. The others take no locks and raise nothing but out of memory.
#pragma once

#include "catalog/index_name.hpp"
#include "catalog/judgment.hpp"

namespace psi
{

// An index that is to be built, with the constraint that it is for, if any.
struct IndexPlan
{
	bool unique = false;
	bool if_not_exists = false;
	// The index as CREATE INDEX after parse analysis, which names its columns by their numbers in
	// the table of the plan. Null in a plan by PlanForCreate().
	const IndexStmt *create = nullptr;
	const char *name = nullptr;       // null: PostgreSQL chooses
	const char *definition = nullptr; // from USING or the column list to the end
	const char *columns = nullptr;    // their names joined, if PostgreSQL puts them into the name
	const char *label = "idx";        // the last part of the names that PostgreSQL chooses
	const char *constraint = nullptr; // UNIQUE or PRIMARY KEY; null: none
	bool only = false;                // the constraint is added by ALTER TABLE ONLY
	const char *attributes = nullptr; // of the constraint: " DEFERRABLE ..." or ""
	// The constraint that builds its index itself: what follows UNIQUE or PRIMARY KEY.
	const char *constraint_definition = nullptr;
};

// Plans a CREATE INDEX. Allocates.
IndexPlan PlanForCreate(const IndexStmt &create, const char *definition);

// Can the definition of an index be repeated in a command for each partition?
enum class Repeatable
{
	yes,
	no,     // it refers to a row of the table as a whole, or is too long
	locked, // not known: the table cannot be opened at once because of another session's lock
};

// Plans a CREATE INDEX on a partitioned table. Fills in the plan only if the answer is yes.
// Allocates.
Repeatable PlanOnPartitions(const Judgment &judgment, const char *query, IndexPlan &plan);

// Plans the index of UNIQUE or PRIMARY KEY. Allocates.
IndexPlan PlanForConstraint(const Request &request);

// Plans the indexes of all constraints of the column in an ADD COLUMN. Like PostgreSQL, makes one
// of those that are equal. Allocates.
Array<IndexPlan> PlansForColumn(const Request &request);

// Plans an index that ATTACH PARTITION would build on the partition, which is the target. Returns
// false if its definition cannot be written now. Allocates.
bool PlanForMissingIndex(const IndexStmt &create, const Target &target, const char *query,
						 IndexPlan &plan);

// The name that PostgreSQL would choose for the index on a table in `schema` if the names in
// `given` were taken, too. Allocates.
const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema,
					   GivenNames &given);
// The same, if none is given.
const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema);

// The first name that PostgreSQL would try, taken or not. Allocates.
const char *FirstName(const IndexPlan &plan, const RelationName &table);

} // namespace psi
