// remedy_rest: what an ALTER TABLE or ALTER INDEX does beside the violations in it, as steps.
// For this folder only.
//
// Reads the user's own text, the parse tree and the system caches, and scans pg_index if the
// command drops something. Takes no lock on a table. Raises nothing but out of memory.
#pragma once

#include "plan/alter_text.hpp"
#include "plan/remedy_internal.hpp"

namespace psi
{

// The rest of a command. Three parts of it have places of their own among the steps:
// - Constraints whose index a new one replaces are dropped in the same command that adds the new
//   one, so that there is no moment without a key, and the new one can have the name of the old.
// - CHECK and FOREIGN KEY are added NOT VALID, and validated in a step that blocks nobody.
// - Foreign keys come last: they may refer to a constraint that the command adds.
class Rest
{
  public:
	// The text of the statement and the judgments must outlive it. There is at least one judgment.
	Rest(const Judgments &judged, const StatementText &text);

	// Names that the steps give.
	GivenNames given;

	// The steps before the builds. Returns false if the text cannot serve for it.
	bool Append(Steps &steps);

	// Are there drops that wait for the new indexes?
	bool HasDrops() const
	{
		return !deferred.IsEmpty();
	}
	// Is a constraint dropped before the indexes are built?
	bool DropsFirst() const
	{
		return !freed.IsEmpty() && deferred.IsEmpty();
	}
	// The name of the constraint if it is given, or if it is that of one which is dropped; null if
	// PostgreSQL chooses another one.
	const char *NameAfterDrops(const IndexPlan &plan) const;
	// With drops: builds the index for a constraint, or uses one that the subcommand names.
	void Build(Steps &steps, const IndexPlan &plan);
	void Use(int subcommand);
	// The drops, and the constraints on the indexes that have been built.
	void AppendDrops(Steps &steps) const;

	// The foreign keys. Sets the remark if they cannot be added safely. Returns false if the text
	// cannot serve for it.
	bool AppendForeignKeys(Steps &steps, const char *&remark);

  private:
	// What becomes of a subcommand.
	struct Part
	{
		bool taken = false; // it has another place among the steps
		const ColumnDef *column =
			nullptr; // it adds this column, which has constraints with indexes
	};

	void Take(Part &part);
	void FindDropped(const AlterTableCmd &command);
	void DeferDrops(const AlterSummary &summary);
	bool IsReadable();
	const char *Head() const;
	const char *TextOf(int subcommand) const;
	const char *Unchecked(int subcommand, const Constraint &constraint, const char **name);
	void AppendValidate(StringInfo out, const char *name) const;
	const Judgments &judgments;
	const StatementText &statement;
	const AlterTableStmt &alter;
	const Target &target;
	AlterText text;
	Array<Part> parts;
	int left = 0; // parts that are not taken
	Array<int> deferred;
	Array<int> foreign_keys;
	Array<const char *> freed; // names of the constraints with an index that are dropped
	List *additions = NIL;     // char *: what is added together with the drops
};

} // namespace psi
