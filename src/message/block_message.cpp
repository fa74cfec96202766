// block_message: the words about transaction blocks.
#include "message/block_message.hpp"

#include "pg/postgres.hpp"

namespace psi
{

#define PSI_TOOLS                                                                                  \
	"Django: atomic = False. Rails: disable_ddl_transaction!. Alembic: autocommit_block()."

const char *ConcurrentName(Operation operation)
{
	switch (operation)
	{
	case Operation::drop_index:
		return "DROP INDEX CONCURRENTLY";
	case Operation::reindex:
		return "REINDEX CONCURRENTLY";
	default:
		return "CREATE INDEX CONCURRENTLY";
	}
}

const char *HintToLeaveBlock(const char *command)
{
	return psprintf(
		"%s cannot run inside a transaction block, a function, or a string of several commands. " PSI_TOOLS,
		command);
}

const char *HintForRefusedInBlock()
{
	return "Send the command by itself, outside of transaction blocks and functions. " PSI_TOOLS;
}

const char *HintToLeaveBlockForLocks()
{
	return "Send them outside of this transaction, which would keep their locks until its end. " PSI_TOOLS;
}

} // namespace psi
