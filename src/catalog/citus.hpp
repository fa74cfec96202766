// citus: what the catalogs of Citus say about a table, if Citus is there.
//
// A table that Citus manages is an empty shell on the coordinator: its rows are in shards, which
// are tables of their own, mostly on other nodes. Neither the size of the shell nor the marks on
// its indexes say anything about the shards.
//
// Without Citus a look costs one entry of the system cache, which says that there is no table
// pg_catalog.pg_dist_partition. Waits for no lock and keeps none. Raises nothing but out of memory.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Does Citus manage the table? It has a row in pg_dist_partition then. True as well if that cannot
// be read at once because of another session's lock.
bool IsCitusTable(Oid table);

// Is a command that would create an index on the table left to Citus? Citus refuses it on nodes
// other than the coordinator (pg_dist_local_group.groupid), but not DROP INDEX and REINDEX. False
// if that cannot be read at once.
bool IsLeftToCitus(Oid table);

} // namespace psi
