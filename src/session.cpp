// session: what holds for the session, asked anew for every statement, since all of it can change.
#include "session.hpp"

#include "name_list.hpp"
#include "postgres.hpp"

namespace psi
{

static_assert(static_cast<int>(Mode::off) == PSI_MODE_OFF);
static_assert(static_cast<int>(Mode::warn) == PSI_MODE_WARN);
static_assert(static_cast<int>(Mode::error) == PSI_MODE_ERROR);

namespace
{

bool ApplicationIsExempt(const char *applications)
{
	return applications != nullptr && applications[0] != '\0' && application_name != nullptr &&
		   NameListMatches(applications, application_name);
}

} // namespace

Settings SettingsInForce(const psi_settings &settings)
{
	const bool not_ours = IsBinaryUpgrade || !IsUnderPostmaster || creating_extension;
	// PreventCommandIfReadOnly() and PreventCommandDuringRecovery() come first in
	// standard_ProcessUtility(), before any lock.
	const bool refused_anyway = XactReadOnly || RecoveryInProgress();

	return {static_cast<Mode>(settings.mode), static_cast<Mode>(settings.minimum_mode),
			static_cast<std::int64_t>(settings.min_table_size) * 1024,
			not_ours || refused_anyway || ApplicationIsExempt(settings.exempt_applications)};
}

bool InTransactionBlock(int context)
{
	return IsInTransactionBlock(context == PROCESS_UTILITY_TOPLEVEL);
}

} // namespace psi

extern "C" bool psi_is_name_list(const char *list)
{
	return psi::IsNameList(list);
}
