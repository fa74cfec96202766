// step: one command of a safe form, with the locks behind which other sessions would queue.
//
// Reads no catalogs and takes no locks. Raises nothing but out of memory.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"

namespace psi
{

// What a lock of a step is on.
enum class LockedPart
{
	relation,
	tree,             // the relation and its partitions, in the order of find_all_inheritors()
	default_partition // of the relation, if it has one, and the partitions of that
};

// A lock that a step waits for.
struct StepLock
{
	LOCKMODE mode = NoLock;
	RelationName relation;
	LockedPart part = LockedPart::relation;
};

// One command. Its wait for a lock has to be short if it has locks: other sessions queue behind it.
// CREATE INDEX CONCURRENTLY and the like, and VALIDATE CONSTRAINT, have none: they block neither
// reads nor writes, also while they wait.
struct Step
{
	StringInfo text = nullptr; // with its semicolon
	Array<StepLock> locks;     // in the order in which PostgreSQL takes them

	bool IsBounded() const
	{
		return !locks.IsEmpty();
	}
};

// The steps of a safe form in the making, in the order in which they are to be sent: what prepares
// the builds, the builds, and what finishes them. A user sets lock_timeout for the first and the
// last, and it must not apply to a concurrent command: that would leave an invalid index.
class Steps
{
  public:
	// Each starts the next command of its part, which is empty.
	StringInfo Prepare(const StepLock &lock);
	StringInfo PrepareWithoutLock();
	StringInfo Build();
	StringInfo Finish(const StepLock &lock);
	// Adds a lock to the command that was started last in that part.
	void FinishLocksAlso(const StepLock &lock);

	// All of them. Allocates.
	Array<Step> All() const;

	int BuildCount() const
	{
		return builds.Count();
	}

  private:
	Array<Step> preparations;
	Array<Step> builds;
	Array<Step> finishes;
};

// The commands as a user would send them, char *, each with its semicolon: with SET
// lock_timeout before those whose wait is to be bounded, and RESET lock_timeout after them.
// `lock_timeout` (ms) is what is set; 0: nothing. Allocates.
List *AsCommands(const Array<Step> &steps, int lock_timeout);

// The commands, one a line. Allocates.
const char *AsLines(const List *commands);

} // namespace psi
