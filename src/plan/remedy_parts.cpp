// remedy_parts: how an index is built step by step, on a table and on a tree of partitions.
#include "plan/remedy_parts.hpp"

#include "catalog/index_name.hpp"

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
	for (int i = 0; i < count; ++i)
	{
		char *text = static_cast<StringInfo>(list_nth(list, i))->data;
		appendStringInfo(&lines, "%s%s", i > 0 ? "\n" : "", text);
		texts = lappend(texts, text);
	}
	return {count > 0 ? lines.data : nullptr, count, remark, texts};
}

const char *RestOf(int rest, const char *one, const char *several)
{
	return rest > 0 ? psprintf("Then do the same for %d more %s.", rest, rest == 1 ? one : several)
					: nullptr;
}

const char *JoinRemarks(const char *first, const char *second)
{
	if (first == nullptr || second == nullptr)
		return first != nullptr ? first : second;
	return psprintf("%s %s", first, second);
}

namespace
{

// CREATE [UNIQUE] INDEX, with the words given, on a table.
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
						 plan.inline_definition);
}

const char *DefinitionCommand(const IndexPlan &plan, const RelationName &table,
							  const RelationName &index)
{
	StringInfoData command;
	initStringInfo(&command);
	AppendCreateIndex(&command, plan, "", index.name, "ONLY ", table);
	return command.data;
}

const char *FirstName(const IndexPlan &plan, const RelationName &table)
{
	if (plan.constraint == nullptr)
		return makeObjectName(table.name, plan.columns, "idx");
	if (strcmp(plan.constraint, "PRIMARY KEY") == 0)
		return makeObjectName(table.name, nullptr, "pkey");
	return makeObjectName(table.name, plan.columns, "key");
}

const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema,
					   const RelationName *given, int given_count)
{
	if (plan.constraint == nullptr)
		return ChooseIndexName(table, schema, plan.columns, "idx", given, given_count);
	if (strcmp(plan.constraint, "PRIMARY KEY") == 0)
		return ChooseIndexName(table, schema, nullptr, "pkey", given, given_count);
	return ChooseIndexName(table, schema, plan.columns, "key", given, given_count);
}

void BuildOnTable(Commands &commands, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index)
{
	AppendCreateIndex(commands.Add(), plan, " CONCURRENTLY", index.name, "", table);
	AppendUsingIndex(commands, plan, table, index);
}

void AppendUsingIndex(Commands &commands, const IndexPlan &plan, const RelationName &table,
					  const RelationName &index)
{
	if (plan.constraint != nullptr)
		appendStringInfo(commands.Add(), "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s;",
						 table.Quoted(), quote_identifier(index.name), plan.constraint,
						 quote_identifier(index.name), plan.clauses);
}

const char *BuildOnPartitions(Commands &commands, const IndexPlan &plan, const RelationName &table,
							  const RelationName &index, const RelationSet &partitions)
{
	CreateOnly(commands, plan, table, index);

	// The names of two tables can be equal in all that is left of them after truncation; that of
	// the table's own index is given already.
	auto *given =
		static_cast<RelationName *>(palloc(sizeof(RelationName) * (partitions.spelled_count + 1)));
	given[0] = index;
	RelationName *names = given + 1;
	for (int i = 0; i < partitions.spelled_count; ++i)
	{
		const Member &member = partitions.spelled[i];
		names[i] =
			NameBeside(member.name, ChooseName(plan, member.name, member.schema, given, i + 1));
		if (member.leaf)
			BuildOnTable(commands, plan, member.name, names[i]);
		else
			CreateOnly(commands, plan, member.name, names[i]);
		const RelationName &parent = member.parent < 0 ? index : names[member.parent];
		appendStringInfo(commands.Add(), "ALTER INDEX %s ATTACH PARTITION %s;", parent.Quoted(),
						 names[i].Quoted());
	}

	StringInfoData remark;
	initStringInfo(&remark);
	const int rest = partitions.members - partitions.spelled_members;
	if (partitions.spelled_count == spelled_max)
		appendStringInfoString(&remark, "Then do the same for all other partitions.");
	else if (rest > 0)
		appendStringInfo(&remark, "Then do the same for %d more leaf partition%s.", rest,
						 rest == 1 ? "" : "s");
	if (partitions.foreign > 0)
		appendStringInfo(
			&remark,
			"%sPartitions that are foreign tables have no index, and keep the one on the partitioned table marked invalid this way.",
			remark.len > 0 ? " " : "");
	return remark.len > 0 ? remark.data : nullptr;
}

} // namespace psi
