// own_command: a command of our own, made from its text as if the client had sent it.
#pragma once

#include "pg/face.h"
#include "pg/postgres.hpp"

namespace psi
{

// Reads a command: the parser, analysis and the hooks there (pg_stat_statements marks it in one).
// Raises what they raise. Allocates.
PlannedStmt *ParseCommand(const char *command);

// The call that runs the command in place of the client's: nothing of its result reaches the
// client. Allocates.
psi_call OwnCall(const psi_call &client, const char *command);

// Calls `run` with a memory context of its own, which goes when it ends: a module down the chain
// may have tied something to the memory of the command, as pgaudit does with its stack. Afterwards
// `parent` is current.
template <typename Run> void InOwnContext(MemoryContext parent, Run run)
{
	const MemoryContext inside =
		AllocSetContextCreate(parent, "pg_safe_index command", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(inside);
	PG_TRY();
	{
		run();
	}
	PG_FINALLY();
	{
		MemoryContextSwitchTo(parent);
		MemoryContextDelete(inside);
	}
	PG_END_TRY();
}

} // namespace psi
