// remedy_rest: what an ALTER TABLE or ALTER INDEX does beside the violations in it.
#include "plan/remedy_rest.hpp"

#include "catalog/alter_refusal.hpp"
#include "catalog/index.hpp"
#include "pg/hash.hpp"
#include "pg/list.hpp"
#include "plan/alter_text.hpp"

namespace psi
{

namespace
{

constexpr const char *unchecked_foreign_key =
	"ADD FOREIGN KEY is left out: PostgreSQL would check all rows while it locks both tables. Run it by itself.";

constexpr const char *refers_to_new_key =
	"A new column refers to a constraint of the same command, which has to be there first: add that by itself, then run the rest of the command.";

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

void NameSet::Add(const char *name)
{
	if (names == nullptr)
		names = MakeHash<NameData>("pg_safe_index names", NAMEDATALEN, HASH_STRINGS);
	hash_search(names, name, HASH_ENTER, nullptr);
}

bool NameSet::Has(const char *name) const
{
	return names != nullptr && hash_search(names, name, HASH_FIND, nullptr) != nullptr;
}

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
		if (judgment.verdict.IsViolation())
			NoteViolation(judgment);
	}
	const AlterSummary &summary = *judgments.items[0].request.summary;
	if (summary.drops_constraint)
		DeferDrops(summary);
	TakeNotNull(summary);
	for (int i = 0; i < count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		if (parts[i].place != Place::first)
			continue;
		const Place place = parts[i].place = PlaceOf(CommandAt(alter, i));
		if (place == Place::last)
			last.Add(i);
		else if (place == Place::validation)
			validations.Add(i);
		else if (place == Place::foreign_key)
			foreign_keys.Add(i);
	}
}

void Rest::NoteViolation(const Judgment &judgment)
{
	const Request &request = judgment.request;
	Part &part = parts[request.subcommand];
	// ADD COLUMN stays, without its constraints that build an index.
	part.column = request.column;
	if (part.column == nullptr)
		Take(part);
	for (const char *column : Each<const char>(judgment.target.nullable_columns))
		not_null.Add(column);
	if (request.constraint == nullptr)
		return;
	adds_primary_key = adds_primary_key || request.constraint->contype == CONSTR_PRIMARY;
	if (request.column != nullptr)
		new_keys.Add(request.column->colname);
	else if (list_length(request.constraint->keys) == 1)
		new_keys.Add(strVal(linitial(request.constraint->keys)));
}

void Rest::Take(Part &part)
{
	if (part.place == Place::elsewhere)
		return;
	part.place = Place::elsewhere;
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
		for (int k = before; k < freed.Count(); ++k)
			freed_names.Add(freed[k]);
		if (freed.Count() == before || first)
			continue;
		parts[i].place = Place::with_drops;
		defers = true;
	}
}

// SET NOT NULL scans the table under ACCESS EXCLUSIVE unless something proves that there are no
// nulls. A column that is to be the primary key gets its steps with that.
void Rest::TakeNotNull(const AlterSummary &summary)
{
	List *named = NIL;
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
	{
		if (command->subtype == AT_SetNotNull && !summary.DropsColumn(command->name))
			named = lappend(named, makeString(command->name));
	}
	for (char *column : Each<char>(ColumnsToScanForNulls(target.table_id, named)))
	{
		if (not_null.Has(column))
			continue;
		not_null.Add(column);
		set_not_null = lappend(set_not_null, column);
	}
	for (int i = 0; i < parts.Count(); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const AlterTableCmd &command = CommandAt(alter, i);
		if (command.subtype == AT_SetNotNull && not_null.Has(command.name))
			Take(parts[i]);
	}
}

Rest::Place Rest::PlaceOf(const AlterTableCmd &command) const
{
	switch (command.subtype)
	{
	case AT_DropNotNull: // of a column of the key that is dropped
		return defers ? Place::with_drops : Place::first;
	case AT_ReplicaIdentity:
	case AT_ClusterOn:
	case AT_AddInherit: // the parent may have NOT NULL or a CHECK that the command adds
		return Place::last;
	case AT_AddIdentity: // wants NOT NULL
	case AT_SetIdentity:
		return not_null.Has(command.name) ? Place::last : Place::first;
	case AT_ColumnDefault:
		// An identity may replace a default that is dropped: no row may come between the two.
		return command.def == nullptr && not_null.Has(command.name) ? Place::last : Place::first;
	case AT_ValidateConstraint:
		return Place::validation;
	case AT_AddConstraint:
	{
		const auto &constraint = *As<const Constraint>(command.def);
		if (constraint.contype == CONSTR_FOREIGN)
			return CheckedConstraint(command) != nullptr ? Place::foreign_key : Place::last;
		// The name that is freed, or the place of the primary key.
		const bool waits = constraint.indexname != nullptr ||
						   (constraint.conname != nullptr && freed_names.Has(constraint.conname));
		return defers && waits ? Place::with_drops : Place::first;
	}
	default:
		return Place::first;
	}
}

// Does the column have a foreign key that PostgreSQL accepts only once a constraint is there which
// the command adds?
bool Rest::RefersToNewKey(const ColumnDef &column) const
{
	for (const Constraint *constraint : Each<const Constraint>(column.constraints))
	{
		if (constraint->contype != CONSTR_FOREIGN)
			continue;
		const RangeVar &other = *constraint->pktable;
		const bool same_schema = other.schemaname == nullptr
									 ? target.table.visible
									 : target.table.schema != nullptr &&
										   strcmp(other.schemaname, target.table.schema) == 0;
		if (!same_schema || strcmp(other.relname, target.table.name) != 0)
			continue;
		if (constraint->pk_attrs == NIL ? adds_primary_key
										: new_keys.Has(strVal(linitial(constraint->pk_attrs))))
			return true;
	}
	return false;
}

const char *Rest::Obstacle() const
{
	for (const AlterTableCmd *command : Each<const AlterTableCmd>(alter.cmds))
	{
		if (command->subtype == AT_AddColumn && RefersToNewKey(*As<const ColumnDef>(command->def)))
			return refers_to_new_key;
	}
	return nullptr;
}

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
	const Constraint *checked = CheckedConstraint(CommandAt(alter, subcommand));
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
		const Constraint &constraint = *CheckedConstraint(CommandAt(alter, i));
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
		lock = Max(lock, LockFor(CommandAt(alter, i)));
	StringInfo out = last.IsEmpty() ? nullptr : steps.Finish({lock, target.table});
	const char *separator = Head();
	for (const int i : last)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(out, "%s %s", separator, TextOf(i));
		separator = ",";
		const auto *constraint = IfA<Constraint>(CommandAt(alter, i).def);
		if (constraint == nullptr)
			continue;
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
