// transactions: a mark in the ledger for each place that a rollback can go back to.
#include "script/transactions.hpp"

#include "script/script_settings.hpp"

namespace psi
{

namespace
{

void Begin(State &state)
{
	state.in_block = true;
	state.block_mark = state.ledger.Mark();
	state.savepoints.Truncate(0);
}

void End(State &state, bool chain)
{
	EndLocalSettings(state);
	state.ledger.Forget(MakeKey(Space::doubt, static_cast<int>(Doubt::read_only)));
	++state.transaction;
	state.in_block = false;
	if (chain)
		Begin(state);
}

void Rollback(State &state, bool chain)
{
	if (!state.in_block)
		return;
	state.ledger.UndoTo(state.block_mark);
	End(state, chain);
}

// The number of the savepoint of that name, or -1.
int NumberOf(const State &state, const char *name)
{
	for (int i = state.savepoints.Count() - 1; i >= 0; --i)
	{
		if (strcmp(state.savepoints[i].name, name) == 0)
			return i;
	}
	return -1;
}

// What PREPARE TRANSACTION keeps, and what becomes of it, is not followed.
void Lose(State &state)
{
	state.Add(Doubt::session);
}

} // namespace

void FollowTransaction(State &state, const TransactionStmt &transaction)
{
	const char *name = transaction.savepoint_name;
	switch (transaction.kind)
	{
	case TRANS_STMT_BEGIN:
	case TRANS_STMT_START:
		if (!state.in_block)
			Begin(state);
		if (MayBeReadOnly(transaction.options))
			state.Add(Doubt::read_only);
		break;
	case TRANS_STMT_COMMIT:
		if (state.in_block)
			End(state, transaction.chain);
		break;
	case TRANS_STMT_ROLLBACK:
		Rollback(state, transaction.chain);
		break;
	case TRANS_STMT_SAVEPOINT:
		if (state.in_block)
			state.savepoints.Add({name, state.ledger.Mark()});
		break;
	case TRANS_STMT_RELEASE:
		if (NumberOf(state, name) >= 0)
			state.savepoints.Truncate(NumberOf(state, name));
		break;
	case TRANS_STMT_ROLLBACK_TO:
	{
		const int number = NumberOf(state, name);
		if (number < 0)
			break;
		state.ledger.UndoTo(state.savepoints[number].mark);
		// The savepoint itself stays.
		state.savepoints.Truncate(number + 1);
		break;
	}
	case TRANS_STMT_PREPARE:
		Rollback(state, false);
		Lose(state);
		break;
	case TRANS_STMT_COMMIT_PREPARED:
	case TRANS_STMT_ROLLBACK_PREPARED:
		Lose(state);
		break;
	}
}

void EndStatement(State &state)
{
	if (!state.in_block)
		++state.transaction;
}

} // namespace psi
