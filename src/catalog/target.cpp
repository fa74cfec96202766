// target: the one look, and what all looks share.
#include "catalog/target_parts.hpp"

namespace psi
{

namespace
{

// What DescribeTable() finds out.
struct Description
{
	RelationName name;
	RelationSet set;
	TableFacts facts;
};

struct SeenTable
{
	std::uint64_t key; // the OID, and whether without its partitions
	const Description *description;
};

const Description *Describe(const ClassRow &table, bool only, const Circumstances &circumstances)
{
	auto *description = static_cast<Description *>(palloc(sizeof(Description)));
	*description = {NameOf(table), RelationSet{}, TableFacts{}};
	TableFacts &facts = description->facts;
	facts.catalog = table.is_system;
	facts.temporary = table.persistence == RELPERSISTENCE_TEMP;
	facts.created = IsCreatedHere(table.id);
	// The rest does not matter then, and need not be paid for. A new partitioned table is not
	// enough: an old table may have been attached to it.
	if (facts.catalog || facts.temporary ||
		(facts.created && table.kind != RELKIND_PARTITIONED_TABLE))
		return description;

	switch (table.kind)
	{
	case RELKIND_PARTITIONED_TABLE:
		facts.kind = TableKind::partitioned_table;
		if (only)
			break;
		description->set = PartitionsOf(table.id, circumstances.enough);
		facts.members = description->set.members;
		facts.standing = description->set.standing;
		facts.size = description->set.size;
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
	return description;
}

} // namespace

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

SeenTables *NoTablesYet()
{
	HASHCTL control{};
	control.keysize = sizeof(SeenTable::key);
	control.entrysize = sizeof(SeenTable);
	control.hcxt = CurrentMemoryContext;
	return hash_create("pg_safe_index tables", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void DescribeTable(const ClassRow &table, bool only, const Circumstances &circumstances,
				   Target &target)
{
	const Description *description = nullptr;
	if (circumstances.seen == nullptr)
		description = Describe(table, only, circumstances);
	else
	{
		const std::uint64_t key = static_cast<std::uint64_t>(table.id) << 1 | (only ? 1 : 0);
		bool found = false;
		auto *seen =
			static_cast<SeenTable *>(hash_search(circumstances.seen, &key, HASH_ENTER, &found));
		if (!found)
			seen->description = nullptr;
		if (seen->description == nullptr)
			seen->description = Describe(table, only, circumstances);
		description = seen->description;
	}

	target.table_id = table.id;
	target.schema = table.schema;
	target.table = description->name;
	target.set = description->set;
	TableFacts &facts = target.facts;
	facts.kind = description->facts.kind;
	facts.catalog = description->facts.catalog;
	facts.temporary = description->facts.temporary;
	facts.created = description->facts.created;
	facts.only = only;
	facts.members = description->facts.members;
	facts.standing = description->facts.standing;
	facts.size = description->facts.size;
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
