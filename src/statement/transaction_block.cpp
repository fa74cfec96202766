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

// The transaction in which the last COMMIT AND CHAIN or ROLLBACK AND CHAIN was executed, and when
// that was sent. The new transaction begins while it is executed: it has the next id and the same
// start time (StartTransaction()). If it fails, no transaction has both. An abort need not reset
// them.
LocalTransactionId chained_in = InvalidLocalTransactionId;
TimestampTz chained_at = 0;

} // namespace

bool IsBegunByClient()
{
	return IsTransactionBlock() && (CurrentLocalTransaction() == begun_in ||
									(CurrentLocalTransaction() == chained_in + 1 &&
									 GetCurrentTransactionStartTimestamp() == chained_at));
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
	psi::chained_in = psi::CurrentLocalTransaction();
	psi::chained_at = GetCurrentStatementStartTimestamp();
}
