// transaction_block: has the client begun this transaction with BEGIN?
//
// PostgreSQL does not tell (IsTransactionBlock()): the implicit block of a string of several
// commands, or of a pipeline, looks the same, but no COMMIT will be sent. So the hook notes each
// BEGIN. Reads the state of the backend only. Raises nothing.
#pragma once

namespace psi
{

// Is this a transaction that began with BEGIN, or with COMMIT AND CHAIN or ROLLBACK AND CHAIN?
bool IsBegunByClient();

} // namespace psi
