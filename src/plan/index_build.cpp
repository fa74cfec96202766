// index_build: each command is written with all its clauses in one place.
#include "plan/index_build.hpp"

#include "pg/list.hpp"

namespace psi
{

StringInfo Commands::Add()
{
	StringInfo text = makeStringInfo();
	list = lappend(list, text);
	++count;
	return text;
}

StringInfo Commands::Last() const
{
	return static_cast<StringInfo>(llast(list));
}

Remedy Commands::Done(const char *remark) const
{
	StringInfoData lines;
	initStringInfo(&lines);
	List *texts = NIL;
	for (const StringInfoData *command : Each<StringInfoData>(list))
	{
		appendStringInfo(&lines, "%s%s", lines.len > 0 ? "\n" : "", command->data);
		texts = lappend(texts, command->data);
	}
	return {count > 0 ? lines.data : nullptr, count, remark, texts};
}

namespace
{

// `words` is CONCURRENTLY or empty, `only` is ONLY or empty. `name` may be null.
void AppendCreateIndex(StringInfo out, const IndexPlan &plan, const char *words, const char *name,
					   const char *only, const RelationName &table)
{
	appendStringInfo(out, "CREATE %sINDEX%s%s%s%s ON %s%s %s;", plan.unique ? "UNIQUE " : "", words,
					 plan.if_not_exists ? " IF NOT EXISTS" : "", name != nullptr ? " " : "",
					 name != nullptr ? quote_identifier(name) : "", only, table.Quoted(),
					 plan.definition);
}

} // namespace

void CreateOnly(Commands &commands, const IndexPlan &plan, const RelationName &table,
				const RelationName &index)
{
	if (plan.constraint == nullptr)
		AppendCreateIndex(commands.Add(), plan, "", index.name, "ONLY ", table);
	else
		appendStringInfo(commands.Add(), "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s%s;",
						 table.Quoted(), quote_identifier(index.name), plan.constraint,
						 plan.constraint_definition);
}

const char *DefinitionCommand(const IndexPlan &plan, const RelationName &table,
							  const RelationName &index)
{
	StringInfoData command;
	initStringInfo(&command);
	AppendCreateIndex(&command, plan, "", index.name, "ONLY ", table);
	return command.data;
}

void AppendUsingIndex(Commands &commands, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index)
{
	if (plan.constraint != nullptr)
		appendStringInfo(commands.Add(), "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s;",
						 table.Quoted(), quote_identifier(index.name), plan.constraint,
						 quote_identifier(index.name), plan.attributes);
}

void BuildOnTable(Commands &commands, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index)
{
	AppendCreateIndex(commands.Add(), plan, " CONCURRENTLY", index.name, "", table);
	AppendUsingIndex(commands, plan, table, index);
}

} // namespace psi
