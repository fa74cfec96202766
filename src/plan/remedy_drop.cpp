// remedy_drop: DROP INDEX. DROP INDEX CONCURRENTLY takes one name and no CASCADE.
#include "plan/remedy_internal.hpp"

#include "pg/hash.hpp"
#include "pg/scanner.hpp"
#include "plan/command_text.hpp"

namespace psi
{

namespace
{

constexpr const char *no_concurrent_drop =
	"PostgreSQL has no concurrent form for a partitioned index. Keep the wait for the lock short, and try again when it fails: SET lock_timeout = '2s'.";

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

// Adds one command for each index that can be dropped concurrently, up to `most`. Returns how many
// more there are.
int AddDrops(Steps &steps, const Judgments &judgments, int most)
{
	HTAB *named = MakeOidSet();
	int rest = 0;
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		const Target &target = judgment.target;
		if (target.index.name == nullptr || IsPartitioned(judgment) ||
			!AddOid(named, target.index_id))
			continue;
		if (steps.BuildCount() < most)
			appendStringInfo(steps.Build(), "DROP INDEX CONCURRENTLY %s%s;",
							 judgment.request.missing_ok ? "IF EXISTS " : "",
							 target.index.Quoted());
		else
			++rest;
	}
	return rest;
}

// Adds the user's command as it is, without comments around it.
bool AddCommand(Steps &steps, const RelationName &table, const StatementText &statement)
{
	int begin = 0;
	int end = 0;
	const auto walk = [&]
	{
		Tokens tokens(statement.text);
		begin = tokens.Location();
		for (; !tokens.AtEnd() && !tokens.Is(';'); tokens.Next())
			CHECK_FOR_INTERRUPTS();
		end = tokens.PreviousEnd();
	};
	if (!ScannerAccepts(walk) || end <= begin)
		return false;
	appendStringInfo(steps.Finish({AccessExclusiveLock, table}), "%.*s;", end - begin,
					 statement.text + begin);
	return true;
}

// DROP ... CASCADE: the indexes first, concurrently; then the command.
Remedy ForDropCascade(const Judgment &judgment, const StatementText &statement, int most)
{
	Steps steps;
	int rest = 0;
	bool has_dependent = false;
	for (const CascadedIndex &cascaded : judgment.target.cascaded)
	{
		CHECK_FOR_INTERRUPTS();
		// One that cannot be dropped by itself.
		if (cascaded.index.is_partition || OidIsValid(get_index_constraint(cascaded.index.id)))
			has_dependent = true;
		else if (steps.BuildCount() < most)
			appendStringInfo(steps.Build(), "DROP INDEX CONCURRENTLY %s;",
							 NameOf(cascaded.index).Quoted());
		else
			++rest;
	}
	const bool complete = AddCommand(steps, judgment.target.table, statement) && rest == 0;
	const char *remark = complete
							 ? nullptr
							 : psprintf("Before the last command, do the same for %d more index%s.",
										rest, rest == 1 ? "" : "es");
	const char *of_dependent =
		has_dependent
			? "Indexes of constraints and of partitioned indexes cannot be dropped concurrently: the last command still drops them."
			: nullptr;
	return {steps.All(), JoinRemarks(remark, of_dependent)};
}

} // namespace

Remedy ForDropIndex(const Judgments &judgments, const StatementText &statement, int most)
{
	if (judgments.FirstViolation().request.drop != nullptr)
		return ForDropCascade(judgments.FirstViolation(), statement, most);
	Steps steps;
	bool partitioned = false;
	bool partitioned_only = true;
	for (const Judgment &judgment : judgments)
	{
		if (IsPartitioned(judgment))
			partitioned = true;
		else if (judgment.verdict.IsViolation())
			partitioned_only = false;
	}
	if (partitioned_only)
		return NoSteps(no_concurrent_drop);
	bool refused = judgments.items[judgments.count - 1].target.ends_command;
	for (const Judgment &judgment : judgments)
		refused = refused || (judgment.target.refused && !partitioned);
	if (refused)
		return NoSteps("PostgreSQL will refuse the command for another name in it.");

	const CommandText command = FindCommand(statement, Operation::drop_index);
	const Request &first = judgments.items[0].request;
	int rest = 0;
	if (judgments.count == 1 && !first.cascade && command.found)
		AppendWithConcurrently(steps.Build(), command);
	else
		rest = AddDrops(steps, judgments, most);

	const char *remark = nullptr;
	if (first.cascade)
		remark = "CONCURRENTLY does not take CASCADE: drop first what depends on the index.";
	else if (partitioned)
		remark = no_concurrent_drop;
	return {steps.All(), JoinRemarks(RestOf(rest, "index", "indexes"), remark)};
}

Array<Step> StepsToDrop(const Judgments &judgments)
{
	Steps steps;
	HTAB *named = MakeOidSet();
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		const Target &target = judgment.target;
		const char *if_exists = judgment.request.missing_ok ? "IF EXISTS " : "";
		if (target.index.name == nullptr)
			// Only PostgreSQL's NOTICE comes of it.
			appendStringInfo(steps.Build(), "DROP INDEX %s%s;", if_exists,
							 NameListToQuotedString(judgment.request.dropped));
		else if (!AddOid(named, target.index_id))
			continue;
		else if (IsPartitioned(judgment))
			appendStringInfo(steps.Finish({AccessExclusiveLock, target.table, LockedPart::tree}),
							 "DROP INDEX %s%s;", if_exists, target.index.Quoted());
		else
			appendStringInfo(steps.Build(), "DROP INDEX CONCURRENTLY %s%s;", if_exists,
							 target.index.Quoted());
	}
	return steps.All();
}

} // namespace psi
