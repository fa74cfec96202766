// relation_set: the relations that a statement reaches through another object: the partitions of a
// partitioned table, the tables of a schema or database, the indexes in a tablespace.
//
// Reads pg_inherits, pg_class and the system caches. Takes ACCESS SHARE on pg_class while it scans
// it. Opens tables only for their size, under a lock that this transaction holds or gets at once. A
// relation that goes away meanwhile is left out. Serves interrupts.
#pragma once

#include "catalog/relation.hpp"

namespace psi
{

// A relation of a set, for the commands in a hint.
struct Member
{
	Oid id = InvalidOid;
	RelationName name;
	Oid schema = InvalidOid;
	bool leaf = false; // holds rows itself; otherwise a partitioned table between root and leaves
	int parent = -1;   // position of its parent in RelationSet::spelled; -1: the root
};

// How much a set is to hold.
struct Wanted
{
	// Sizes are added up until they reach this many bytes, and are not read if it is 0.
	std::int64_t enough = 0;
	// All names. Otherwise those of the first relations are enough: a hint shows no more.
	bool all_names = false;
};

// A set keeps the names of at most this many relations that hold rows, unless all are wanted.
constexpr int spelled_members_max = 10;
// It keeps at most this many names if those of partitioned tables are included.
constexpr int spelled_max = 30;

struct RelationSet
{
	int members = 0;  // those that can hold an index: foreign tables are not counted
	int standing = 0; // members that other sessions can see: not created here, not temporary
	int foreign = 0;  // foreign tables
	// Bytes in the main forks of the standing members. Nothing if one of them could not be opened,
	// or if the caller does not need the size.
	std::optional<std::int64_t> size;

	// The first members, together with the partitioned tables above them, parents first.
	const Member *spelled = nullptr;
	int spelled_count = 0;
	int spelled_members = 0; // those of them that hold rows
	bool complete = true;    // all of them are spelled
};

// Returns the partitions below a partitioned table, on every level. Allocates in the current memory
// context.
RelationSet PartitionsOf(Oid root, const Wanted &wanted);

// Returns the tables and materialized views that REINDEX SCHEMA processes or, for InvalidOid,
// REINDEX DATABASE (ReindexMultipleTables()). Relations that initdb has created do not count: the
// catalogs are allowed anyway, and nobody waits for the few small tables of information_schema.
RelationSet TablesIn(Oid schema, const Wanted &wanted);

// The OIDs of the same tables without temporary ones. Allocates.
List *OidsOfTablesIn(Oid schema);

// Returns the indexes that ALTER INDEX ALL IN TABLESPACE moves (AlterTableMoveAll()) and that
// belong to one of the owners, or to anyone if that is NIL. Those that have storage are leaves, and
// members; standing and size are those of their tables. `tablespace` as in pg_class.reltablespace:
// InvalidOid for the database's default. `all_owned` is set: may the current role move all of them?
RelationSet IndexesIn(Oid tablespace, const List *owners, const Wanted &wanted, bool &all_owned);

} // namespace psi
