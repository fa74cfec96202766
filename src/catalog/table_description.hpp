// table_description: what every operation needs to know about its table.
//
// Reads pg_inherits and the system caches. Opens relations for their size only, under a lock that
// this transaction holds or gets at once. Raises nothing but out of memory, and what a scan of
// pg_inherits raises.
#pragma once

#include "catalog/target.hpp"

namespace psi
{

// The tables that the operations of one statement have led to so far. A statement may name the same
// partitioned table in each of thousands of operations; its partitions are read once.
using SeenTables = HTAB;

// Returns an empty set. It lives in the current memory context.
SeenTables *MakeSeenTables();

// The circumstances of a statement that Look() takes into account.
struct Circumstances
{
	Wanted wanted;         // of several relations
	bool sized = false;    // the size is wanted at all
	bool in_block = false; // CONCURRENTLY cannot run here, nor can REINDEX of several relations
	bool primary_key_before = false; // an earlier operation of the statement adds a primary key
	SeenTables *seen = nullptr;      // null: the statement has only one operation
};

// Fills in the table of a target, the facts about it and its partitions. `only`: the command does
// not reach the partitions. Allocates.
void DescribeTable(const ClassRow &table, bool only, const Circumstances &circumstances,
				   Target &target);

// Fills in the relations that are reached through the target, and the facts that follow from them.
void SetReached(const RelationSet &set, Target &target);

} // namespace psi
