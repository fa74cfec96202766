// partition_tree: the partitions below a partitioned table, looked at without waiting.
//
// Reads pg_inherits and the system caches, takes no lock on a table. A partition that goes away
// meanwhile is left out.
#pragma once

#include "relation.hpp"

namespace psi
{

// A partition, for the commands in the hint.
struct Partition
{
	RelationName table;
	Oid schema;
	bool leaf;  // holds rows itself; else it is partitioned in turn
	int parent; // position of the parent in PartitionTree::spelled; -1: the table at the root
};

// So many leaf partitions are named one by one.
constexpr int spelled_leaves_max = 10;

struct PartitionTree
{
	int leaves;          // that can hold an index: foreign tables are not counted
	int standing_leaves; // of them those that other sessions can see: not created here, not
						 // temporary
	int foreign_leaves;
	// Bytes in the main forks of the standing leaves; nothing if one of them could not be opened,
	// or if nobody wanted to know.
	std::optional<std::int64_t> size;

	const Partition
		*spelled; // the first leaves with the partitioned tables above them, parents first
	int spelled_count;
	int spelled_leaves;
};

// Walks the tree. Sizes are added up until they reach `enough` bytes, and not asked for when it is
// 0. Allocates in the current memory context.
PartitionTree WalkPartitions(Oid root, std::int64_t enough);

} // namespace psi
