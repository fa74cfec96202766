// table_description: each table of a statement is described once.
#include "catalog/table_description.hpp"

#include "catalog/citus.hpp"
#include "pg/array.hpp"
#include "pg/hash.hpp"

namespace psi
{

namespace
{

// What is found out about a table, whatever the operation.
struct Description
{
	RelationName name;
	RelationSet set;
	TableFacts facts;
	bool in_citus;
};

// An entry of SeenTables.
struct SeenTable
{
	std::uint64_t key; // the OID, and in the lowest bit whether the partitions are left out
	const Description *description;
};

const Description *Describe(const ClassRow &table, bool only, const Circumstances &circumstances)
{
	auto *description = Make(Description{NameOf(table), {}, {}, IsCitusTable(table.id)});
	TableFacts &facts = description->facts;
	facts.catalog = table.is_catalog;
	facts.temporary = table.persistence == RELPERSISTENCE_TEMP;
	facts.created = IsCreatedHere(table.id);
	// In these cases the verdict does not depend on the rest. A partitioned table created here is
	// not one of them: older tables may have been attached to it.
	if (facts.catalog || facts.temporary ||
		(facts.created && table.kind != RELKIND_PARTITIONED_TABLE))
		return description;

	switch (table.kind)
	{
	case RELKIND_PARTITIONED_TABLE:
		facts.kind = TableKind::partitioned_table;
		if (only)
			break;
		description->set = PartitionsOf(table.id, circumstances.wanted);
		facts.members = description->set.members;
		facts.standing = description->set.standing;
		facts.foreign = description->set.foreign;
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

// Describes a table unless the statement has led to it before.
const Description *DescribeOnce(const ClassRow &table, bool only,
								const Circumstances &circumstances)
{
	if (circumstances.seen == nullptr)
		return Describe(table, only, circumstances);
	const std::uint64_t key = static_cast<std::uint64_t>(table.id) << 1 | (only ? 1 : 0);
	bool found = false;
	auto *seen =
		static_cast<SeenTable *>(hash_search(circumstances.seen, &key, HASH_ENTER, &found));
	if (!found)
		seen->description = Describe(table, only, circumstances);
	return seen->description;
}

} // namespace

SeenTables *MakeSeenTables()
{
	return MakeHash<SeenTable>("pg_safe_index tables", sizeof(SeenTable::key));
}

void DescribeTable(const ClassRow &table, bool only, const Circumstances &circumstances,
				   Target &target)
{
	const Description &description = *DescribeOnce(table, only, circumstances);
	target.table_id = table.id;
	target.schema = table.schema;
	target.table = description.name;
	target.set = description.set;
	TableFacts &facts = target.facts;
	facts.kind = description.facts.kind;
	facts.catalog = description.facts.catalog;
	facts.temporary = description.facts.temporary;
	facts.created = description.facts.created;
	target.in_citus = description.in_citus;
	facts.only = only;
	facts.members = description.facts.members;
	facts.standing = description.facts.standing;
	facts.foreign = description.facts.foreign;
	facts.size = description.facts.size;
}

void SetReached(const RelationSet &set, Target &target)
{
	target.set = set;
	target.facts.members = set.members;
	target.facts.standing = set.standing;
	target.facts.size = set.size;
}

} // namespace psi
