// target: the one look, and what all looks share.
#include "target_parts.hpp"

namespace psi
{

Oid Resolve(const RangeVar &name)
{
	return RangeVarGetRelidExtended(&name, NoLock, RVR_MISSING_OK, nullptr, nullptr);
}

void TakeSet(const RelationSet &set, Target &target)
{
	target.set = set;
	target.facts.members = set.members;
	target.facts.standing = set.standing;
	target.facts.size = set.size;
}

void DescribeTable(const ClassRow &table, bool only, const Circumstances &circumstances,
				   Target &target)
{
	TableFacts &facts = target.facts;
	target.table_id = table.id;
	target.schema = table.schema;
	target.table = NameOf(table);

	facts.catalog = table.is_system;
	facts.temporary = table.persistence == RELPERSISTENCE_TEMP;
	facts.created = IsCreatedHere(table.id);
	facts.only = only;
	// The rest does not matter then, and need not be paid for. A new partitioned table is not
	// enough: an old table may have been attached to it.
	if (facts.catalog || facts.temporary ||
		(facts.created && table.kind != RELKIND_PARTITIONED_TABLE))
		return;

	switch (table.kind)
	{
	case RELKIND_PARTITIONED_TABLE:
		facts.kind = TableKind::partitioned_table;
		if (only)
			break;
		TakeSet(PartitionsOf(table.id, circumstances.enough), target);
		break;
	case RELKIND_MATVIEW:
		facts.kind = TableKind::materialized_view;
		break;
	default:
		facts.kind = TableKind::table;
		break;
	}
	if (!ReachesSeveral(facts.kind) && circumstances.sized)
		facts.size = MainForkSize(table.id);
}

Target Look(const Request &request, const Circumstances &circumstances)
{
	// Inside a transaction the caches may still hold a name that another session has given to
	// another table since. The command itself will notice when it takes its lock.
	AcceptInvalidationMessages();
	switch (request.operation)
	{
	case Operation::create_index:
		return LookAtCreateIndex(request, circumstances);
	case Operation::drop_index:
		return LookAtDropIndex(request, circumstances);
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

} // namespace psi
