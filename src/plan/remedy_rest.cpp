// remedy_rest: where each subcommand goes.
#include "plan/remedy_rest.hpp"

#include "catalog/alter_refusal.hpp"
#include "catalog/index.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

constexpr const char *refers_to_new_key =
	"A new column refers to a constraint of the same command, which has to be there first: add that by itself, then run the rest of the command.";

// Does the index belong to a constraint and have this column?
bool IsKeyWith(Oid index, AttrNumber column)
{
	return OidIsValid(get_index_constraint(index)) && HasColumn(index, column);
}

} // namespace

const AlterTableCmd &Rest::CommandAt(int i) const
{
	return *As<AlterTableCmd>(static_cast<const Node *>(list_nth(alter.cmds, i)));
}

const Constraint *Rest::CheckedConstraint(const AlterTableCmd &command)
{
	if (command.subtype != AT_AddConstraint)
		return nullptr;
	const auto *constraint = As<const Constraint>(command.def);
	const bool reads =
		(constraint->contype == CONSTR_CHECK || constraint->contype == CONSTR_FOREIGN) &&
		!constraint->skip_validation && IsEnforced(*constraint);
	return reads ? constraint : nullptr;
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
		const Place place = parts[i].place = PlaceOf(CommandAt(i));
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
			const char *name = IsKeyWith(index, column) ? get_rel_name(index) : nullptr;
			// Null, too, if somebody has dropped it meanwhile.
			if (name != nullptr)
				freed.Add(name);
		}
	}
}

// An index that replaces one of a constraint is built before that one is dropped.
void Rest::DeferDrops(const AlterSummary &summary)
{
	for (int i = 0; i < parts.Count(); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const AlterTableCmd &command = CommandAt(i);
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
	for (char *column : Each<char>(ColumnsToScanForNulls(target.table_id, named, summary)))
	{
		if (not_null.Has(column))
			continue;
		not_null.Add(column);
		set_not_null = lappend(set_not_null, column);
	}
	for (int i = 0; i < parts.Count(); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const AlterTableCmd &command = CommandAt(i);
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

} // namespace psi
