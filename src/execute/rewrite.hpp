// rewrite: mode rewrite, which runs the safe form of a violation in its place.
//
// Reads the catalogs. Takes the locks of the commands that it runs, each in a transaction of its
// own.
#pragma once

#include "catalog/judgment.hpp"
#include "execute/concurrent_build.hpp"

namespace psi
{

// What has become of a violation.
enum class Rewritten
{
	no,     // nothing is done: no safe form can be run here as a whole; it is to be refused
	yes,    // its safe form has been run
	waited, // another session was executing the same rewrite, and has ended: judge it again
};

struct RewriteResult
{
	Rewritten what;
	const char *why_not; // `no`: the reason, as the rest of a sentence, or "" if the hint gives it;
						 // otherwise null
};

// Runs the safe form of what the client has sent, with a NOTICE that says so.
//
// If another session is executing the same rewrite, waits for its end if PostgreSQL can tell then
// that the work is done, by the name or because a table has one primary key; otherwise raises an
// ERROR (55006).
//
// Raises what the commands raise, and 55P03 if a step did not get its lock (see lock_wait.hpp).
// After an error, whatever is left is taken up by a second attempt. Nothing is left of an index on
// a plain table: what a failed build leaves is dropped, whatever the options say, as the plain
// command would have left nothing.
//
// Ends the transaction that it is called in and begins others, the last one without a snapshot, or
// with one in the case of `waited`. The caller's memory context has to survive that, and so does
// everything that the caller still needs: PortalContext or a child of it.
RewriteResult Rewrite(const psi_call &call, const Judgments &judgments,
					  const StatementText &statement, const Settings &settings,
					  const BuildOptions &options);

} // namespace psi
