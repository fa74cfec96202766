// override: SET LOCAL pg_safe_index.mode, in a transaction around the command.
#include "message/override.hpp"

#include "plan/alter_text.hpp"
#include "plan/command_text.hpp"
#include "plan/step.hpp"

namespace psi
{

namespace
{

// A longer command (characters) is not repeated in the hint.
constexpr int repeated_length_max = 200;

// Is the statement's text that of the request? A module that executes commands of its own may pass
// another one, and CREATE SCHEMA passes its own for the commands in it.
bool IsTextOf(const Request &request, const StatementText &statement)
{
	if (request.drop != nullptr)
		return true;
	if (request.alter != nullptr)
		return FindAlterTable(statement, list_length(request.alter->cmds)).found;
	if (request.move_all != nullptr)
		return true;
	return FindCommand(statement, request.operation).found;
}

const char *FirstWord(const Request &request)
{
	switch (request.operation)
	{
	case Operation::create_index:
		return "create";
	case Operation::drop_index:
		return "drop";
	case Operation::reindex:
		return "reindex";
	default:
		return "alter";
	}
}

// What has to be set for the command, as commands. `local`: until the transaction ends.
const char *SettingsFor(const OverriddenCommand &command, Mode mode, bool local)
{
	const char *set = local ? "SET LOCAL" : "SET";
	const char *timeout = command.lock_timeout > 0 ? psprintf("%s lock_timeout = '%s'; ", set,
															  DurationText(command.lock_timeout))
												   : "";
	return psprintf("%s%s pg_safe_index.mode = %s;", timeout, set, NameOf(mode));
}

const char *AloneLine(const char *purpose, const OverriddenCommand &command, Mode mode)
{
	const char *settings = SettingsFor(command, mode, false);
	if (command.text == nullptr)
		return psprintf("%s, begin with this, and RESET pg_safe_index.mode afterwards: %s", purpose,
						settings);
	return psprintf("%s: %s %s; RESET pg_safe_index.mode;%s", purpose, settings, command.text,
					command.lock_timeout > 0 ? " RESET lock_timeout;" : "");
}

} // namespace

const char *ShortCommand(const Request &request, const StatementText &statement)
{
	if (!IsTextOf(request, statement))
		return nullptr;
	const char *command = CommandIn(statement, FirstWord(request));
	if (command == nullptr || strpbrk(command, "\r\n") != nullptr ||
		pg_mbstrlen(command) > repeated_length_max)
		return nullptr;
	return command;
}

const char *OverrideLine(const Settings &settings, const OverriddenCommand &command)
{
	const Mode floor = settings.minimum_mode;
	const Mode in_force = settings.ModeInForce();
	if (settings.mode < floor)
		return psprintf("pg_safe_index.minimum_mode = %s overrides pg_safe_index.mode = %s.",
						NameOf(floor), NameOf(settings.mode));
	// The floor lets the command run at most with a warning.
	if (floor > Mode::warn || floor == in_force)
		return nullptr;

	const char *purpose =
		psprintf("To run it %s%s", in_force == Mode::warn ? "without this warning" : "anyway",
				 command.lock_timeout > 0
					 ? " (lock_timeout limits the wait for the lock, not how long it is held)"
					 : "");
	if (command.alone)
		return AloneLine(purpose, command, floor);
	const char *set = SettingsFor(command, floor, true);
	if (command.in_block)
		return psprintf("%s, begin the transaction with: %s", purpose, set);
	if (command.text == nullptr)
		return psprintf("%s, send it in a transaction that begins with: %s", purpose, set);
	return psprintf("%s: BEGIN; %s %s; COMMIT;", purpose, set, command.text);
}

} // namespace psi
