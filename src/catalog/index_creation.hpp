// index_creation: reports each index that a command creates, before it is built.
//
// Uses object_access_hook. While there is a listener, pg_index is scanned for each relation that is
// created.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// A function that index_create() calls, by way of object_access_hook, once the rows of the index
// are in the catalogs and before the index is built. It runs under the command's locks. It may
// raise an error, which ends the command. A null function stands for no listener.
struct IndexListener
{
	// `is_internal`: PostgreSQL creates it by itself, to rebuild an index after a change of type or
	// for a partition that is being attached.
	void (*notify)(Oid index, Oid table, bool is_internal, void *argument) = nullptr;
	void *argument = nullptr;
};

// Replaces the current listener and returns the former one, which the caller puts back however the
// command ends. The module is in the chain of object_access_hook only while there is a listener:
// PostgreSQL calls that hook for every function that a query calls.
IndexListener ListenToIndexes(IndexListener listener);

// Is there a listener?
bool IsListened();

} // namespace psi
