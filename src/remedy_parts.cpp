// remedy_parts: how an index is built step by step, on a table and on a tree of partitions.
#include "remedy_parts.hpp"

#include "index_name.hpp"

namespace psi
{

Commands::Commands() : text{}, count(0)
{
	initStringInfo(&text);
}

StringInfo Commands::Add()
{
	if (count++ > 0)
		appendStringInfoChar(&text, '\n');
	return &text;
}

Remedy Commands::Done(const char *remark) const
{
	return {count > 0 ? text.data : nullptr, count, remark};
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

// The index on a partitioned table alone.
void AppendOnly(Commands &commands, const IndexPlan &plan, const RelationName &table,
				const RelationName &index)
{
	if (plan.constraint == nullptr)
		AppendCreateIndex(commands.Add(), plan, "", index.name, "ONLY ", table);
	else
		appendStringInfo(commands.Add(), "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s%s;",
						 table.Quoted(), quote_identifier(index.name), plan.constraint,
						 plan.inline_definition);
}

} // namespace

const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema,
					   const RelationName *taken, int taken_count)
{
	const bool primary = plan.constraint != nullptr && strcmp(plan.constraint, "PRIMARY KEY") == 0;
	const char *label = plan.constraint == nullptr ? "idx" : primary ? "pkey" : "key";
	const char *schema_name = table.schema;
	const auto is_taken = [&](const char *name)
	{
		for (int i = 0; i < taken_count; ++i)
		{
			if (strcmp(taken[i].schema, schema_name) == 0 && strcmp(taken[i].name, name) == 0)
				return true;
		}
		return false;
	};
	const char *columns = primary ? nullptr : plan.columns;
	const char *name = ChooseIndexName(table, schema, columns, label, 0);
	for (int nth = 1; is_taken(name); ++nth)
		name = ChooseIndexName(table, schema, columns, label, nth);
	return name;
}

void BuildOnTable(Commands &commands, const IndexPlan &plan, const RelationName &table,
				  const RelationName &index)
{
	AppendCreateIndex(commands.Add(), plan, " CONCURRENTLY", index.name, "", table);
	if (plan.constraint != nullptr)
		appendStringInfo(commands.Add(), "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s;",
						 table.Quoted(), quote_identifier(index.name), plan.constraint,
						 quote_identifier(index.name), plan.clauses);
}

const char *BuildOnPartitions(Commands &commands, const IndexPlan &plan, const RelationName &table,
							  const RelationName &index, const RelationSet &partitions)
{
	AppendOnly(commands, plan, table, index);

	// The names of two tables can be equal in all that is left of them after truncation.
	auto *names =
		static_cast<RelationName *>(palloc(sizeof(RelationName) * (partitions.spelled_count + 1)));
	for (int i = 0; i < partitions.spelled_count; ++i)
	{
		const Member &member = partitions.spelled[i];
		names[i] = NameBeside(member.name, ChooseName(plan, member.name, member.schema, names, i));
		if (member.leaf)
			BuildOnTable(commands, plan, member.name, names[i]);
		else
			AppendOnly(commands, plan, member.name, names[i]);
		const RelationName &parent = member.parent < 0 ? index : names[member.parent];
		appendStringInfo(commands.Add(), "ALTER INDEX %s ATTACH PARTITION %s;", parent.Quoted(),
						 names[i].Quoted());
	}

	StringInfoData remark;
	initStringInfo(&remark);
	const int rest = partitions.members - partitions.spelled_members;
	if (rest > 0)
		appendStringInfo(&remark, "Then do the same for %d more leaf partition%s.", rest,
						 rest == 1 ? "" : "s");
	if (partitions.foreign > 0)
		appendStringInfo(&remark,
						 "%sPartitions that are foreign tables have no index, and keep the one on "
						 "the partitioned table marked invalid this way.",
						 rest > 0 ? " " : "");
	return remark.len > 0 ? remark.data : nullptr;
}

} // namespace psi
