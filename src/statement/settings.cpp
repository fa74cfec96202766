// settings: read for every statement, since all of them can change between two.
#include "statement/settings.hpp"

#include "statement/statement_face.h"

#include "statement/name_list.hpp"
#include "pg/postgres.hpp"

namespace psi
{

static_assert(static_cast<int>(Mode::off) == PSI_MODE_OFF);
static_assert(static_cast<int>(Mode::warn) == PSI_MODE_WARN);
static_assert(static_cast<int>(Mode::error) == PSI_MODE_ERROR);
static_assert(static_cast<int>(Mode::rewrite) == PSI_MODE_REWRITE);

namespace
{

bool IsExemptApplication(const char *exempt_names)
{
	return exempt_names[0] != '\0' && application_name != nullptr &&
		   MatchesNameList(exempt_names, application_name);
}

} // namespace

Settings SettingsInForce(const psi_settings &settings, const Node &statement)
{
	const bool never_checked = IsBinaryUpgrade || !IsUnderPostmaster || creating_extension;
	// PreventCommandIfReadOnly() comes first in standard_ProcessUtility(), before any lock. On a
	// standby every transaction is read-only, and REINDEX is refused as well.
	const bool refused_anyway =
		XactReadOnly && (nodeTag(&statement) != T_ReindexStmt || RecoveryInProgress());

	return {static_cast<Mode>(settings.mode),
			static_cast<Mode>(settings.minimum_mode),
			static_cast<std::int64_t>(settings.min_table_size) * 1024,
			settings.checked_operations,
			never_checked || refused_anyway || IsExemptApplication(settings.exempt_names),
			settings.mode_is_override,
			settings.help};
}

bool InTransactionBlock(int context)
{
	return IsInTransactionBlock(context == PROCESS_UTILITY_TOPLEVEL);
}

} // namespace psi

extern "C" bool psi_floor_is_lost(void)
{
	constexpr const char *floor = "pg_safe_index.minimum_mode";
	if (process_shared_preload_libraries_in_progress ||
		psi::SourceOfParameter(floor) < PGC_S_CLIENT)
		return false;
	// Libraries are loaded within a transaction, but for the postmaster's.
	return !IsTransactionState() ||
		   pg_parameter_aclcheck(floor, GetUserId(), ACL_SET) != ACLCHECK_OK;
}

extern "C" bool psi_is_override(int source)
{
	// Above it: ALTER ROLE ALL, ALTER DATABASE, ALTER ROLE, the client, SET, and a function's SET.
	return source > PGC_S_ARGV;
}

extern "C" bool psi_parse_operations(const char *list, unsigned *operations, const char **unknown,
									 int *length)
{
	std::string_view name;
	const bool good =
		psi::ReadNameSet(list, psi::operation_names, psi::operation_count, *operations, name);
	if (!good && !name.empty())
	{
		*unknown = name.data();
		*length = static_cast<int>(name.size());
	}
	return good;
}

extern "C" size_t psi_parsed_size(const char *list)
{
	return psi::ParsedSize(list);
}

extern "C" bool psi_is_name_list(const char *list)
{
	return psi::IsNameList(list);
}

extern "C" void psi_parse_name_list(const char *list, char *parsed)
{
	psi::ParseNameList(list, parsed);
}

extern "C" void *psi_allocate_extra(size_t size)
{
	return psi::AllocateGucExtra(size);
}

extern "C" const char *psi_operation_names(void)
{
	// In step with psi::operation_names, as the setting's default shows: it is checked, too.
	return "create_index, drop_index, reindex, add_constraint, attach_partition, move_index";
}
