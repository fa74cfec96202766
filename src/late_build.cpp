// late_build: told of each index, before it is built.
#include "late_build.hpp"

#include "new_index.hpp"
#include "report.hpp"

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
