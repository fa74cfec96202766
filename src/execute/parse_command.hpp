// parse_command: makes a command that can be executed from its text, as if the client had sent it.
// For this folder only.
//
// Parse analysis of a utility statement takes no lock. The functions raise what the parser and the
// hooks of other modules raise.
#pragma once

#include "pg/face.h"
#include "pg/postgres.hpp"

namespace psi
{

// Parses and analyzes one command. The hooks of parse analysis are called: pg_stat_statements marks
// the command in one. Allocates.
PlannedStmt *ParseCommand(const char *command);

// The call that executes the command in place of the client's. No result of it reaches the client.
// Allocates.
psi_call CallInPlaceOf(const psi_call &client, const char *command);

// Calls `run` in a memory context of its own, which is deleted when `run` ends: another module may
// have tied something to the memory of a command, as pgaudit does with its stack. Afterwards
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
