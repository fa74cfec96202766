// recheck: called for each index that the command creates.
#include "execute/recheck.hpp"

#include "catalog/index_creation.hpp"
#include "message/violation_message.hpp"

namespace psi
{

namespace
{

struct UnbuiltCommand
{
	const psi_call &call;
	const Request &request;
	const Settings &settings;
	Oid user; // who sent it
};

// An IndexListener.
void CheckAgain(Oid, Oid table, void *argument)
{
	const auto &command = *static_cast<const UnbuiltCommand *>(argument);
	const auto row = ReadClass(table);
	if (!row.has_value() || (row->kind != RELKIND_RELATION && row->kind != RELKIND_MATVIEW) ||
		row->is_system || row->persistence == RELPERSISTENCE_TEMP || IsCreatedHere(table))
		return;
	const auto size = MainForkSize(table);
	if (size.has_value() && *size < command.settings.min_table_size)
		return;
	// DefineIndex() has switched to the owner of the table. The report names the user who sent the
	// command. After an error the abort of the transaction restores the user.
	Oid owner = InvalidOid;
	int context = 0;
	GetUserIdAndSecContext(&owner, &context);
	SetUserIdAndSecContext(command.user, context);
	ReportLate(command.request, *row, size, TextOf(*command.call.statement, command.call.query),
			   command.settings);
	SetUserIdAndSecContext(owner, context);
}

} // namespace

std::optional<Request> FindUnbuilt(const Judgments &judgments)
{
	for (const Judgment &judgment : judgments)
	{
		const Operation operation = judgment.request.operation;
		const bool has_nothing_to_build =
			judgment.verdict.reason == Reason::no_build &&
			(operation == Operation::create_index || operation == Operation::add_constraint ||
			 operation == Operation::attach_partition);
		const bool name_is_taken =
			judgment.verdict.reason == Reason::missing && operation == Operation::add_constraint;
		// Other subcommands of ALTER TABLE may build indexes as well, which would be taken for
		// those of this request.
		if (judgment.request.IsAlone() && (has_nothing_to_build || name_is_taken))
			return judgment.request;
	}
	return std::nullopt;
}

void RunUnbuilt(const psi_call &call, const Request &request, const Settings &settings)
{
	UnbuiltCommand command{call, request, settings, GetUserId()};
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
