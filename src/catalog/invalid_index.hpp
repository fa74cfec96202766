// invalid_index: an index that is marked invalid, and what can be done about it.
//
// One is left behind where a concurrent build, drop or reindex ended half way: its catalog entries
// were committed before the work began. No query uses it; once it is ready, every write maintains
// it. Part of target: reads the system caches, takes no lock on a table.
#pragma once

#include "catalog/index.hpp"

namespace psi
{

struct InvalidIndex
{
	Oid id;
	Oid table_id;
	RelationName index;
	RelationName table;
	bool ready;        // writes maintain it (pg_index.indisready)
	bool live;         // false: a drop got past the point where it could be had back (indislive)
	bool is_partition; // attached to an index on a partitioned table: cannot be dropped by itself
	bool gone;         // noted by whoever finds later that it is gone, or not invalid any more
	bool is_toast;     // of a TOAST table: PostgreSQL does not rebuild it while it is invalid
};

// The index, if it is one and invalid. Nothing for an index on a partitioned table, which has no
// storage and is invalid as long as it lacks an index on one of its partitions: that is no failure.
// Allocates.
std::optional<InvalidIndex> ReadInvalidIndex(Oid index);

// The same by name, which no search path is needed for. Nothing for a schema that is gone.
std::optional<InvalidIndex> FindInvalidIndex(Oid schema, const char *name);

// Is it invalid still, and under the same name? The caller holds SHARE UPDATE EXCLUSIVE on the
// table, which whoever repairs or drops it holds meanwhile.
bool IsInvalidStill(const InvalidIndex &index);

// The commands that mend it, each with its semicolon; null where PostgreSQL would refuse it or, for
// what REINDEX CONCURRENTLY leaves, where it would leave the same index twice. `qualified`: with
// the schema in any case. Allocate.
const char *DropCommand(const InvalidIndex &index, bool qualified);
const char *ReindexCommand(const InvalidIndex &index, bool qualified);

} // namespace psi
