// dry_run: tries a CREATE INDEX on an empty copy of the table, which is gone again afterwards.
// For this folder only.
//
// Whatever PostgreSQL finds wrong with an index before it looks at the rows, it finds with the
// copy: an operator class, an access method or a storage parameter that does not exist, a function
// that is not immutable, a tablespace that the role may not use. The copy is a temporary table in a
// subtransaction. It goes to PostgreSQL directly, past the other hooks in the chain.
#pragma once

#include "catalog/target.hpp"
#include "pg/array.hpp"

namespace psi
{

// Does the error say something about the command? A cancel, a lock or the end of memory does not.
bool IsAboutCommand(const ErrorData &error);

struct DryRun
{
	// Why the command could not be tried, as the rest of a sentence: the role may not create
	// temporary tables, for example. Null: it would not be refused.
	const char *why_not = nullptr;
	const IndexStmt *analyzed = nullptr; // the command after parse analysis for the table
	Array<ObjectAddress> uses{};         // what the index depends on
};

// Tries the command, which may have been through parse analysis for the table. Waits for ACCESS
// SHARE on the table, and keeps it until the end of the (sub)transaction. Raises the error that the
// command would raise. Allocates.
DryRun TryOut(const IndexStmt &create, const Target &target, const char *query);

} // namespace psi
