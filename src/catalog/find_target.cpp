// find_target: the dispatch to the function for the operation.
#include "catalog/find_target.hpp"

#include "catalog/citus.hpp"
#include "catalog/target_commands.hpp"

namespace psi
{

namespace
{

Target LookByOperation(const Request &request, const Circumstances &circumstances)
{
	switch (request.operation)
	{
	case Operation::create_index:
		return LookAtCreateIndex(request, circumstances);
	case Operation::drop_index:
		return request.drop != nullptr ? LookAtDropCascade(request, circumstances)
									   : LookAtDropIndex(request, circumstances);
	case Operation::reindex:
		return LookAtReindex(request, circumstances);
	case Operation::add_constraint:
		return LookAtAddConstraint(request, circumstances);
	case Operation::attach_partition:
		return LookAtAttachPartition(request, circumstances);
	case Operation::move_index:
		return LookAtMoveIndex(request, circumstances);
	}
	return Target{};
}

} // namespace

Target Look(const Request &request, const Circumstances &circumstances)
{
	// Within a transaction the caches may still hold a name that another session has given to
	// another table since. The command itself will notice when it takes its lock.
	AcceptInvalidationMessages();
	Target target = LookByOperation(request, circumstances);
	const bool creates =
		request.operation != Operation::drop_index && request.operation != Operation::reindex;
	if (target.in_citus && creates && IsLeftToCitus(target.table_id))
		target.facts.resolves = false;
	return target;
}

} // namespace psi
