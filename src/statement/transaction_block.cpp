// transaction_block: what the hook has seen of BEGIN and AND CHAIN.
#include "statement/transaction_block.hpp"

#include "pg/postgres.hpp"
#include "statement/statement_face.h"

namespace psi
{

namespace
{

// The transaction in which the last COMMIT AND CHAIN or ROLLBACK AND CHAIN was executed, and when
// that was sent. The new transaction begins while it is executed: it has the next id and the same
// start time (StartTransaction()). If it fails, no transaction has both. An abort need not reset
// them.
LocalTransactionId chained_in = InvalidLocalTransactionId;
TimestampTz chained_at = 0;

} // namespace

bool IsBegunByClient()
{
	return IsTransactionBlock() && (CurrentLocalTransaction() == psi_block.begun_in ||
									(CurrentLocalTransaction() == chained_in + 1 &&
									 GetCurrentTransactionStartTimestamp() == chained_at));
}

} // namespace psi

struct psi_block psi_block;

extern "C" void psi_note_chain(void)
{
	psi::chained_in = psi::CurrentLocalTransaction();
	// That of a transaction block that an error has aborted is gone. One that nobody has tells it.
	if (psi::chained_in == InvalidLocalTransactionId)
		psi::chained_in = GetNextLocalTransactionId();
	psi::chained_at = GetCurrentStatementStartTimestamp();
}
