// relation_set: the relations that a statement reaches by way of another one: the partitions of a
// partitioned table, the tables of a schema or database, the indexes in a tablespace.
//
// Reads pg_inherits, pg_class and the system caches, takes no lock on a table. A relation that goes
// away meanwhile is left out.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// One of them, for the commands in the hint.
struct Member
{
	RelationName name;
	Oid schema;
	bool leaf;  // holds rows itself; else it is a partitioned table between the root and the leaves
	int parent; // position of its parent in RelationSet::spelled; -1: the table at the root
};

// So many that hold rows are named one by one.
constexpr int spelled_members_max = 10;
// ... and so many with the partitioned tables between.
constexpr int spelled_max = 30;

struct RelationSet
{
	int members;  // that can hold an index: foreign tables are not counted
	int standing; // of them those that other sessions can see: not created here, not temporary
	int foreign;
	// Bytes in the main forks of the standing ones; nothing if one of them could not be opened, or
	// if nobody wanted to know.
	std::optional<std::int64_t> size;

	const Member *spelled; // the first of them, with the partitioned tables above, parents first
	int spelled_count;
	int spelled_members;
};

// The partitions below a partitioned table, on every level. Here and below: sizes are added up
// until they reach `enough` bytes, and not asked for when it is 0; allocates in the current memory
// context.
RelationSet PartitionsOf(Oid root, std::int64_t enough);

// The tables and materialized views that REINDEX SCHEMA takes up, or with InvalidOid REINDEX
// DATABASE (ReindexMultipleTables()). What comes with the server is not counted: its catalogs pass,
// and the few small tables of information_schema are nobody's to wait for.
RelationSet TablesIn(Oid schema, std::int64_t enough);

// The indexes that ALTER INDEX ALL IN TABLESPACE moves (AlterTableMoveAll()), of the owners given
// or of all if that is NIL. Standing and size are those of their tables. `tablespace` as in
// pg_class.reltablespace, InvalidOid for the database's own. `all_owned`: the role may move them.
RelationSet IndexesIn(Oid tablespace, const List *owners, std::int64_t enough, bool &all_owned);

} // namespace psi
