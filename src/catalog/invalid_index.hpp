// invalid_index: an index that is marked invalid, and the commands that repair it.
//
// A concurrent build, drop or rebuild that fails leaves an invalid index behind, because its
// catalog rows were committed before the work began. No query uses the index; once it is ready,
// every write maintains it. Reads the system caches and takes no lock. An index that is gone is an
// empty result, not an error.
#pragma once

#include "catalog/index.hpp"

namespace psi
{

struct InvalidIndex
{
	Oid id = InvalidOid;
	Oid table_id = InvalidOid;
	RelationName index;
	RelationName table;
	bool ready = false; // pg_index.indisready: writes maintain it
	bool live = false;  // pg_index.indislive; false: a drop has passed the point of no return
	bool is_partition = false; // attached to a partitioned index: cannot be dropped by itself
	bool gone = false; // set by callers that find later that it is gone, or not invalid any more
	bool is_shell = false; // of a table that Citus manages: its marks say nothing about the shards
	bool is_toast = false; // of a TOAST table: PostgreSQL does not rebuild it while it is invalid
};

// Reads the index if it is invalid. Nothing for a partitioned index: it has no storage, and is
// invalid for as long as one of the partitions lacks an index, which is no failure. Allocates.
std::optional<InvalidIndex> ReadInvalidIndex(Oid index);

// Looks the index up by name in this schema, whatever the search path, and reads it if it is
// invalid. Nothing if the schema is gone, or if Citus manages the table. Allocates.
std::optional<InvalidIndex> FindInvalidIndex(Oid schema, const char *name);

// Is the index still invalid, and does it have the same name? The caller holds SHARE UPDATE
// EXCLUSIVE on the table, which every command that repairs or drops the index holds as well.
// Allocates.
bool IsInvalidStill(const InvalidIndex &index);

// Has REINDEX CONCURRENTLY left it beside an index that is still there: the new one that it had
// begun (_ccnew), or the old one that it had replaced (_ccold)? Allocates.
bool IsLeftByReindex(const InvalidIndex &index);

// Reads the indexes again, since a drop that failed may have changed them. One that is not invalid
// any more stays as it was read before.
void ReadAgain(InvalidIndex *indexes, int count);

// Return the command that drops or rebuilds the index, with its semicolon. Null where PostgreSQL
// would refuse the command and, for an index that REINDEX CONCURRENTLY has left, where a rebuild
// would result in two equal indexes, and for one of a table that Citus manages: the rebuilt index
// would count as valid, with an invalid one on a shard. `qualified`: always with the schema.
// Allocate.
const char *DropCommand(const InvalidIndex &index, bool qualified);
const char *ReindexCommand(const InvalidIndex &index, bool qualified);

} // namespace psi
