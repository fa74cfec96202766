// failed_builds: drops the invalid indexes that earlier builds left, before the same index is built
// again.
//
// Reads the catalogs; takes ACCESS SHARE on a table and its indexes to compare them, and what
// drop_index.hpp says to drop one.
#pragma once

#include "execute/run_command.hpp"

namespace psi
{

// Drops an invalid index, with a NOTICE, unless another session is building, rebuilding or dropping
// it, or Citus manages its table. If it tries to, it commits, ends in a transaction with an active
// snapshot, and returns true. Raises what the drop raises.
bool DropFailedBuild(const Runner &runner, Oid index);

// Drops what REINDEX CONCURRENTLY has left of earlier attempts on a table and its TOAST table, but
// for the index `except`. Leaves what the current role may not drop. Commits if it tries to drop
// one. Raises what the drops raise.
void DropLeftByReindex(const Runner &runner, Oid table, Oid except);

// The client sends CREATE INDEX CONCURRENTLY again after a failure: drops the invalid index that
// has the name and the definition that the command gives. Does so in mode rewrite, except with IF
// NOT EXISTS, which that mode reports and rewrites itself; and in any mode if `options` say that
// failed builds are dropped. Does nothing where PostgreSQL refuses the command.
//
// To be called at the top level, outside a transaction block. Returns true if it has ended the
// transaction that it was called in: then another one has begun, with an active snapshot for the
// command, and the memory context is PortalContext. Raises what parse analysis and the drop raise.
bool DropBeforeRetry(const psi_call &call, const Settings &settings, const BuildOptions &options);

// Prepares the command CREATE INDEX CONCURRENTLY, of which `create` is the tree as the parser made
// it. Drops the invalid indexes of the same table and definition that have the name that the
// command gives or that PostgreSQL would choose first; with `any_name` those with other names, too,
// because the name was chosen by an earlier attempt.
//
// Returns true if there is a valid index of that name and definition that belongs to no constraint:
// then an earlier attempt has built it. Raises what parse analysis and a drop raise.
bool PrepareToBuild(const Runner &runner, const IndexStmt &create, const char *command,
					bool any_name);

} // namespace psi
