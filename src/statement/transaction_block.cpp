// transaction_block: what the hook has seen of BEGIN and AND CHAIN.
#include "statement/transaction_block.hpp"

#include "pg/postgres.hpp"
#include "statement/statement_face.h"

namespace psi
{

namespace
{

// The transaction in which the last BEGIN was executed. No later transaction of this backend has
// the same id, so an abort need not reset it.
LocalTransactionId begun_in = InvalidLocalTransactionId;

// When the last COMMIT AND CHAIN or ROLLBACK AND CHAIN was sent. The new transaction begins while
// that is executed, and so has the same start time (StartTransaction()); if it fails, no
// transaction has. An abort need not reset it.
TimestampTz chained_at = 0;

} // namespace

bool IsBegunByClient()
{
	return IsTransactionBlock() && (CurrentLocalTransaction() == begun_in ||
									GetCurrentTransactionStartTimestamp() == chained_at);
}

void NoteBegin()
{
	begun_in = CurrentLocalTransaction();
}

} // namespace psi

extern "C" void psi_note_begin(void)
{
	psi::NoteBegin();
}

extern "C" void psi_note_chain(void)
{
	psi::chained_at = GetCurrentStatementStartTimestamp();
}
