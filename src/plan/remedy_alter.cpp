// remedy_alter: ALTER TABLE: constraints that build an index, and ATTACH PARTITION.
#include "plan/remedy_parts.hpp"

#include "plan/alter_text.hpp"
#include "plan/definition.hpp"
#include "catalog/index_name.hpp"

namespace psi
{

namespace
{

constexpr const char *no_safe_constraint =
	"PostgreSQL cannot build the index of an exclusion constraint, nor one WITHOUT OVERLAPS, concurrently. Keep the wait for the lock short, and try again when it fails: SET lock_timeout = '2s'.";

constexpr const char *no_text =
	"Build the index with CREATE UNIQUE INDEX CONCURRENTLY, then ALTER TABLE ... ADD CONSTRAINT ... USING INDEX.";

bool HasSafeForm(const Constraint &constraint)
{
	return constraint.contype != CONSTR_EXCLUSION && !IsWithoutOverlaps(constraint);
}

void AppendNames(StringInfo out, const List *names)
{
	appendStringInfoChar(out, '(');
	for (int i = 0; i < list_length(names); ++i)
		appendStringInfo(out, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(strVal(list_nth(names, i))));
	appendStringInfoChar(out, ')');
}

// The clauses that an index and a constraint have in common, in the order of either's grammar.
const char *Define(const Constraint &constraint, const List *keys, bool as_index)
{
	StringInfoData out;
	initStringInfo(&out);
	const char *nulls = constraint.nulls_not_distinct ? " NULLS NOT DISTINCT" : "";
	if (!as_index)
		appendStringInfo(&out, "%s ", nulls);
	AppendNames(&out, keys);
	if (constraint.including != NIL)
	{
		appendStringInfoString(&out, " INCLUDE ");
		AppendNames(&out, constraint.including);
	}
	if (as_index)
		appendStringInfoString(&out, nulls);
	if (constraint.options != NIL)
	{
		appendStringInfoString(&out, " WITH ");
		AppendOptions(&out, constraint.options);
	}
	if (constraint.indexspace != nullptr)
		appendStringInfo(&out, "%s TABLESPACE %s", as_index ? "" : " USING INDEX",
						 quote_identifier(constraint.indexspace));
	return out.data;
}

// The same of a constraint that is to be like that of another index: it has plain columns only.
const char *DefineConstraint(const IndexStmt &create)
{
	Constraint *constraint = makeNode(Constraint);
	List *keys = NIL;
	for (int i = 0; i < list_length(create.indexParams); ++i)
		keys = lappend(keys,
					   makeString(static_cast<IndexElem *>(list_nth(create.indexParams, i))->name));
	for (int i = 0; i < list_length(create.indexIncludingParams); ++i)
		constraint->including = lappend(
			constraint->including,
			makeString(static_cast<IndexElem *>(list_nth(create.indexIncludingParams, i))->name));
	constraint->nulls_not_distinct = create.nulls_not_distinct;
	constraint->options = create.options;
	constraint->indexspace = create.tableSpace;
	return Define(*constraint, keys, false);
}

// A constraint of a column does not hold these itself: they follow it in the column's list.
void ReadAttributes(const ColumnDef *column, const Constraint &constraint, bool &deferrable,
					bool &deferred)
{
	deferrable = constraint.deferrable;
	deferred = constraint.initdeferred;
	if (column == nullptr)
		return;
	bool ours = false;
	for (int i = 0; i < list_length(column->constraints); ++i)
	{
		const auto *next = static_cast<const Constraint *>(list_nth(column->constraints, i));
		switch (next->contype)
		{
		case CONSTR_ATTR_DEFERRABLE:
			deferrable = deferrable || ours;
			break;
		case CONSTR_ATTR_DEFERRED:
			// It implies DEFERRABLE.
			deferrable = deferrable || ours;
			deferred = deferred || ours;
			break;
		case CONSTR_ATTR_NOT_DEFERRABLE:
		case CONSTR_ATTR_IMMEDIATE:
			break;
		default:
			ours = next == &constraint;
			break;
		}
	}
}

// A column that is not yet NOT NULL is scanned for nulls under ACCESS EXCLUSIVE when it becomes
// part of a primary key, unless a valid check constraint has proved already that there are none
// (ConstraintImpliedByRelConstraint()).
void AppendNotNull(Commands &commands, const RelationName &table, const char *column)
{
	const char *check = quote_identifier(makeObjectName(table.name, column, "is_not_null"));
	const char *quoted = quote_identifier(column);
	appendStringInfo(commands.Add(),
					 "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;",
					 table.Quoted(), check, quoted);
	appendStringInfo(commands.Add(), "ALTER TABLE %s VALIDATE CONSTRAINT %s;", table.Quoted(),
					 check);
	appendStringInfo(commands.Add(), "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;", table.Quoted(),
					 quoted);
	appendStringInfo(commands.Add(), "ALTER TABLE %s DROP CONSTRAINT %s;", table.Quoted(), check);
}

// On the table, or on all its partitions. Returns what remains to be said.
const char *BuildOn(const Target &target, Commands &commands, const IndexPlan &plan,
					const RelationName &index)
{
	if (target.facts.kind == TableKind::partitioned_table)
		return BuildOnPartitions(commands, plan, target.table, index, target.set);
	BuildOnTable(commands, plan, target.table, index);
	return nullptr;
}

} // namespace

IndexPlan PlanForConstraint(const Request &request)
{
	const Constraint &constraint = *request.constraint;
	const List *keys = constraint.keys;
	if (request.column != nullptr)
		keys = list_make1(makeString(request.column->colname));

	// For the names: as DefineIndex() has the columns.
	IndexStmt *columns = makeNode(IndexStmt);
	for (const List *names : {keys, static_cast<const List *>(constraint.including)})
	{
		for (int i = 0; i < list_length(names); ++i)
		{
			IndexElem *element = makeNode(IndexElem);
			element->name = strVal(list_nth(names, i));
			columns->indexParams = lappend(columns->indexParams, element);
		}
	}

	bool deferrable = false;
	bool deferred = false;
	ReadAttributes(request.column, constraint, deferrable, deferred);

	IndexPlan plan{};
	plan.unique = true;
	plan.name = constraint.conname;
	plan.definition = Define(constraint, keys, true);
	plan.columns = JoinColumnNames(*columns);
	plan.constraint = constraint.contype == CONSTR_PRIMARY ? "PRIMARY KEY" : "UNIQUE";
	plan.clauses =
		psprintf("%s%s", deferrable ? " DEFERRABLE" : "", deferred ? " INITIALLY DEFERRED" : "");
	plan.inline_definition = psprintf("%s%s", Define(constraint, keys, false), plan.clauses);
	return plan;
}

bool AppendRest(Commands &commands, const Judgments &judgments, const StatementText &statement)
{
	const AlterTableStmt &alter = *judgments.items[0].request.alter;
	const int count = list_length(alter.cmds);
	auto **rest = static_cast<const char **>(palloc0(sizeof(char *) * count));
	auto **judgment_of = static_cast<const Judgment **>(palloc0(sizeof(Judgment *) * count));
	for (const Judgment &judgment : judgments)
	{
		if (judgment.verdict.IsViolation())
			judgment_of[judgment.request.subcommand] = &judgment;
	}

	int left = 0;
	for (int i = 0; i < count; ++i)
	{
		if (judgment_of[i] == nullptr || judgment_of[i]->request.column != nullptr)
			++left;
	}
	if (left == 0)
		return true;
	const AlterText text = FindAlterTable(statement, count);
	if (!text.found)
		return false;

	StringInfo out = commands.Add();
	appendBinaryStringInfo(out, text.text + text.begin, text.head_end - text.begin);
	const char *separator = " ";
	for (int i = 0; i < count; ++i)
	{
		if (judgment_of[i] == nullptr)
			rest[i] = pnstrdup(text.text + text.subcommands[i].begin,
							   text.subcommands[i].end - text.subcommands[i].begin);
		else if (judgment_of[i]->request.column != nullptr)
			rest[i] = ColumnWithoutIndexes(text, statement, i, *judgment_of[i]->request.column);
		if (rest[i] == nullptr)
			continue;
		appendStringInfo(out, "%s%s", separator, rest[i]);
		separator = ", ";
	}
	appendStringInfoChar(out, ';');
	return true;
}

Remedy ForAddConstraint(const Judgments &judgments, const StatementText &statement, int most)
{
	Commands commands{};
	for (const Judgment &judgment : judgments)
	{
		if (judgment.verdict.IsViolation() && !HasSafeForm(*judgment.request.constraint))
			return commands.Done(no_safe_constraint);
	}

	if (!AppendRest(commands, judgments, statement))
		return commands.Done(no_text);

	const char *remark = nullptr;
	const int spelled = judgments.violations < most ? judgments.violations : most;
	auto *names = static_cast<RelationName *>(palloc(sizeof(RelationName) * spelled));
	int named = 0;
	for (const Judgment &judgment : judgments)
	{
		if (named == spelled)
			break;
		if (!judgment.verdict.IsViolation())
			continue;
		const Target &target = judgment.target;
		const IndexPlan plan = PlanForConstraint(judgment.request);
		for (int i = 0; i < list_length(target.nullable_columns); ++i)
			AppendNotNull(commands, target.table,
						  static_cast<const char *>(list_nth(target.nullable_columns, i)));
		const char *name = plan.name != nullptr
							   ? plan.name
							   : ChooseName(plan, target.table, target.schema, names, named);
		const RelationName index = NameBeside(target.table, name);
		names[named++] = index;
		remark = BuildOn(target, commands, plan, index);
	}
	return commands.Done(
		JoinRemarks(remark, RestOf(judgments.violations - named, "constraint", "constraints")));
}

Remedy ForAttachPartition(const Judgment &judgment, const StatementText &statement,
						  const char *query, int most)
{
	const Target &target = judgment.target;
	Commands commands{};
	if (target.unseen)
		return commands.Done(
			"Another session has locked the table, so that its indexes could not be compared with those of the partitioned table: try again.");

	const char *remark = nullptr;
	const int spelled = target.missing.count < most ? target.missing.count : most;
	auto *names = static_cast<RelationName *>(palloc(sizeof(RelationName) * spelled));
	int named = 0;
	for (const MissingIndex &missing : target.missing)
	{
		if (named == spelled)
			break;
		const IndexStmt &create = *missing.create;
		const char *definition = DefinitionFromTree(create, target, query);
		if (definition == nullptr)
			return commands.Done(no_text);
		IndexPlan plan{};
		plan.unique = create.unique;
		plan.definition = definition;
		plan.columns = JoinColumnNames(create);
		plan.clauses = psprintf("%s%s", create.deferrable ? " DEFERRABLE" : "",
								create.initdeferred ? " INITIALLY DEFERRED" : "");
		if (create.isconstraint)
		{
			plan.constraint = create.primary ? "PRIMARY KEY" : "UNIQUE";
			plan.inline_definition = psprintf("%s%s", DefineConstraint(create), plan.clauses);
		}
		const RelationName index =
			NameBeside(target.table, ChooseName(plan, target.table, target.schema, names, named));
		names[named++] = index;
		remark = BuildOn(target, commands, plan, index);
	}

	const AlterText text = FindAlterTable(statement, list_length(judgment.request.alter->cmds));
	if (text.found)
	{
		appendBinaryStringInfo(commands.Add(), text.text + text.begin,
							   text.subcommands[text.count - 1].end - text.begin);
		appendStringInfoChar(commands.Last(), ';');
	}
	const int rest = target.missing.count - named;
	if (rest > 0)
		remark = JoinRemarks(remark,
							 psprintf("Before the last command, do the same for %d more index%s.",
									  rest, rest == 1 ? "" : "es"));
	return commands.Done(remark);
}

} // namespace psi
