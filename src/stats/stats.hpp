// stats: what was checked and what came of it, in shared memory.
//
// A refused command leaves nothing in a table, since its transaction is rolled back; so the
// counters and the record of violations live in shared memory. They are there only if the library
// is in shared_preload_libraries; without it all of this does nothing.
#pragma once

#include "catalog/judgment.hpp"
#include "stats/stats_face.h"

namespace psi
{

// The most overridden violations that a session puts on record.
constexpr int overrides_max = 128;

// Counts. Takes no lock: the counters are atomic.
void CountChecked(Operation operation, Action action);
void CountFailedBuild(Operation operation);

// Records the first violation of a statement: who, when, on what, and the text. `index` may be
// null: PostgreSQL chooses the name. Of overridden violations, a session records one for each table
// and operation, and no more than overrides_max: a restore is not to push everything else out.
// Takes an LWLock for as long as it copies one row. Raises nothing but out of memory.
void RecordViolation(const Judgment &judgment, const char *index, Mode mode, Action action,
					 const char *text);

} // namespace psi
