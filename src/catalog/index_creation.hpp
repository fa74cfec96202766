// new_index: tells of each index that a command creates, before it is built.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Called by index_create() when the rows of the index are in the catalogs and before it is built,
// under the command's locks: with the index and its table. May raise, which ends the command. A
// null `tell` is nobody.
struct IndexListener
{
	void (*tell)(Oid index, Oid table, void *argument);
	void *argument;
};

// Puts a listener in the place of the one there is, which is returned, and to be put back however
// the command ends. PostgreSQL's object_access_hook is ours only while there is one: it would be
// called for every function that a query calls.
IndexListener ListenToIndexes(IndexListener listener);

// Is there one?
bool IsListened();

} // namespace psi
