// timeouts: those that can end a concurrent build half way, and leave an invalid index.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// What was in force before they were suspended.
struct Timeouts
{
	bool suspended;
	int lock;        // ms
	int transaction; // ms
};

// For the rest of this statement statement_timeout does not apply, and until ResumeTimeouts() no
// lock_timeout and no transaction_timeout. Raises nothing.
Timeouts SuspendTimeouts();
void ResumeTimeouts(const Timeouts &before);

// Gives what comes now as much time as a statement has, if its timeout is not running.
void RestartStatementTimeout();

} // namespace psi
