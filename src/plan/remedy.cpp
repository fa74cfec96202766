// remedy: which file makes the remedy for which command, and what these files share.
#include "plan/remedy_internal.hpp"

#include "pg/list.hpp"

namespace psi
{

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
