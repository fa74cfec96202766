// concurrent_command: from a request and its target.
#include "catalog/concurrent_command.hpp"

namespace psi
{

ConcurrentCommand DescribeConcurrent(const Request &request, const Target &target)
{
	const TableFacts &facts = target.facts;
	ConcurrentCommand command;
	command.operation = request.operation;
	command.table = target.table_id;
	command.schema = target.schema;
	if (request.create != nullptr)
	{
		command.name = request.create->idxname;
		// An invalid index that the command skips is reported before the command runs; a second
		// report after it is not needed.
		command.if_not_exists = request.create->if_not_exists && !facts.skips_invalid;
	}
	const bool possible = facts.resolves && facts.permitted && !facts.catalog && !facts.temporary;
	if (request.operation == Operation::drop_index)
		command.dropped = possible ? target.index_id : InvalidOid;
	else
		command.builds =
			possible && !target.exists &&
			(request.create == nullptr || facts.kind != TableKind::partitioned_table) &&
			(!ReachesSeveral(facts.kind) || facts.standing > 0);
	return command;
}

} // namespace psi
