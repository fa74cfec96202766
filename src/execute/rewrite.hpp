// rewrite: mode rewrite, which runs the safe form of a violation in its place.
//
// Reads the catalogs. Takes the locks of the commands that it runs, each in a transaction of its
// own.
#pragma once

#include "catalog/judgment.hpp"
#include "execute/concurrent_build.hpp"

namespace psi
{

// Runs the safe form of what the client has sent, with a NOTICE that says so. Returns false, with
// nothing done, if no safe form can be run here as a whole; then the command is to be refused.
//
// Raises what the commands raise. After an error, whatever is left is taken up by a second attempt.
// Nothing is left of an index on a plain table: what a failed build leaves is dropped, whatever the
// options say, as the plain command would have left nothing.
//
// Ends the transaction that it is called in and begins others, the last one without a snapshot. The
// caller's memory context has to survive that, and so does everything that the caller still needs:
// PortalContext or a child of it.
bool Rewrite(const psi_call &call, const Judgments &judgments, const StatementText &statement,
			 const Settings &settings, const BuildOptions &options);

} // namespace psi
