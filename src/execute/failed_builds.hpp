// failed_builds: drops the invalid indexes that earlier builds left, before the same index is built
// again. For this folder only.
//
// Reads the catalogs; takes ACCESS SHARE on a table and its indexes to compare them, and what
// drop_index.hpp says to drop one.
#pragma once

#include "execute/run_command.hpp"

namespace psi
{

// Drops an invalid index, with a NOTICE, unless another session is building, rebuilding or dropping
// it. Commits if it tries to. Raises what the drop raises.
void DropFailedBuild(const Runner &runner, Oid index);

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
