// partitions: questions about a whole tree of partitions, answered by walking over it.
#include "catalog/partitions.hpp"

#include "catalog/catalog_scan.hpp"
#include "catalog/index.hpp"
#include "pg/hash.hpp"

namespace psi
{

bool IsOwnerOfTree(Oid table)
{
	const auto visit = [](const ClassRow &partition, Oid, int)
	{
		if (partition.kind == RELKIND_FOREIGN_TABLE)
			return Walk::past;
		const bool owned =
			IsOwner(partition.id, GetUserId()) && MayCreateIn(partition.schema, GetUserId());
		return owned ? Walk::into : Walk::stop;
	};
	return IsOwner(table, GetUserId()) && WalkPartitions(table, visit);
}

List *LeavesOf(Oid table)
{
	List *leaves = NIL;
	const auto visit = [&leaves](const ClassRow &partition, Oid, int)
	{
		if (partition.kind == RELKIND_RELATION)
			leaves = lappend_oid(leaves, partition.id);
		return Walk::into;
	};
	WalkPartitions(table, visit);
	return leaves;
}

List *ParentsOf(Oid relation)
{
	List *parents = NIL;
	const auto visit = [&parents](Form_pg_inherits row)
	{
		parents = lappend_oid(parents, row->inhparent);
		return true;
	};
	ScanCatalog<Form_pg_inherits>(InheritsRelationId, InheritsRelidSeqnoIndexId, nullptr,
								  {{Anum_pg_inherits_inhrelid, relation}}, visit);
	return parents;
}

Array<Partition> AllPartitionsOf(Oid table)
{
	Array<Partition> partitions;
	// The positions of the partitioned tables on the way from the table to the current level.
	Array<int> parents;
	parents.Add(-1);
	const auto visit = [&](const ClassRow &partition, Oid parent, int level)
	{
		if (partition.kind == RELKIND_FOREIGN_TABLE)
			return Walk::past;
		const bool leaf = partition.kind != RELKIND_PARTITIONED_TABLE;
		partitions.Add({partition.id, parent, parents[level], leaf});
		if (!leaf)
		{
			parents.Truncate(level + 1);
			parents.Add(partitions.Count() - 1);
		}
		return Walk::into;
	};
	WalkPartitions(table, visit);
	return partitions;
}

int CountLeavesWith(Oid partitioned_index)
{
	int count = 0;
	const auto visit = [&count](const ClassRow &index, Oid, int)
	{
		if (index.kind == RELKIND_INDEX)
			++count;
		return Walk::into;
	};
	WalkPartitions(partitioned_index, visit);
	return count;
}

namespace
{

// An index that is attached below a partitioned index, or is that index, and its table.
struct AttachedIndex
{
	Oid table; // the hash key
	Oid index;
};

// Returns all indexes of the tree of a partitioned index in a hash table.
HTAB *ReadAttachedIndexes(Oid partitioned_index)
{
	HTAB *attached = MakeHash<AttachedIndex>("pg_safe_index partitions", sizeof(Oid));
	const auto add = [attached](Oid index)
	{
		const Oid table = IndexGetRelation(index, true);
		static_cast<AttachedIndex *>(hash_search(attached, &table, HASH_ENTER, nullptr))->index =
			index;
	};
	const auto visit = [&add](const ClassRow &index, Oid, int)
	{
		add(index.id);
		return Walk::into;
	};
	add(partitioned_index);
	WalkPartitions(partitioned_index, visit);
	return attached;
}

} // namespace

List *FindLackingPartitions(Oid table, Oid partitioned_index)
{
	List *lacking = NIL;
	HTAB *attached = ReadAttachedIndexes(partitioned_index);
	const auto index_on = [attached](Oid id)
	{
		const auto *found =
			static_cast<const AttachedIndex *>(hash_search(attached, &id, HASH_FIND, nullptr));
		return found != nullptr ? found->index : InvalidOid;
	};
	const auto visit = [&](const ClassRow &partition, Oid parent, int)
	{
		if (partition.kind == RELKIND_FOREIGN_TABLE)
			return Walk::past;
		const Oid index = index_on(partition.id);
		// If the index is valid, all partitions below have theirs, except foreign tables.
		if (OidIsValid(index))
			return IsValidIndex(index) ? Walk::past : Walk::into;
		lacking = lappend(lacking, Make(LackingPartition{partition.id, index_on(parent)}));
		return Walk::past;
	};
	WalkPartitions(table, visit);
	return lacking;
}

} // namespace psi
