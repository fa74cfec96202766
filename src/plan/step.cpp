// step: the commands in their order, and as text.
#include "plan/step.hpp"

#include "pg/list.hpp"

namespace psi
{

namespace
{

// Starts a command. The one before it is complete: the room that a StringInfo has at first is far
// too much for most of 20,000 commands.
StringInfo Start(Array<Step> &steps)
{
	if (!steps.IsEmpty())
	{
		StringInfoData &text = *steps.Last().text;
		char *shrunk = pnstrdup(text.data, text.len);
		pfree(text.data);
		text.data = shrunk;
		text.maxlen = text.len + 1;
	}
	Step &step = steps.Add({makeStringInfo(), {}});
	step.locks.Reserve(1);
	return step.text;
}

void Append(Array<Step> &all, const Array<Step> &part)
{
	for (const Step &step : part)
	{
		CHECK_FOR_INTERRUPTS();
		all.Add(step);
	}
}

} // namespace

const char *DurationText(int milliseconds)
{
	return milliseconds % 1000 == 0 ? psprintf("%ds", milliseconds / 1000)
									: psprintf("%dms", milliseconds);
}

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

StringInfo Steps::FinishWithoutLock()
{
	return Start(finishes);
}

StringInfo Steps::Violate(const StepLock &lock)
{
	const StringInfo text = Finish(lock);
	finishes.Last().violates = true;
	return text;
}

void Steps::UndoPrepared(const char *command)
{
	preparations.Last().undo = command;
}

void Steps::FinishLocksAlso(const StepLock &lock)
{
	finishes.Last().locks.Add(lock);
}

bool Steps::Violates() const
{
	for (const Step &step : finishes)
	{
		if (step.violates)
			return true;
	}
	return false;
}

Array<Step> Steps::All() const
{
	Array<Step> all;
	Append(all, preparations);
	Append(all, builds);
	Append(all, finishes);
	return all;
}

namespace
{

// A command that is a violation itself, in a transaction or between settings of its own.
List *AppendViolation(List *commands, const char *text, const CommandSettings &settings)
{
	const char *mode = NameOf(settings.violation_mode);
	if (settings.violation_mode == Mode::rewrite)
	{
		commands = lappend(commands, psprintf("SET pg_safe_index.mode = %s;", mode));
		commands = lappend(commands, pstrdup(text));
		return lappend(commands, pstrdup("RESET pg_safe_index.mode;"));
	}
	commands = lappend(commands, pstrdup("BEGIN;"));
	if (settings.lock_timeout > 0)
		commands = lappend(commands, psprintf("SET LOCAL lock_timeout = '%s';",
											  DurationText(settings.lock_timeout)));
	commands = lappend(commands, psprintf("SET LOCAL pg_safe_index.mode = %s;", mode));
	commands = lappend(commands, pstrdup(text));
	return lappend(commands, pstrdup("COMMIT;"));
}

} // namespace

List *AsCommands(const Array<Step> &steps, const CommandSettings &settings)
{
	List *commands = NIL;
	bool set = false;
	for (const Step &step : steps)
	{
		CHECK_FOR_INTERRUPTS();
		const bool wanted = step.IsBounded() && settings.lock_timeout > 0 && !step.violates;
		if (wanted != set)
			commands = lappend(commands, wanted ? psprintf("SET lock_timeout = '%s';",
														   DurationText(settings.lock_timeout))
												: pstrdup("RESET lock_timeout;"));
		set = wanted;
		commands = step.violates ? AppendViolation(commands, step.text->data, settings)
								 : lappend(commands, step.text->data);
	}
	if (set)
		commands = lappend(commands, pstrdup("RESET lock_timeout;"));
	return commands;
}

List *TextsOf(const Array<Step> &steps)
{
	List *texts = NIL;
	for (const Step &step : steps)
		texts = lappend(texts, step.text->data);
	return texts;
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
