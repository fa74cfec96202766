// remedy: which file makes the remedy for which command, and what these files share.
#include "plan/remedy_internal.hpp"

#include "pg/list.hpp"
#include "plan/alter_text.hpp"

namespace psi
{

namespace
{

// Whether a subcommand is left out, given the violation in it or null. ADD COLUMN stays, without
// its constraints that build an index.
bool IsLeftOut(const Judgment *violation)
{
	return violation != nullptr && violation->request.column == nullptr;
}

// For each of the `count` subcommands the violation in it, or null.
Array<const Judgment *> ViolationsIn(const Judgments &judgments, int count)
{
	Array<const Judgment *> violations;
	violations.Reserve(count);
	while (violations.Count() < count)
		violations.Add(nullptr);
	for (const Judgment &judgment : judgments)
	{
		if (judgment.verdict.IsViolation())
			violations[judgment.request.subcommand] = &judgment;
	}
	return violations;
}

} // namespace

bool AppendRest(Steps &steps, const Judgments &judgments, const StatementText &statement)
{
	const int count = list_length(judgments.items[0].request.alter->cmds);
	const Array<const Judgment *> violations = ViolationsIn(judgments, count);
	int left = count;
	for (const Judgment *violation : violations)
		left -= IsLeftOut(violation) ? 1 : 0;
	if (left == 0)
		return true;
	const AlterText text = FindAlterTable(statement, count);
	if (!text.found)
		return false;

	StringInfo out = steps.Prepare({AccessExclusiveLock, judgments.items[0].target.table});
	appendBinaryStringInfo(out, text.text + text.begin, text.head_end - text.begin);
	const char *separator = " ";
	for (int i = 0; i < count; ++i)
	{
		if (IsLeftOut(violations[i]))
			continue;
		appendStringInfoString(out, separator);
		separator = ", ";
		const Subcommand &whole = text.subcommands[i];
		if (violations[i] == nullptr)
			appendBinaryStringInfo(out, text.text + whole.begin, whole.end - whole.begin);
		else
			appendStringInfoString(
				out, ColumnWithoutIndexes(text, statement, i, *violations[i]->request.column));
	}
	appendStringInfoChar(out, ';');
	return true;
}

const char *FirstCommands(const List *commands)
{
	const int rest = list_length(commands) - spelled_requests_max;
	if (rest <= 0)
		return AsLines(commands);
	return psprintf("%s\nand %d more command%s.",
					AsLines(list_truncate(list_copy(commands), spelled_requests_max)), rest,
					rest == 1 ? "" : "s");
}

Remedy FindRemedy(const Judgments &judgments, const StatementText &statement, const char *query,
				  int most)
{
	const Judgment &first = judgments.FirstViolation();
	switch (first.request.operation)
	{
	case Operation::create_index:
		return first.target.facts.kind == TableKind::partitioned_table
				   ? ForCreateOnPartitions(first, query)
				   : FindRemedyForTable(first, statement, query);
	case Operation::drop_index:
		return ForDropIndex(judgments, statement, most);
	case Operation::reindex:
		return ForReindex(first, statement);
	case Operation::add_constraint:
		return ForAddConstraint(judgments, statement, most);
	case Operation::attach_partition:
		return ForAttachPartition(first, statement, query, most);
	case Operation::move_index:
		return ForMoveIndex(judgments, statement);
	}
	return {};
}

} // namespace psi
