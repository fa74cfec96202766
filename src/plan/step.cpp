// step: the commands in their order, and as text.
#include "plan/step.hpp"

#include "pg/list.hpp"

namespace psi
{

namespace
{

StringInfo Start(Array<Step> &steps)
{
	return steps.Add({makeStringInfo(), {}}).text;
}

void Append(Array<Step> &all, const Array<Step> &part)
{
	for (const Step &step : part)
	{
		CHECK_FOR_INTERRUPTS();
		all.Add(step);
	}
}

// As the value of a setting is shown.
const char *Duration(int milliseconds)
{
	return milliseconds % 1000 == 0 ? psprintf("%ds", milliseconds / 1000)
									: psprintf("%dms", milliseconds);
}

} // namespace

StringInfo Steps::Prepare(const StepLock &lock)
{
	const StringInfo text = Start(preparations);
	preparations.Last().locks.Add(lock);
	return text;
}

StringInfo Steps::PrepareWithoutLock()
{
	return Start(preparations);
}

StringInfo Steps::Build()
{
	return Start(builds);
}

StringInfo Steps::Finish(const StepLock &lock)
{
	const StringInfo text = Start(finishes);
	finishes.Last().locks.Add(lock);
	return text;
}

void Steps::FinishLocksAlso(const StepLock &lock)
{
	finishes.Last().locks.Add(lock);
}

Array<Step> Steps::All() const
{
	Array<Step> all;
	Append(all, preparations);
	Append(all, builds);
	Append(all, finishes);
	return all;
}

List *AsCommands(const Array<Step> &steps, int lock_timeout)
{
	List *commands = NIL;
	bool set = false;
	for (const Step &step : steps)
	{
		CHECK_FOR_INTERRUPTS();
		const bool wanted = step.IsBounded() && lock_timeout > 0;
		if (wanted != set)
			commands = lappend(commands,
							   wanted ? psprintf("SET lock_timeout = '%s';", Duration(lock_timeout))
									  : pstrdup("RESET lock_timeout;"));
		set = wanted;
		commands = lappend(commands, step.text->data);
	}
	if (set)
		commands = lappend(commands, pstrdup("RESET lock_timeout;"));
	return commands;
}

const char *AsLines(const List *commands)
{
	StringInfoData lines;
	initStringInfo(&lines);
	for (const char *command : Each<const char>(commands))
		appendStringInfo(&lines, "%s%s", lines.len > 0 ? "\n" : "", command);
	return lines.data;
}

} // namespace psi
