// index_build: each command is written with all its clauses in one place.
#include "plan/index_build.hpp"

namespace psi
{

namespace
{

// `words` is CONCURRENTLY or empty, `only` is ONLY or empty. `name` may be null.
void AppendCreateIndex(StringInfo out, const IndexPlan &plan, const char *words, const char *name,
					   const char *only, const RelationName &table)
{
	appendStringInfo(out, "CREATE %sINDEX%s%s%s%s ON %s%s %s;", plan.unique ? "UNIQUE " : "", words,
					 plan.if_not_exists ? " IF NOT EXISTS" : "", name != nullptr ? " " : "",
					 name != nullptr ? quote_identifier(name) : "", only, table.Quoted(),
					 plan.definition);
}

} // namespace

void CreateOnly(Steps &steps, const IndexPlan &plan, const RelationName &table,
				const RelationName &index)
{
	if (plan.constraint == nullptr)
		AppendCreateIndex(steps.Prepare({ShareLock, table}), plan, "", index.name, "ONLY ", table);
	else
		appendStringInfo(steps.Prepare({AccessExclusiveLock, table}),
						 "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s%s;", table.Quoted(),
						 quote_identifier(index.name), plan.constraint, plan.constraint_definition);
}

void CreateOnAll(Steps &steps, const IndexPlan &plan, const RelationName &table,
				 const RelationName &index)
{
	AppendCreateIndex(steps.Violate({ShareLock, table, LockedPart::tree}), plan, "", index.name, "",
					  table);
}

void CreateConcurrently(Steps &steps, const IndexPlan &plan, const RelationName &table,
						const RelationName &index)
{
	AppendCreateIndex(steps.Build(), plan, " CONCURRENTLY", index.name, "", table);
}

const char *UsingIndex(const IndexPlan &plan, const char *constraint, const char *index)
{
	return psprintf("ADD CONSTRAINT %s %s USING INDEX %s%s", quote_identifier(constraint),
					plan.constraint, quote_identifier(index), plan.attributes);
}

void AppendUsingIndex(Steps &steps, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index)
{
	if (plan.constraint != nullptr)
		appendStringInfo(steps.Finish({AccessExclusiveLock, table}), "ALTER TABLE %s%s %s;",
						 plan.only ? "ONLY " : "", table.Quoted(),
						 UsingIndex(plan, index.name, index.name));
}

// ATExecAttachPartitionIdx() locks the parent's index, which blocks only other changes of it, then
// the two tables, and at last the partition's index, at which every query on the partition looks.
// Whoever has locked the partition and then queries it would otherwise be in a deadlock with us.
void AttachIndex(Steps &steps, const RelationName &parent, const RelationName &index)
{
	appendStringInfo(steps.Finish({ShareUpdateExclusiveLock, parent}),
					 "ALTER INDEX %s ATTACH PARTITION %s;", parent.Quoted(), index.Quoted());
	steps.FinishLocksAlso({AccessShareLock, parent, LockedPart::table});
	steps.FinishLocksAlso({AccessShareLock, index, LockedPart::table});
	steps.FinishLocksAlso({AccessExclusiveLock, index});
}

void BuildOnTable(Steps &steps, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index)
{
	CreateConcurrently(steps, plan, table, index);
	AppendUsingIndex(steps, plan, table, index);
}

} // namespace psi
