// remedy_rest: what an ALTER TABLE or ALTER INDEX does beside the violations in it, as steps.
// For this folder only.
//
// Reads the user's own text, the parse tree and the system caches, and scans pg_index if the
// command drops something. Takes no lock on a table. Raises nothing but out of memory.
#pragma once

#include "pg/hash.hpp"
#include "plan/alter_text.hpp"
#include "plan/remedy_internal.hpp"

namespace psi
{

// The rest of a command. These parts of it have places of their own among the steps:
// - Constraints whose index a new one replaces are dropped in the same command that adds the new
//   one, so that there is no moment without a key, and the new one can have the name of the old.
//   What PostgreSQL allows only after the drop is in that command, too.
// - CHECK and FOREIGN KEY are added NOT VALID, and validated in a step that blocks nobody.
// - SET NOT NULL is left to the caller, unless there is nothing to scan.
// - What may refer to a constraint that the command adds comes after it.
class Rest
{
  public:
	// The text of the statement and the judgments must outlive it. There is at least one judgment.
	Rest(const Judgments &judged, const StatementText &text);

	// Names that the steps give.
	GivenNames given;

	// Why there are no steps for the command, as a remark; null if there are.
	const char *Obstacle() const;

	// The steps before the builds. Returns false if the text cannot serve for it.
	bool Append(Steps &steps);

	// The columns (char *) of SET NOT NULL which PostgreSQL would scan for nulls, without those
	// that a judgment names.
	const List *NotNull() const
	{
		return set_not_null;
	}

	// Are there drops that wait for the new indexes?
	bool HasDrops() const
	{
		return defers;
	}
	// Is a constraint dropped before the indexes are built?
	bool DropsFirst() const
	{
		return !freed.IsEmpty() && !defers;
	}
	// The name of the constraint if it is given, or if it is that of one which is dropped; null if
	// PostgreSQL chooses another one.
	const char *NameAfterDrops(const IndexPlan &plan) const;
	// With drops: builds the index for a constraint, or uses one that the subcommand names.
	void Build(Steps &steps, const IndexPlan &plan);
	void Use(int subcommand);
	// The drops, and the constraints on the indexes that have been built.
	void AppendDrops(Steps &steps) const;
	// What has to come after them.
	void AppendLast(Steps &steps);

	// The foreign keys. Sets the remark if they cannot be added safely. Returns false if the text
	// cannot serve for it.
	bool AppendForeignKeys(Steps &steps, const char *&remark);

  private:
	// Where a subcommand goes.
	enum class Place
	{
		first,      // before the builds
		elsewhere,  // not here: it is a violation, or the caller has other steps for it
		with_drops, // into the command that drops what has been replaced
		last,       // after the constraints on the indexes that have been built
		validation, // after that, by itself: it blocks nobody
		foreign_key // at the end, without a check of the rows, and validated then
	};

	struct Part
	{
		Place place = Place::first;
		const ColumnDef *column =
			nullptr; // it adds this column, which has constraints with indexes
	};

	// The constraint if the subcommand adds one for which PostgreSQL reads the whole table under
	// ACCESS EXCLUSIVE: CHECK or FOREIGN KEY, unless the command says otherwise. Null if not.
	static const Constraint *CheckedConstraint(const AlterTableCmd &command);
	const AlterTableCmd &CommandAt(int i) const;
	void Take(Part &part);
	void NoteViolation(const Judgment &judgment);
	void FindDropped(const AlterTableCmd &command);
	void DeferDrops(const AlterSummary &summary);
	void TakeNotNull(const AlterSummary &summary);
	Place PlaceOf(const AlterTableCmd &command) const;
	bool RefersToNewKey(const ColumnDef &column) const;
	bool IsReadable();
	const char *Head() const;
	const char *TextOf(int subcommand) const;
	const char *TextFor(int subcommand, List *&to_validate);
	const char *Unchecked(int subcommand, const Constraint &constraint, const char **name);
	void AppendValidate(StringInfo out, const char *name) const;
	const Judgments &judgments;
	const StatementText &statement;
	const AlterTableStmt &alter;
	const Target &target;
	AlterText text;
	Array<Part> parts;
	int left = 0;        // parts that are not elsewhere
	bool defers = false; // drops wait for the new indexes
	Array<int> last;
	Array<int> validations;
	Array<int> foreign_keys;
	Array<const char *> freed; // names of the constraints with an index that are dropped
	NameSet freed_names;       // the same
	NameSet not_null;          // columns that become NOT NULL in steps of their own
	List *set_not_null = NIL;
	NameSet new_keys; // columns that are by themselves a constraint with an index that is added
	bool adds_primary_key = false;
	List *with_drops = NIL;           // char *: what is in one command with the drops
	List *validated_with_drops = NIL; // char *: constraints that are to be validated after it
};

} // namespace psi
