// remedy_alter: ALTER TABLE: constraints that build an index, and ATTACH PARTITION.
#include "plan/remedy_internal.hpp"

#include "pg/list.hpp"
#include "plan/alter_text.hpp"
#include "plan/partition_check.hpp"
#include "plan/remedy_rest.hpp"

namespace psi
{

namespace
{

constexpr const char *foreign_partition =
	"PostgreSQL will refuse the command when it comes to a partition that is a foreign table, after it has built the index on other partitions.";

constexpr const char *dropped_first =
	"The table is without the constraint that is dropped until the last command has been run.";

constexpr const char *no_text =
	"Build the index with CREATE UNIQUE INDEX CONCURRENTLY, then ALTER TABLE ... ADD CONSTRAINT ... USING INDEX.";

bool HasSafeForm(const Constraint &constraint)
{
	return constraint.contype != CONSTR_EXCLUSION && !IsWithoutOverlaps(constraint);
}

// A column that becomes part of a primary key and is not yet NOT NULL is scanned for nulls under
// ACCESS EXCLUSIVE, unless a valid check constraint proves that it has none
// (ConstraintImpliedByRelConstraint()).
//
// On a partitioned table this comes first: ALTER TABLE ONLY ... ADD PRIMARY KEY wants the columns
// of the partitions to be NOT NULL.
void AppendNotNull(Steps &steps, const Target &target, const char *column, GivenNames &given)
{
	const StepLock lock{AccessExclusiveLock, target.table};
	const bool first = target.facts.kind == TableKind::partitioned_table;
	// The children of the table keep their nulls then.
	const bool only = target.facts.only && !has_inherited_key_columns;
	const char *table = psprintf("%s%s", only ? "ONLY " : "", target.table.Quoted());
	const char *name =
		ChooseFreeConstraintName(target.table, target.schema, column, "is_not_null", given);
	given.Add(target.schema, name);
	const char *check = quote_identifier(name);
	const char *quoted = quote_identifier(column);
	appendStringInfo(steps.Prepare(lock),
					 "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL)%s NOT VALID;", table,
					 check, quoted, only ? " NO INHERIT" : "");
	appendStringInfo(first ? steps.PrepareWithoutLock() : steps.Build(),
					 "ALTER TABLE %s VALIDATE CONSTRAINT %s;", table, check);
	appendStringInfo(first ? steps.Prepare(lock) : steps.Finish(lock),
					 "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;", table, quoted);
	appendStringInfo(first ? steps.Prepare(lock) : steps.Finish(lock),
					 "ALTER TABLE %s DROP CONSTRAINT %s;", table, check);
}

// ADD PRIMARY KEY USING INDEX as the user wrote it, which has nothing to scan once the columns are
// NOT NULL. Returns false if the text cannot serve for it.
bool AppendUsedIndex(Steps &steps, const Judgment &judgment, const StatementText &statement)
{
	const AlterText text = FindAlterTable(statement, list_length(judgment.request.alter->cmds));
	if (!text.found)
		return false;
	const auto &subcommand = text.subcommands[judgment.request.subcommand];
	appendStringInfo(steps.Finish({AccessExclusiveLock, judgment.target.table}), "%.*s %.*s;",
					 text.head_end - text.begin, text.text + text.begin,
					 subcommand.end - subcommand.begin, text.text + subcommand.begin);
	return true;
}

// The steps for one subcommand. Returns false if the text cannot serve for it.
bool AppendConstraints(Steps &steps, Rest &rest, const Judgment &judgment,
					   const StatementText &statement)
{
	const Target &target = judgment.target;
	for (const char *column : Each<const char>(target.nullable_columns))
		AppendNotNull(steps, target, column, rest.given);
	if (judgment.request.uses_index)
	{
		if (!rest.HasDrops())
			return AppendUsedIndex(steps, judgment, statement);
		rest.Use(judgment.request.subcommand);
		return true;
	}
	Array<IndexPlan> plans;
	if (judgment.request.column != nullptr)
		plans = PlansForColumn(judgment.request);
	else
		plans.Add(PlanForConstraint(judgment.request));
	for (IndexPlan &plan : plans)
	{
		if (rest.HasDrops())
		{
			rest.Build(steps, plan);
			continue;
		}
		plan.name = rest.NameAfterDrops(plan);
		BuildIndex(steps, target, plan, rest.given);
	}
	return true;
}

} // namespace

Remedy ForAddConstraint(const Judgments &judgments, const StatementText &statement, int most)
{
	Steps steps;
	for (const Judgment &judgment : judgments)
	{
		if (!judgment.verdict.IsViolation())
			continue;
		if (judgment.target.set.foreign > 0)
			return NoSteps(foreign_partition);
		if (!HasSafeForm(*judgment.request.constraint))
			return NoSteps(no_concurrent_exclusion);
	}
	Rest rest(judgments, statement);
	if (rest.Obstacle() != nullptr)
		return NoSteps(rest.Obstacle());
	if (!rest.Append(steps))
		return NoSteps(no_text);
	for (const char *column : Each<const char>(rest.NotNull()))
		AppendNotNull(steps, judgments.items[0].target, column, rest.given);

	const char *remark = nullptr;
	int seen = 0;
	int shown = 0;
	int last_column = -1; // the last subcommand that adds a column
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (!judgment.verdict.IsViolation())
			continue;
		// All constraints of a column are planned together.
		const Request &request = judgment.request;
		const bool planned = request.column != nullptr && request.subcommand == last_column;
		if (shown >= most && !planned)
			break;
		++seen;
		if (planned)
			continue;
		++shown;
		if (request.column != nullptr)
			last_column = request.subcommand;
		if (!AppendConstraints(steps, rest, judgment, statement))
			return NoSteps(no_text);
	}
	rest.AppendDrops(steps);
	rest.AppendLast(steps);
	if (!rest.AppendForeignKeys(steps, remark))
		return NoSteps(no_text);
	const bool more =
		seen < judgments.violations || !judgments.FirstViolation().target.set.complete;
	return {steps.All(), remark, rest.DropsFirst() ? dropped_first : nullptr, more};
}

namespace
{

constexpr const char *unknown_check =
	"PostgreSQL reads all rows of the table under ACCESS EXCLUSIVE, unless valid CHECK constraints prove that they belong into the partition.";

constexpr const char *reads_default =
	"PostgreSQL reads all rows of the default partition under ACCESS EXCLUSIVE, unless valid CHECK constraints of it prove that none belongs into the new partition.";

// The user's own command. ATExecAttachPartition() locks the partitioned table, which blocks only
// other changes of it, then its default partition, then the new one, and to copy foreign keys the
// tables to which they point.
void AppendAttach(Steps &steps, const Judgment &judgment, const AlterText &text)
{
	const AlterTableStmt &alter = *judgment.request.alter;
	const RelationName parent{alter.relation->schemaname, alter.relation->relname,
							  alter.relation->schemaname == nullptr};
	const StringInfo command = steps.Finish({ShareUpdateExclusiveLock, parent});
	steps.FinishLocksAlso({AccessExclusiveLock, parent, LockedPart::default_partition});
	steps.FinishLocksAlso({AccessExclusiveLock, judgment.target.table, LockedPart::tree});
	steps.FinishLocksAlso({ShareRowExclusiveLock, parent, LockedPart::referenced});
	appendBinaryStringInfo(command, text.text + text.begin,
						   text.subcommands[text.subcommands.Count() - 1].end - text.begin);
	appendStringInfoChar(command, ';');
}

// Adds a constraint that proves that all rows belong into the partition. Returns the step that
// drops it.
const char *AppendCheck(Steps &steps, const Target &target, const char *condition,
						GivenNames &given)
{
	const char *table = target.table.Quoted();
	const StepLock lock{AccessExclusiveLock, target.table, LockedPart::tree};
	const char *name =
		ChooseFreeConstraintName(target.table, target.schema, nullptr, "partition_check", given);
	given.Add(target.schema, name);
	const char *quoted = quote_identifier(name);
	const char *drop = psprintf("ALTER TABLE %s DROP CONSTRAINT %s;", table, quoted);
	appendStringInfo(steps.Prepare(lock), "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;",
					 table, quoted, condition);
	steps.UndoPrepared(drop);
	appendStringInfo(steps.PrepareWithoutLock(), "ALTER TABLE %s VALIDATE CONSTRAINT %s;", table,
					 quoted);
	steps.UndoPrepared(drop);
	return drop;
}

} // namespace

namespace
{

constexpr const char *table_is_locked =
	"Another session has locked the table, so that its indexes could not be compared with those of the partitioned table: try again.";

} // namespace

Remedy ForAttachPartition(const Judgment &judgment, const StatementText &statement,
						  const char *query, int most)
{
	const Target &target = judgment.target;
	Steps steps;
	if (target.unseen)
		return NoSteps(table_is_locked);
	if (target.second_key)
		return NoSteps(
			"PostgreSQL will refuse the command after it has built other indexes: the table has another primary key than the partitioned table.");
	for (const MissingIndex &missing : target.missing)
	{
		if (missing.create->excludeOpNames != NIL || IsWithoutOverlaps(*missing.create))
			return NoSteps(no_concurrent_exclusion);
	}

	GivenNames given;
	const AlterText text = FindAlterTable(statement, list_length(judgment.request.alter->cmds));
	const PartitionCheck check = FindPartitionCheck(judgment, query);
	const char *drop = check.condition != nullptr && text.found
						   ? AppendCheck(steps, target, check.condition, given)
						   : nullptr;
	int shown = 0;
	for (const MissingIndex &missing : target.missing)
	{
		CHECK_FOR_INTERRUPTS();
		if (shown == most)
			break;
		++shown;
		IndexPlan plan;
		if (!PlanForMissingIndex(*missing.create, target, query, plan))
			return NoSteps(table_is_locked);
		BuildIndex(steps, target, plan, given);
	}

	if (text.found)
		AppendAttach(steps, judgment, text);
	if (drop != nullptr)
		appendStringInfoString(steps.Finish({AccessExclusiveLock, target.table, LockedPart::tree}),
							   drop);
	const bool more = shown < target.missing.count || !target.set.complete;
	const char *note = check.unknown         ? unknown_check
					   : check.reads_default ? reads_default
											 : nullptr;
	return {steps.All(), text.found ? nullptr : "Then run the command itself.", note, more};
}

} // namespace psi
