// remedy_drop: DROP INDEX. DROP INDEX CONCURRENTLY takes one name and no CASCADE.
#include "plan/remedy_internal.hpp"

#include "catalog/index.hpp"
#include "pg/hash.hpp"
#include "plan/command_text.hpp"

namespace psi
{

namespace
{

HTAB *MakeOidSet()
{
	return MakeHash<Oid>("pg_safe_index indexes");
}

// Returns false if the set had it already.
bool AddOid(HTAB *set, Oid oid)
{
	bool found = false;
	hash_search(set, &oid, HASH_ENTER, &found);
	return !found;
}

bool IsPartitioned(const Judgment &judgment)
{
	return judgment.target.facts.kind == TableKind::partitioned_table;
}

const char *IfExists(const Judgment &judgment)
{
	return judgment.request.missing_ok ? "IF EXISTS " : "";
}

// The drop of an index that exists.
void AppendDrop(Steps &steps, const Judgment &judgment)
{
	const Target &target = judgment.target;
	if (IsPartitioned(judgment))
		appendStringInfo(steps.Violate({AccessExclusiveLock, target.table, LockedPart::tree}),
						 "DROP INDEX %s%s;", IfExists(judgment), target.index.Quoted());
	else
		appendStringInfo(steps.Build(), "DROP INDEX CONCURRENTLY %s%s;", IfExists(judgment),
						 target.index.Quoted());
}

// Will PostgreSQL refuse the command for one of the names? An index that is attached to a
// partitioned index can only be dropped together with that one.
bool IsRefused(const Judgments &judgments)
{
	if (judgments.items[judgments.count - 1].target.ends_command)
		return true;
	HTAB *partitioned = MakeOidSet();
	for (const Judgment &judgment : judgments)
	{
		if (IsPartitioned(judgment))
			AddOid(partitioned, judgment.target.index_id);
	}
	const auto is_dropped_with_parent = [partitioned](Oid index)
	{
		while (OidIsValid(index) && hash_search(partitioned, &index, HASH_FIND, nullptr) == nullptr)
			index = get_rel_relispartition(index) ? get_partition_parent(index, true) : InvalidOid;
		return OidIsValid(index);
	};
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (judgment.target.refused && !is_dropped_with_parent(judgment.target.index_id))
			return true;
	}
	return false;
}

// Adds one command for each index, up to `most` of them. Returns whether there are more.
bool AppendDrops(Steps &steps, const Judgments &judgments, int most)
{
	HTAB *named = MakeOidSet();
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		const Target &target = judgment.target;
		if (target.index.name == nullptr || !AddOid(named, target.index_id))
			continue;
		if (steps.Count() == most)
			return true;
		AppendDrop(steps, judgment);
	}
	return false;
}

// DROP ... CASCADE: the indexes first, concurrently; then the command, which is a violation again
// if it still has indexes to drop.
Remedy ForDropCascade(const Judgment &judgment, const StatementText &statement, int most)
{
	Steps steps;
	bool more = false;
	bool has_dependent = false;
	for (const CascadedIndex &cascaded : judgment.target.cascaded)
	{
		CHECK_FOR_INTERRUPTS();
		// One that cannot be dropped by itself.
		if (cascaded.index.is_partition || OidIsValid(get_index_constraint(cascaded.index.id)))
			has_dependent = true;
		else if (steps.Count() < most)
			appendStringInfo(steps.Build(), "DROP INDEX CONCURRENTLY %s;",
							 NameOf(cascaded.index).Quoted());
		else
			more = true;
	}
	const char *note =
		has_dependent
			? "Indexes of constraints and of partitioned indexes cannot be dropped concurrently: the last command still drops them."
			: nullptr;
	const char *command = CommandIn(statement, "drop");
	if (command == nullptr)
		return {steps.All(), "Then run the command itself.", note, more};
	const StepLock lock{AccessExclusiveLock, judgment.target.table};
	appendStringInfo(has_dependent ? steps.Violate(lock) : steps.Finish(lock), "%s;", command);
	return {steps.All(), nullptr, note, more};
}

} // namespace

void LeaveOutForbidden(Remedy &remedy, const Judgments &judgments, const Settings &settings)
{
	if (judgments.FirstViolation().request.drop == nullptr || remedy.steps.IsEmpty() ||
		!remedy.steps.Last().violates || ModeForViolation(settings) != Mode::rewrite)
		return;
	remedy.steps.Truncate(remedy.steps.Count() - 1);
	remedy.remark =
		"The command itself still drops indexes that cannot be dropped concurrently, and pg_safe_index.minimum_mode forbids that.";
	remedy.note = nullptr;
}

bool HaveDependents(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(judgment.target.index_id) && HasDependents(judgment.target.index_id))
			return true;
	}
	return false;
}

Remedy ForDropIndex(const Judgments &judgments, const StatementText &statement, int most)
{
	if (judgments.FirstViolation().request.drop != nullptr)
		return ForDropCascade(judgments.FirstViolation(), statement, most);
	if (IsRefused(judgments))
		return NoSteps("PostgreSQL will refuse the command for another name in it.");

	Steps steps;
	bool more = false;
	const Judgment &first = judgments.items[0];
	const CommandText command = FindCommand(statement, Operation::drop_index);
	if (judgments.count == 1 && !first.request.cascade && !IsPartitioned(first) && command.found)
		AppendWithConcurrently(steps.Build(), command);
	else
		more = AppendDrops(steps, judgments, most);
	const char *remark =
		first.request.cascade && HaveDependents(judgments)
			? "CONCURRENTLY does not take CASCADE: drop first what depends on the index."
			: nullptr;
	const char *note =
		steps.Violates()
			? "PostgreSQL cannot drop a partitioned index concurrently. If the command does not get its lock in time, send it again."
			: nullptr;
	return {steps.All(), remark, note, more};
}

Array<Step> StepsToDrop(const Judgments &judgments)
{
	Steps steps;
	HTAB *named = MakeOidSet();
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		const Target &target = judgment.target;
		if (target.index.name == nullptr)
			// Only PostgreSQL's NOTICE comes of it.
			appendStringInfo(steps.Build(), "DROP INDEX %s%s;", IfExists(judgment),
							 NameListToQuotedString(judgment.request.dropped));
		else if (AddOid(named, target.index_id))
			AppendDrop(steps, judgment);
	}
	return steps.All();
}

} // namespace psi
