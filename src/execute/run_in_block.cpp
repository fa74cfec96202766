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
void AddHintToRefusal(void *)
{
	if (geterrcode() == ERRCODE_ACTIVE_SQL_TRANSACTION)
		errhint("%s", HintForRefusedInBlock());
}

} // namespace

void RunInBlock(const psi_call &call)
{
	// After an error the stack is reset by whoever catches it.
	ErrorContextCallback callback{error_context_stack, AddHintToRefusal, nullptr};
	error_context_stack = &callback;
	call.go_on(&call);
	error_context_stack = callback.previous;
}

} // namespace psi
