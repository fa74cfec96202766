// check_postponed: each command as it would be run now, tried once more.
#include "execute/check_postponed.hpp"

#include "catalog/index.hpp"
#include "catalog/index_name.hpp"
#include "execute/dry_run.hpp"
#include "execute/postpone.hpp"
#include "execute/postponed.hpp"
#include "execute/postponed_index.hpp"
#include "execute/transaction.hpp"
#include "message/postpone_message.hpp"

namespace psi
{

namespace
{

// Does another command on the list give the same name in the same schema?
bool IsGivenTwice(const PostponedCommand &command, const ClassRow &table, const char *name)
{
	for (const PostponedCommand &other : AllPostponed())
	{
		if (&other == &command || !other.IsOn() || other.create == nullptr ||
			strcmp(other.name, name) != 0 || IsVoid(other))
			continue;
		const auto row = ReadClass(other.table);
		if (row.has_value() && row->schema == table.schema)
			return true;
	}
	return false;
}

// Sets them until the end of the subtransaction.
void SetParametersHere(const PostponedCommand &command)
{
	for (int i = 0; i < kept_settings_count; ++i)
	{
		if (command.values[i] != nullptr)
			set_config_option(kept_settings[i], command.values[i], PGC_USERSET, PGC_S_SESSION,
							  GUC_ACTION_LOCAL, true, 0, false);
	}
}

// An index keeps PostgreSQL from dropping what it depends on; one that is postponed does not. What
// is named in the command may have been created again, and a build looks for the rest only when it
// comes to a row.
void CheckUses(const PostponedCommand &command)
{
	for (const ObjectAddress &object : command.uses)
	{
		// An attribute of a composite type that is dropped is a row still.
		const bool is_column = object.classId == RelationRelationId && object.objectSubId > 0;
		const bool is_there =
			is_column ? ReadColumn(object.objectId, static_cast<AttrNumber>(object.objectSubId))
							.has_value()
					  : getObjectDescription(&object, true) != nullptr;
		if (!is_there)
			RaiseUsesDropped();
	}
}

// Raises the error that the command would raise. One whose table, column or index is gone has
// nothing to do. Gives the command the names of now.
void CheckCreate(PostponedCommand &command)
{
	const auto table = ReadClass(command.table);
	const IndexStmt *form = FormNow(command);
	if (!table.has_value() || form == nullptr)
		return;
	if (!OwnsRelation(table->id, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(table->kind), NameStr(table->name));
	CheckUses(command);
	if (!MayCreateIn(table->schema, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, get_namespace_name(table->schema));
	// With IF NOT EXISTS, an index that another session has created meanwhile will do.
	if (form->idxname != nullptr &&
		(!form->if_not_exists || IsCreatedHere(get_relname_relid(form->idxname, table->schema))))
	{
		RaiseIfTaken(table->schema, form->idxname);
		if (IsGivenTwice(command, *table, form->idxname))
			ReportPostponedTwice(form->idxname, false);
	}
	command.command = MemoryContextStrdup(MemoryOfPostponed(), TextNow(command, *form));
	Target target;
	target.table_id = table->id;
	target.schema = table->schema;
	target.table = NameOf(*table);
	const char *why_not = WhyNotAfterCommit(Operation::create_index);
	if (why_not == nullptr)
		why_not = TryOut(*form, target, command.command).why_not;
	if (why_not != nullptr)
		RaiseNotPossible(why_not);
}

void CheckDrop(const PostponedCommand &command)
{
	const auto index = ReadClass(command.index);
	if (!index.has_value())
	{
		// ALTER TABLE drops the indexes of a column whose type changes, and creates them again.
		if (IsCreatedHere(get_relname_relid(command.name, command.schema)))
			RaiseRebuilt(command.name);
		return;
	}
	if (!OwnsRelation(index->id, GetUserId()) && !OwnsSchema(index->schema, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, NameStr(index->name));
	if (index->is_partition || OidIsValid(get_index_constraint(index->id)) ||
		HasDependents(index->id))
		RaiseIsNeeded(NameOf(*index).Shown());
	if (const char *why_not = WhyNotAfterCommit(Operation::drop_index); why_not != nullptr)
		RaiseNotPossible(why_not);
}

} // namespace

ErrorData *CheckAllPostponed()
{
	const MemoryContext caller = CurrentMemoryContext;
	const ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = nullptr;
	const char *volatile checked = nullptr;
	PushActiveSnapshot(GetTransactionSnapshot());
	BeginInternalSubTransaction(nullptr);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		// SET TRANSACTION READ ONLY may have come after the commands. The end of the subtransaction
		// sets it again.
		XactReadOnly = false;
		if (GetUserId() != GetSessionUserId())
			RaiseOtherRole(GetSessionUserId());
		for (PostponedCommand &command : AllPostponed())
		{
			CHECK_FOR_INTERRUPTS();
			if (!command.IsOn())
				continue;
			checked = command.command;
			SetParametersHere(command);
			if (command.operation == Operation::create_index)
				CheckCreate(command);
			else
				CheckDrop(command);
		}
	}
	PG_CATCH();
	{
		error = TakeError(caller);
		if (checked != nullptr && IsAboutCommand(*error))
			ExplainFailedCheck(*error, checked);
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	PopActiveSnapshot();
	return error;
}

} // namespace psi
