// postponed: the commands of the current transaction that are to be run after its COMMIT.
// For this folder only.
//
// The list follows the transaction: RELEASE SAVEPOINT hands it to the parent, ROLLBACK TO SAVEPOINT
// and ROLLBACK take back what was done to it since. A transaction that is not ended by COMMIT, as
// the hook sees it, is not committed while something is on the list. The list lives in memory of
// its own, which goes when the list goes.
//
// Takes no locks. Raises nothing but out of memory, except where a transaction is refused (see
// above).
#pragma once

#include "execute/concurrent_build.hpp"

namespace psi
{

// The settings of PostgreSQL that were in force when the command was sent, and matter to it: for
// names, for the build, and for the scanner, which reads the text once more. The transaction that
// was committed was not read-only, so the commands are not, either.
constexpr const char *kept_settings[] = {
	"search_path",        "maintenance_work_mem",
	"default_tablespace", "standard_conforming_strings",
	"backslash_quote",    "default_transaction_read_only",
};
constexpr int kept_settings_count = 6;

struct PostponedCommand
{
	Operation operation = Operation::create_index; // or drop_index
	const char *command = nullptr;                 // with CONCURRENTLY and a semicolon
	Oid table = InvalidOid;                        // CREATE INDEX
	Oid schema = InvalidOid;                       // of the index
	const IndexStmt *create = nullptr;             // CREATE INDEX, after parse analysis
	List *columns = NIL;                           // CREATE INDEX: ColumnsOf()
	Array<ObjectAddress> uses{};                   // CREATE INDEX: what the index depends on
	const char *name = nullptr; // CREATE INDEX: the name that it gives, or that PostgreSQL would
								// have given
	Oid index = InvalidOid;     // DROP INDEX
	const char *values[kept_settings_count] = {}; // null: there is no such setting in this version
	BuildOptions options{};
	Settings settings{};

	SubTransactionId added = InvalidSubTransactionId;
	// Where it was taken off the list; InvalidSubTransactionId: it is on it.
	SubTransactionId removed = InvalidSubTransactionId;

	bool IsOn() const
	{
		return removed == InvalidSubTransactionId;
	}
};

// Puts a copy of the command on the list, with the settings of this moment and in this
// subtransaction.
void AddPostponed(const PostponedCommand &command);

// Takes it off the list, as long as this subtransaction is not rolled back.
void RemovePostponed(PostponedCommand &command);

// All of them, in their order, also those that have been taken off.
Array<PostponedCommand> &AllPostponed();

// Is there one on the list?
bool IsAnyPostponed();

// Is a DROP INDEX of this index on the list?
bool IsDropPostponed(Oid index);

// The memory of the list, which is not empty.
MemoryContext MemoryOfPostponed();

// Lets the commit of this transaction through.
void LetCommit();

// Forgets the list, and leaves its memory to the caller. Raises nothing.
void ReleasePostponed();

// To be called where the transaction has been ended within a savepoint: PortalRun() will make that
// savepoint's resource owner the current one again, which is gone. The next commit puts it right.
void ExpectLostOwner();

} // namespace psi
