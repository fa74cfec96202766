// remedy_rest: what an ALTER TABLE or ALTER INDEX does beside the violations in it.
#include "plan/remedy_rest.hpp"

#include "catalog/index.hpp"
#include "pg/list.hpp"
#include "plan/alter_text.hpp"

namespace psi
{

namespace
{

constexpr const char *unchecked_foreign_key =
	"ADD FOREIGN KEY is left out: PostgreSQL would check all rows while it locks both tables. Run it by itself.";

const AlterTableCmd &CommandAt(const AlterTableStmt &alter, int i)
{
	return *As<AlterTableCmd>(static_cast<const Node *>(list_nth(alter.cmds, i)));
}

// The constraint if the subcommand adds one for which PostgreSQL reads the whole table under ACCESS
// EXCLUSIVE: CHECK or FOREIGN KEY, unless the command says otherwise. Null if not.
const Constraint *CheckedConstraint(const AlterTableCmd &command)
{
	if (command.subtype != AT_AddConstraint)
		return nullptr;
	const auto *constraint = As<const Constraint>(command.def);
	const bool reads =
		(constraint->contype == CONSTR_CHECK || constraint->contype == CONSTR_FOREIGN) &&
		!constraint->skip_validation && IsEnforced(*constraint);
	return reads ? constraint : nullptr;
}

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

// Does the index belong to a constraint and have this column?
bool IsKeyWith(Oid index, AttrNumber column)
{
	return OidIsValid(get_index_constraint(index)) && HasColumn(index, column);
}

} // namespace

Rest::Rest(const Judgments &judged, const StatementText &text)
	: judgments(judged), statement(text), alter(*judged.items[0].request.alter),
	  target(judged.items[0].target)
{
	const int count = list_length(alter.cmds);
	parts.Reserve(count);
	while (parts.Count() < count)
		parts.Add({});
	left = count;
	for (const Judgment &judgment : judgments)
	{
		CHECK_FOR_INTERRUPTS();
		if (!judgment.verdict.IsViolation())
			continue;
		Part &part = parts[judgment.request.subcommand];
		// ADD COLUMN stays, without its constraints that build an index.
		part.column = judgment.request.column;
		if (part.column == nullptr)
			Take(part);
	}
	const AlterSummary *summary = judgments.items[0].request.summary;
	if (summary != nullptr && summary->drops_constraint)
		DeferDrops(*summary);
}

void Rest::Take(Part &part)
{
	part.taken = true;
	--left;
}

// Adds the names of the constraints with an index that the subcommand drops.
void Rest::FindDropped(const AlterTableCmd &command)
{
	if (command.subtype == AT_DropConstraint)
	{
		const Oid id = get_relation_constraint_oid(target.table_id, command.name, true);
		if (OidIsValid(id) && OidIsValid(get_constraint_index(id)))
			freed.Add(command.name);
	}
	if (command.subtype == AT_DropColumn)
	{
		const AttrNumber column = get_attnum(target.table_id, command.name);
		if (column == InvalidAttrNumber)
			return;
		for (const Oid index : EachOid(IndexesOf(target.table_id)))
		{
			if (IsKeyWith(index, column))
				freed.Add(get_rel_name(index));
		}
	}
}

// An index that replaces one of a constraint is built before that one is dropped.
void Rest::DeferDrops(const AlterSummary &summary)
{
	for (int i = 0; i < parts.Count(); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const AlterTableCmd &command = CommandAt(alter, i);
		const int before = freed.Count();
		FindDropped(command);
		// A column that is added again has to go first. On a partitioned table, no existing index
		// can become a constraint.
		const bool first = target.facts.kind == TableKind::partitioned_table ||
						   (command.subtype == AT_DropColumn && summary.AddsColumn(command.name));
		if (freed.Count() == before || first)
			continue;
		Take(parts[i]);
		deferred.Add(i);
	}
}

bool Rest::IsReadable()
{
	if (left == 0 && deferred.IsEmpty())
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
		if (parts[i].taken)
			continue;
		const char *subcommand = nullptr;
		const Constraint *checked = CheckedConstraint(CommandAt(alter, i));
		if (checked != nullptr && checked->contype == CONSTR_FOREIGN)
		{
			foreign_keys.Add(i);
			continue;
		}
		if (checked != nullptr)
		{
			const char *name = nullptr;
			subcommand = Unchecked(i, *checked, &name);
			to_validate = lappend(to_validate, pstrdup(name != nullptr ? name : ""));
		}
		else if (parts[i].column != nullptr)
			subcommand = ColumnWithoutIndexes(text, statement, i, *parts[i].column);
		else
			subcommand = TextOf(i);
		if (subcommand == nullptr)
			return false;
		appendStringInfo(&subcommands, "%s %s", subcommands.len > 0 ? "," : "", subcommand);
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
		const Constraint &constraint = *CheckedConstraint(CommandAt(alter, i));
		const char *name = nullptr;
		const char *subcommand = Unchecked(i, constraint, &name);
		if (subcommand == nullptr)
			return false;
		const RangeVar &other = *constraint.pktable;
		appendStringInfo(steps.Finish({ShareRowExclusiveLock, target.table}), "%s %s;", Head(),
						 subcommand);
		steps.FinishLocksAlso({ShareRowExclusiveLock,
							   {other.schemaname, other.relname, other.schemaname == nullptr}});
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
	for (const char *name : freed)
	{
		CHECK_FOR_INTERRUPTS();
		if (name != nullptr && strcmp(name, first) == 0 && !given.Has(target.schema, first))
			return first;
	}
	return nullptr;
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
	additions = lappend(additions, const_cast<char *>(UsingIndex(plan, name, built)));
}

void Rest::Use(int subcommand)
{
	additions = lappend(additions, const_cast<char *>(TextOf(subcommand)));
}

void Rest::AppendDrops(Steps &steps) const
{
	if (deferred.IsEmpty())
		return;
	StringInfo out = steps.Finish({AccessExclusiveLock, target.table});
	const char *separator = "";
	appendStringInfoString(out, Head());
	for (const int i : deferred)
	{
		appendStringInfo(out, "%s %s", separator, TextOf(i));
		separator = ",";
	}
	for (const char *addition : Each<const char>(additions))
		appendStringInfo(out, ", %s", addition);
	appendStringInfoChar(out, ';');
}

} // namespace psi
