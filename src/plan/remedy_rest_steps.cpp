// remedy_rest_steps: the steps for the subcommands, from the user's own text.
#include "pg/list.hpp"
#include "plan/alter_text.hpp"
#include "plan/remedy_rest.hpp"

namespace psi
{

namespace
{

constexpr const char *unchecked_foreign_key =
	"ADD FOREIGN KEY is left out: PostgreSQL would check all rows while it locks both tables. Run it by itself.";

// The columns that an expression names, as far as the name of a CHECK constraint depends on them.
struct NamedColumns
{
	const char *first = nullptr;
	bool several = false;
};

bool VisitColumns(Node *node, void *state)
{
	if (node == nullptr)
		return false;
	const auto *column = IfA<ColumnRef>(node);
	if (column == nullptr)
		return WalkRawTree(node, VisitColumns, state);
	auto &named = *static_cast<NamedColumns *>(state);
	const auto *name = IfA<String>(static_cast<const Node *>(llast(column->fields)));
	if (name == nullptr)
		named.several = true; // t.*
	else if (named.first == nullptr)
		named.first = name->sval;
	else
		named.several = named.several || strcmp(named.first, name->sval) != 0;
	return named.several;
}

// The middle part of the name that PostgreSQL would choose: the column if there is only one
// (AddRelationNewConstraints()), all columns of a foreign key
// (ChooseForeignKeyConstraintNameAddition()). Null: none.
const char *ColumnsInName(const Constraint &constraint)
{
	if (constraint.contype == CONSTR_CHECK)
	{
		NamedColumns named;
		VisitColumns(constraint.raw_expr, &named);
		return named.several ? nullptr : named.first;
	}
	StringInfoData joined;
	initStringInfo(&joined);
	for (const String *name : Each<const String>(constraint.fk_attrs))
	{
		if (joined.len < NAMEDATALEN)
			appendStringInfo(&joined, "%s%s", joined.len > 0 ? "_" : "", name->sval);
	}
	return joined.data;
}

RelationName NameFrom(const RangeVar &name)
{
	return {name.schemaname, name.relname, name.schemaname == nullptr};
}

// The lock that PostgreSQL takes for what comes last (AlterTableGetLockLevel()).
LOCKMODE LockFor(const AlterTableCmd &command)
{
	if (command.subtype == AT_ClusterOn)
		return ShareUpdateExclusiveLock;
	return command.subtype == AT_AddConstraint ? ShareRowExclusiveLock : AccessExclusiveLock;
}

} // namespace

bool Rest::IsReadable()
{
	if (left == 0)
		return true;
	if (!text.found)
		text = FindAlterTable(statement, parts.Count());
	return text.found;
}

const char *Rest::Head() const
{
	return psprintf("%.*s", text.head_end - text.begin, text.text + text.begin);
}

const char *Rest::TextOf(int subcommand) const
{
	const Subcommand &whole = text.subcommands[subcommand];
	return psprintf("%.*s", whole.end - whole.begin, text.text + whole.begin);
}

// The subcommand with NOT VALID, and with the name that PostgreSQL would choose if it has none: the
// step that validates the constraint needs it. Null if the text cannot serve for it.
const char *Rest::Unchecked(int subcommand, const Constraint &constraint, const char **name)
{
	*name = constraint.conname;
	if (*name != nullptr)
		return psprintf("%s NOT VALID", TextOf(subcommand));
	const Subcommand &whole = text.subcommands[subcommand];
	const int location = constraint.location - statement.offset;
	const bool check = constraint.contype == CONSTR_CHECK;
	const char *word = check ? "check" : "foreign";
	if (location < whole.begin || location >= whole.end ||
		pg_strncasecmp(text.text + location, word, strlen(word)) != 0)
		return nullptr;
	*name = ChooseFreeConstraintName(target.table, target.schema, ColumnsInName(constraint),
									 check ? "check" : "fkey", given);
	given.Add(target.schema, *name);
	return psprintf("%.*sCONSTRAINT %s %.*s NOT VALID", location - whole.begin,
					text.text + whole.begin, quote_identifier(*name), whole.end - location,
					text.text + location);
}

void Rest::AppendValidate(StringInfo out, const char *name) const
{
	appendStringInfo(out, "ALTER TABLE %s%s VALIDATE CONSTRAINT %s;",
					 target.facts.only ? "ONLY " : "", target.table.Quoted(),
					 quote_identifier(name));
}

// The subcommand without its indexes. A CHECK is not checked yet; its name is added to those that
// are to be validated. Null if the text cannot serve for it.
const char *Rest::TextFor(int subcommand, List *&to_validate)
{
	if (parts[subcommand].column != nullptr)
		return ColumnWithoutIndexes(text, statement, subcommand, *parts[subcommand].column);
	const Constraint *checked = CheckedConstraint(CommandAt(subcommand));
	if (checked == nullptr)
		return TextOf(subcommand);
	const char *name = nullptr;
	const char *unchecked = Unchecked(subcommand, *checked, &name);
	if (unchecked != nullptr)
		to_validate = lappend(to_validate, pstrdup(name));
	return unchecked;
}

bool Rest::Append(Steps &steps)
{
	if (!IsReadable())
		return false;
	// The names that the indexes get come before those of other constraints.
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		const Constraint *constraint = judgment.request.constraint;
		if (constraint != nullptr && constraint->conname != nullptr)
			given.Add(target.schema, constraint->conname);
	}

	StringInfoData subcommands;
	initStringInfo(&subcommands);
	List *to_validate = NIL;
	for (int i = 0; i < parts.Count() && left > 0; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const bool first = parts[i].place == Place::first;
		if (!first && parts[i].place != Place::with_drops)
			continue;
		const char *subcommand = TextFor(i, first ? to_validate : validated_with_drops);
		if (subcommand == nullptr)
			return false;
		if (first)
			appendStringInfo(&subcommands, "%s %s", subcommands.len > 0 ? "," : "", subcommand);
		else
			with_drops = lappend(with_drops, const_cast<char *>(subcommand));
	}
	if (subcommands.len > 0)
		appendStringInfo(steps.Prepare({AccessExclusiveLock, target.table}), "%s%s;", Head(),
						 subcommands.data);
	for (const char *name : Each<const char>(to_validate))
		AppendValidate(steps.PrepareWithoutLock(), name);
	return true;
}

bool Rest::AppendForeignKeys(Steps &steps, const char *&remark)
{
	// A key may refer to one of the constraints that are added, so they come last.
	const bool unchecked = target.facts.kind != TableKind::partitioned_table ||
						   has_unchecked_foreign_key_on_partitioned;
	if (!foreign_keys.IsEmpty() && !unchecked)
		remark = unchecked_foreign_key;
	if (!unchecked)
		return true;
	List *to_validate = NIL;
	for (const int i : foreign_keys)
	{
		CHECK_FOR_INTERRUPTS();
		const Constraint &constraint = *CheckedConstraint(CommandAt(i));
		const char *name = nullptr;
		const char *subcommand = Unchecked(i, constraint, &name);
		if (subcommand == nullptr)
			return false;
		appendStringInfo(steps.Finish({ShareRowExclusiveLock, target.table}), "%s %s;", Head(),
						 subcommand);
		steps.FinishLocksAlso({ShareRowExclusiveLock, NameFrom(*constraint.pktable)});
		to_validate = lappend(to_validate, pstrdup(name));
	}
	for (const char *name : Each<const char>(to_validate))
		AppendValidate(steps.FinishWithoutLock(), name);
	return true;
}

const char *Rest::NameAfterDrops(const IndexPlan &plan) const
{
	if (plan.name != nullptr)
		return plan.name;
	const char *first = FirstName(plan, target.table);
	return freed_names.Has(first) && !given.Has(target.schema, first) ? first : nullptr;
}

void Rest::Build(Steps &steps, const IndexPlan &plan)
{
	const char *name = NameAfterDrops(plan);
	if (name == nullptr)
		name = ChooseName(plan, target.table, target.schema, given);
	given.Add(target.schema, name);
	const char *built = name;
	if (OidIsValid(get_relname_relid(name, target.schema)))
	{
		built = ChooseName(plan, target.table, target.schema, given);
		given.Add(target.schema, built);
	}
	CreateConcurrently(steps, plan, target.table, NameBeside(target.table, built));
	with_drops = lappend(with_drops, const_cast<char *>(UsingIndex(plan, name, built)));
}

void Rest::Use(int subcommand)
{
	with_drops = lappend(with_drops, const_cast<char *>(TextOf(subcommand)));
}

void Rest::AppendDrops(Steps &steps) const
{
	if (!defers)
		return;
	StringInfo out = steps.Finish({AccessExclusiveLock, target.table});
	const char *separator = "";
	appendStringInfoString(out, Head());
	for (const char *subcommand : Each<const char>(with_drops))
	{
		appendStringInfo(out, "%s %s", separator, subcommand);
		separator = ",";
	}
	appendStringInfoChar(out, ';');
	for (const char *name : Each<const char>(validated_with_drops))
		AppendValidate(steps.FinishWithoutLock(), name);
}

void Rest::AppendLast(Steps &steps)
{
	LOCKMODE lock = NoLock;
	for (const int i : last)
		lock = Max(lock, LockFor(CommandAt(i)));
	StringInfo out = last.IsEmpty() ? nullptr : steps.Finish({lock, target.table});
	const char *separator = Head();
	for (const int i : last)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(out, "%s %s", separator, TextOf(i));
		separator = ",";
		if (CommandAt(i).subtype != AT_AddConstraint)
			continue;
		const auto *constraint = As<const Constraint>(CommandAt(i).def);
		steps.FinishLocksAlso({ShareRowExclusiveLock, NameFrom(*constraint->pktable)});
		// PostgreSQL chooses its name before those of the keys that are still to come.
		if (constraint->conname == nullptr)
			given.Add(target.schema,
					  ChooseFreeConstraintName(target.table, target.schema,
											   ColumnsInName(*constraint), "fkey", given));
	}
	if (out != nullptr)
		appendStringInfoChar(out, ';');
	for (const int i : validations)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(steps.FinishWithoutLock(), "%s %s;", Head(), TextOf(i));
	}
}

} // namespace psi
