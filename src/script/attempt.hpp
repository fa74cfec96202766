// attempt: runs what may raise one of PostgreSQL's own errors, which is an answer here.
// For this folder only.
#pragma once

#include "pg/postgres.hpp"

namespace psi
{

// Is it an error about the command, rather than about the server or the session?
inline bool IsAboutCommand(int code)
{
	const int category = ERRCODE_TO_CATEGORY(code);
	return category != ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) &&
		   category != ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) &&
		   code != ERRCODE_STATEMENT_TOO_COMPLEX &&
		   category != ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR) &&
		   category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR);
}

// Runs `run` in a subtransaction, which takes no transaction id, in the caller's memory. Returns
// the error, or null. What it allocates stays.
template <typename Run> const ErrorData *Attempt(Run run)
{
	const MemoryContext context = CurrentMemoryContext;
	const ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = nullptr;
	BeginInternalSubTransaction(nullptr);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		run();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		// Before the error goes on, too: otherwise the session would stay in a failed transaction
		// that nobody has begun.
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (!IsAboutCommand(error->sqlerrcode))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

} // namespace psi
