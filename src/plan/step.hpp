// step: one command of a safe form, with the locks behind which other sessions would queue.
//
// Reads no catalogs and takes no locks. Raises nothing but out of memory.
#pragma once

#include "catalog/relation.hpp"
#include "pg/array.hpp"
#include "policy/policy.hpp"

namespace psi
{

// What a lock of a step is on.
enum class LockedPart
{
	relation,
	table,      // that of the relation, which is an index
	tree,       // the relation and its partitions, in the order of find_all_inheritors()
	referenced, // the tables to which foreign keys of the relation point, with their partitions
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
	// It is a violation itself, since PostgreSQL has nothing safer, and needs mode off. The limit
	// of its wait is what makes it bearable.
	bool violates = false;
	// The command that undoes it if a later step fails; null: what is done stays.
	const char *undo = nullptr;

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
	StringInfo FinishWithoutLock();
	// A command that is a violation itself.
	StringInfo Violate(const StepLock &lock);
	// The command undoes what has been prepared last, if a later one fails.
	void UndoPrepared(const char *command);
	// Adds a lock to the command that was started last in that part.
	void FinishLocksAlso(const StepLock &lock);

	// All of them. Allocates.
	Array<Step> All() const;

	// Is one of them a violation itself?
	bool Violates() const;

	int Count() const
	{
		return preparations.Count() + builds.Count() + finishes.Count();
	}

  private:
	Array<Step> preparations;
	Array<Step> builds;
	Array<Step> finishes;
};

// What a user sets to send the commands.
struct CommandSettings
{
	int lock_timeout = 0; // ms: the limit of the waits for which others would queue; 0: none
	// The mode that lets a violation run. Mode rewrite limits its wait itself; any other is set
	// within a transaction of its own.
	Mode violation_mode = Mode::off;
};

// The violation_mode under the settings. Where neither mode off nor warn is to be had, mode rewrite
// runs what PostgreSQL has nothing safer for.
constexpr Mode ModeForViolation(const Settings &settings)
{
	return settings.minimum_mode > Mode::warn ? Mode::rewrite : settings.minimum_mode;
}

// The commands as a user would send them, char *, each with its semicolon: with SET lock_timeout
// before those whose wait is to be bounded, and RESET lock_timeout after them. Allocates.
List *AsCommands(const Array<Step> &steps, const CommandSettings &settings);

// The texts of the steps alone, char *. Allocates.
List *TextsOf(const Array<Step> &steps);

// As the value of a setting is shown. Allocates.
const char *DurationText(int milliseconds);

// The commands, one a line. Allocates.
const char *AsLines(const List *commands);

} // namespace psi
