// recheck: called for each index that the command creates.
#include "execute/recheck.hpp"

#include "catalog/citus.hpp"
#include "catalog/index_creation.hpp"
#include "message/violation_message.hpp"

namespace psi
{

namespace
{

struct PassedCommand
{
	const psi_call &call;
	const Request &request;
	const Settings &settings;
	Oid user; // who sent it
};

// An IndexListener. The verdict comes from the policy, on what is there now.
void CheckAgain(Oid, Oid table, bool is_internal, void *argument)
{
	const auto &command = *static_cast<const PassedCommand *>(argument);
	const auto row = ReadClass(table);
	// ALTER TABLE rebuilds indexes after a change of type.
	const bool is_rebuilt = is_internal && command.request.operation != Operation::attach_partition;
	if (is_rebuilt || !row.has_value() ||
		(row->kind != RELKIND_RELATION && row->kind != RELKIND_MATVIEW) || row->is_system)
		return;
	TableFacts facts;
	facts.resolves = !IsLeftToCitus(table);
	facts.permitted = true;
	facts.temporary = row->persistence == RELPERSISTENCE_TEMP;
	facts.created = IsCreatedHere(table);
	facts.size = MainForkSize(table);
	if (!Judge(command.request.operation, false, facts, command.settings).IsViolation())
		return;
	// DefineIndex() has switched to the owner of the table. The report names the user who sent the
	// command. After an error the abort of the transaction restores the user.
	Oid owner = InvalidOid;
	int context = 0;
	GetUserIdAndSecContext(&owner, &context);
	SetUserIdAndSecContext(command.user, context);
	ReportLate(command.request, *row, facts.size,
			   TextOf(*command.call.statement, command.call.query), command.settings);
	SetUserIdAndSecContext(owner, context);
}

} // namespace

std::optional<Request> FindPassed(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		const Operation operation = judgment.request.operation;
		const Reason reason = judgment.verdict.reason;
		if (reason != Reason::not_asked && reason != Reason::concurrent &&
			(operation == Operation::create_index || operation == Operation::add_constraint ||
			 operation == Operation::attach_partition))
			return judgment.request;
	}
	return std::nullopt;
}

void RunAndRecheck(const psi_call &call, const Request &request, const Settings &settings)
{
	PassedCommand command{call, request, settings, GetUserId()};
	const IndexListener outer = ListenToIndexes({CheckAgain, &command});
	PG_TRY();
	{
		call.go_on(&call);
	}
	PG_FINALLY();
	{
		ListenToIndexes(outer);
	}
	PG_END_TRY();
}

} // namespace psi
