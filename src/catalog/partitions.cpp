// partitions: what is asked of a whole tree.
#include "catalog/partitions.hpp"

#include "catalog/index.hpp"
#include "pg/array.hpp"

namespace psi
{

bool IsOwnerOfTree(Oid table)
{
	return IsOwner(table, GetUserId()) &&
		   WalkPartitions(table,
						  [](const ClassRow &partition, Oid, int)
						  {
							  if (partition.kind == RELKIND_FOREIGN_TABLE)
								  return Walk::past;
							  return IsOwner(partition.id, GetUserId()) &&
											 MayCreateIn(partition.schema, GetUserId())
										 ? Walk::into
										 : Walk::stop;
						  });
}

List *LeavesOf(Oid table)
{
	List *leaves = NIL;
	WalkPartitions(table,
				   [&leaves](const ClassRow &partition, Oid, int)
				   {
					   if (partition.kind == RELKIND_RELATION)
						   leaves = lappend_oid(leaves, partition.id);
					   return Walk::into;
				   });
	return leaves;
}

int CountLeavesWith(Oid partitioned_index)
{
	int count = 0;
	WalkPartitions(partitioned_index,
				   [&count](const ClassRow &index, Oid, int)
				   {
					   if (index.kind == RELKIND_INDEX)
						   ++count;
					   return Walk::into;
				   });
	return count;
}

namespace
{

// The index of a table that is part of the partitioned index.
struct PartOfIndex
{
	Oid table;
	Oid index;
};

// By table, for the whole tree of the index.
HTAB *PartsOf(Oid partitioned_index)
{
	HASHCTL control{};
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(PartOfIndex);
	control.hcxt = CurrentMemoryContext;
	HTAB *parts = hash_create("pg_safe_index partitions", 64, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	const auto add = [parts](Oid index)
	{
		const Oid table = IndexGetRelation(index, true);
		static_cast<PartOfIndex *>(hash_search(parts, &table, HASH_ENTER, nullptr))->index = index;
	};
	add(partitioned_index);
	WalkPartitions(partitioned_index,
				   [&add](const ClassRow &index, Oid, int)
				   {
					   add(index.id);
					   return Walk::into;
				   });
	return parts;
}

} // namespace

List *FindLackingPartitions(Oid table, Oid partitioned_index)
{
	List *lacking = NIL;
	HTAB *parts = PartsOf(partitioned_index);
	const auto part_of = [parts](Oid id)
	{
		const auto *part =
			static_cast<const PartOfIndex *>(hash_search(parts, &id, HASH_FIND, nullptr));
		return part != nullptr ? part->index : InvalidOid;
	};
	WalkPartitions(
		table,
		[&](const ClassRow &partition, Oid parent, int)
		{
			if (partition.kind == RELKIND_FOREIGN_TABLE)
				return Walk::past;
			const Oid index = part_of(partition.id);
			if (OidIsValid(index))
				return IsValidIndex(index) ? Walk::past : Walk::into;
			lacking = lappend(lacking, Make(LackingPartition{partition.id, part_of(parent)}));
			return Walk::past;
		});
	return lacking;
}

} // namespace psi
