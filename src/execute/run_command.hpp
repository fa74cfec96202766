// run_command: runs commands of mode rewrite at the top level, each as if the client had sent it.
// For this folder only.
//
// A command goes through the parser, with a text of its own, and through the next hooks in the
// chain, so that modules that read the text or the tree (pg_stat_statements, pgaudit, event
// triggers) record what is really executed. Each command runs in a transaction of its own, which is
// committed before the next command begins. REINDEX SCHEMA does the same; as there, the client's
// statement has to be at the top level and outside a transaction block.
#pragma once

#include "execute/concurrent_build.hpp"
#include "execute/lock_wait.hpp"
#include "execute/transaction.hpp"
#include "plan/step.hpp"

namespace psi
{

// What the commands of one rewrite have in common. It does not change while they run.
struct Runner
{
	const psi_call &call; // of the client
	const Settings &settings;
	BuildOptions options;  // of the concurrent commands
	MemoryContext context; // current between the commands; survives commits (see transaction.hpp)

	// The same with another memory context.
	Runner In(MemoryContext other) const
	{
		Runner copy = *this;
		copy.context = other;
		return copy;
	}
};

// Commits, and runs the command in a transaction of its own, which is committed by what comes next:
// another command or the end of the client's statement. RunConcurrently() runs a concurrent
// command, which gets the lock on its table first. Raises what the command raises.
void RunCommand(const Runner &runner, const char *command);

// Takes the locks that a concurrent command takes first, on the table and on an index of it, and
// then the snapshot. Another concurrent build that holds the lock waits for older snapshots in the
// end: that of a session that waits for the lock would be a deadlock. Without the owner's rights it
// takes no lock: PostgreSQL will refuse the command.
void LockBeforeSnapshot(Oid table, Oid index = InvalidOid);

// Runs a concurrent command in this transaction, after LockBeforeSnapshot().
void RunLocked(const Runner &runner, const psi_call &call);

// Runs a step: as RunCommand(), or as RunBounded() if others would queue behind it.
void RunStep(const Runner &runner, const Step &step);

} // namespace psi
