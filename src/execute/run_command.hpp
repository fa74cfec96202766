// command_run: runs commands of our own at the top level, each as if the client had sent it.
//
// By way of the parser, with its own text, through the next hooks in the chain: so that what reads
// the text or the tree (pg_stat_statements, pgaudit, event triggers) records what really runs. Each
// in a transaction of its own, committed before the next begins. Only for a statement at the top
// level outside of a transaction block, like REINDEX SCHEMA, which does the same.
#pragma once

#include "execute/concurrent_build.hpp"
#include "execute/transaction.hpp"

namespace psi
{

struct Runner
{
	const psi_call *call;
	// Survives the commits: a child of the portal's context.
	MemoryContext context;
	const Settings *settings;
	BuildOptions options; // of the concurrent commands among them
};

// Runs one command in a transaction of its own, which is committed only by what comes next: the
// following command, or the end of the client's statement. A concurrent one runs as
// RunConcurrently() does it.
void RunCommand(Runner &runner, const char *command);

// The same in the transaction that has been begun for it.
void RunHere(Runner &runner, const char *command);

} // namespace psi
