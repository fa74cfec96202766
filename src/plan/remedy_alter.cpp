// remedy_alter: ALTER TABLE: constraints that build an index, and ATTACH PARTITION.
#include "plan/remedy_internal.hpp"

#include "pg/list.hpp"
#include "plan/alter_text.hpp"

namespace psi
{

namespace
{

constexpr const char *no_safe_constraint =
	"PostgreSQL cannot build the index of an exclusion constraint, nor one WITHOUT OVERLAPS, concurrently. Keep the wait for the lock short, and try again when it fails: SET lock_timeout = '2s'.";

constexpr const char *foreign_partition =
	"PostgreSQL will refuse the command when it comes to a partition that is a foreign table, after it has built the index on other partitions.";

constexpr const char *no_text =
	"Build the index with CREATE UNIQUE INDEX CONCURRENTLY, then ALTER TABLE ... ADD CONSTRAINT ... USING INDEX.";

bool HasSafeForm(const Constraint &constraint)
{
	return constraint.contype != CONSTR_EXCLUSION && !IsWithoutOverlaps(constraint);
}

// A column that becomes part of a primary key and is not yet NOT NULL is scanned for nulls under
// ACCESS EXCLUSIVE, unless a valid check constraint proves that it has none
// (ConstraintImpliedByRelConstraint()).
void AppendNotNull(Commands &commands, const RelationName &table, const char *column)
{
	const char *check = quote_identifier(makeObjectName(table.name, column, "is_not_null"));
	const char *quoted = quote_identifier(column);
	appendStringInfo(commands.Add(),
					 "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;",
					 table.Quoted(), check, quoted);
	appendStringInfo(commands.Add(), "ALTER TABLE %s VALIDATE CONSTRAINT %s;", table.Quoted(),
					 check);
	appendStringInfo(commands.Add(), "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;", table.Quoted(),
					 quoted);
	appendStringInfo(commands.Add(), "ALTER TABLE %s DROP CONSTRAINT %s;", table.Quoted(), check);
}

} // namespace

namespace
{

// ADD PRIMARY KEY USING INDEX as the user wrote it, which has nothing to scan once the columns are
// NOT NULL. Returns false if the text cannot serve for it.
bool AppendUsedIndex(Commands &commands, const Judgment &judgment, const StatementText &statement)
{
	const AlterText text = FindAlterTable(statement, list_length(judgment.request.alter->cmds));
	if (!text.found)
		return false;
	const auto &subcommand = text.subcommands[judgment.request.subcommand];
	appendStringInfo(commands.Add(), "%.*s %.*s;", text.head_end - text.begin,
					 text.text + text.begin, subcommand.end - subcommand.begin,
					 text.text + subcommand.begin);
	return true;
}

} // namespace

Remedy ForAddConstraint(const Judgments &judgments, const StatementText &statement, int most)
{
	Commands commands;
	for (const Judgment &judgment : judgments)
	{
		if (!judgment.verdict.IsViolation())
			continue;
		if (judgment.target.set.foreign > 0)
			return commands.Done(foreign_partition);
		if (!HasSafeForm(*judgment.request.constraint))
			return commands.Done(no_safe_constraint);
	}
	if (!AppendRest(commands, judgments, statement))
		return commands.Done(no_text);

	const char *remark = nullptr;
	int used = 0;
	Array<RelationName> names;
	for (const Judgment &judgment : judgments)
	{
		if (names.Count() == most)
			break;
		if (!judgment.verdict.IsViolation())
			continue;
		const Target &target = judgment.target;
		for (const char *column : Each<const char>(target.nullable_columns))
			AppendNotNull(commands, target.table, column);
		if (judgment.request.uses_index)
		{
			if (!AppendUsedIndex(commands, judgment, statement))
				return commands.Done(no_text);
			++used;
		}
		else
			remark = BuildIndex(commands, target, PlanForConstraint(judgment.request), names);
	}
	const int rest = judgments.violations - names.Count() - used;
	return commands.Done(JoinRemarks(remark, RestOf(rest, "constraint", "constraints")));
}

Remedy ForAttachPartition(const Judgment &judgment, const StatementText &statement,
						  const char *query, int most)
{
	const Target &target = judgment.target;
	Commands commands;
	if (target.unseen)
		return commands.Done(
			"Another session has locked the table, so that its indexes could not be compared with those of the partitioned table: try again.");

	for (const MissingIndex &missing : target.missing)
	{
		if (missing.create->excludeOpNames != NIL || IsWithoutOverlaps(*missing.create))
			return commands.Done(no_safe_constraint);
	}

	const char *remark = nullptr;
	Array<RelationName> names;
	for (const MissingIndex &missing : target.missing)
	{
		if (names.Count() == most)
			break;
		IndexPlan plan;
		if (!PlanForMissingIndex(*missing.create, target, query, plan))
			return commands.Done(no_text);
		remark = BuildIndex(commands, target, plan, names);
	}

	const int subcommands = list_length(judgment.request.alter->cmds);
	const AlterText text = FindAlterTable(statement, subcommands);
	if (text.found)
	{
		appendBinaryStringInfo(commands.Add(), text.text + text.begin,
							   text.subcommands[subcommands - 1].end - text.begin);
		appendStringInfoChar(commands.Last(), ';');
	}
	const int rest = target.missing.count - names.Count();
	if (rest > 0)
		remark = JoinRemarks(remark,
							 psprintf("Before the last command, do the same for %d more index%s.",
									  rest, rest == 1 ? "" : "es"));
	return commands.Done(remark);
}

} // namespace psi
