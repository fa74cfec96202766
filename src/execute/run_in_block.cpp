// run_in_block: an error context callback adds the hint, since the error is PostgreSQL's own.
#include "execute/run_in_block.hpp"

#include "message/block_message.hpp"
#include "pg/postgres.hpp"

namespace psi
{

namespace
{

// PreventInTransactionBlock() gives no hint of its own. Called for every message during the command
// (errfinish()); sets fields of the message that is being made.
void AddHintToRefusal(void *postpone)
{
	if (geterrcode() != ERRCODE_ACTIVE_SQL_TRANSACTION)
		return;
	errhint("%s%s%s", HintForRefusedInBlock(), postpone != nullptr ? "\n" : "",
			postpone != nullptr ? static_cast<const char *>(postpone) : "");
}

} // namespace

void RunInBlock(const psi_call &call, const char *postpone)
{
	// After an error the stack is reset by whoever catches it.
	ErrorContextCallback callback{error_context_stack, AddHintToRefusal,
								  const_cast<char *>(postpone)};
	error_context_stack = &callback;
	call.go_on(&call);
	error_context_stack = callback.previous;
}

} // namespace psi
