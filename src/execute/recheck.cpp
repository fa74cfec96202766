// late_build: told of each index, before it is built.
#include "execute/recheck.hpp"

#include "catalog/index_creation.hpp"
#include "message/violation_message.hpp"

namespace psi
{

namespace
{

struct Unbuilt
{
	const psi_call &call;
	const Request &request;
	const Settings &settings;
	Oid user;
};

void LookAgain(Oid, Oid table, void *argument)
{
	const auto &unbuilt = *static_cast<const Unbuilt *>(argument);
	const auto row = ReadClass(table);
	if (!row.has_value() || (row->kind != RELKIND_RELATION && row->kind != RELKIND_MATVIEW) ||
		row->is_system || row->persistence == RELPERSISTENCE_TEMP || IsCreatedHere(table))
		return;
	const auto size = MainForkSize(table);
	if (size.has_value() && *size < unbuilt.settings.min_table_size)
		return;
	// DefineIndex() goes on as the owner of the table. It was not the owner who sent the command.
	// After an error the transaction puts the user back.
	Oid owner = InvalidOid;
	int context = 0;
	GetUserIdAndSecContext(&owner, &context);
	SetUserIdAndSecContext(unbuilt.user, context);
	ReportLate(unbuilt.request, *row, size, TextOf(*unbuilt.call.statement, unbuilt.call.query),
			   unbuilt.settings);
	SetUserIdAndSecContext(owner, context);
}

} // namespace

std::optional<Request> FindUnbuilt(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		const Operation operation = judgment.request.operation;
		// Another subcommand of ALTER TABLE may build indexes as well, which are none of ours.
		const bool is_alone =
			judgment.request.alter == nullptr ||
			(list_length(judgment.request.alter->cmds) == 1 && judgment.request.column == nullptr);
		const bool unbuilt =
			judgment.verdict.reason == Reason::no_build &&
			(operation == Operation::create_index || operation == Operation::add_constraint ||
			 operation == Operation::attach_partition);
		const bool taken =
			judgment.verdict.reason == Reason::missing && operation == Operation::add_constraint;
		if (is_alone && (unbuilt || taken))
			return judgment.request;
	}
	return std::nullopt;
}

void RunUnbuilt(const psi_call &call, const Request &request, const Settings &settings)
{
	Unbuilt unbuilt{call, request, settings, GetUserId()};
	const IndexListener before = ListenToIndexes({LookAgain, &unbuilt});
	PG_TRY();
	{
		call.go_on(&call);
	}
	PG_FINALLY();
	{
		ListenToIndexes(before);
	}
	PG_END_TRY();
}

} // namespace psi
