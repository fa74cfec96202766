// postponed: the list, and the callbacks by which it follows the transaction.
#include "execute/postponed.hpp"

#include "catalog/relation.hpp"
#include "message/postpone_message.hpp"
#include "statement/statement_face.h"

namespace psi
{

namespace
{

struct PostponedList
{
	MemoryContext memory; // of this object and all it points to
	Array<PostponedCommand> commands{};
	bool may_commit = false;
};

// Null: nothing has been postponed in this transaction; psi_block.postponed says the same. Reset on
// abort by FollowTransaction(), on commit by TakePostponed().
PostponedList *list = nullptr;

// The callbacks are there from the first command on that this session postpones. Never reset.
bool is_registered = false;
emit_log_hook_type previous_emit_log = nullptr;

// Reset by the next commit. An abort sets the resource owner itself, and so the flag does no harm
// after it.
bool owner_is_lost = false;

void Forget()
{
	if (list == nullptr)
		return;
	const MemoryContext memory = list->memory;
	ReleasePostponed();
	MemoryContextDelete(memory);
}

void FollowTransaction(XactEvent event, void *)
{
	switch (event)
	{
	case XACT_EVENT_PRE_COMMIT:
		// CommitTransaction() has not used it so far: nothing was deferred, no portal is to be
		// closed.
		if (owner_is_lost)
			CurrentResourceOwner = TopTransactionResourceOwner;
		owner_is_lost = false;
		if (IsAnyPostponed() && !list->may_commit)
			RaiseNotCommitted();
		break;
	case XACT_EVENT_PRE_PREPARE:
		if (IsAnyPostponed())
			RaiseNotPrepared();
		break;
	case XACT_EVENT_ABORT:
	case XACT_EVENT_PREPARE:
		Forget();
		break;
	// Where all commands have been taken off the list again.
	case XACT_EVENT_COMMIT:
		if (list != nullptr && !list->may_commit)
			Forget();
		break;
	default:
		break;
	}
}

void FollowSubTransaction(SubXactEvent event, SubTransactionId child, SubTransactionId parent,
						  void *)
{
	if (list == nullptr || (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	const SubTransactionId heir =
		event == SUBXACT_EVENT_COMMIT_SUB ? parent : InvalidSubTransactionId;
	int kept = 0;
	for (PostponedCommand &command : list->commands)
	{
		if (command.removed == child)
			command.removed = heir;
		if (command.added == child)
			command.added = heir;
		if (command.added != InvalidSubTransactionId)
			list->commands[kept++] = command;
	}
	list->commands.Truncate(kept);
}

// An emit_log_hook: what needs an index that is postponed fails with PostgreSQL's own error.
void AddHintToMissing(ErrorData *error)
{
	if (error->elevel == ERROR && error->hint == nullptr && error->message != nullptr &&
		list != nullptr)
	{
		for (const PostponedCommand &command : list->commands)
		{
			if (command.IsOn())
				AddHintIfNamed(*error, command.operation, command.name);
		}
	}
	if (previous_emit_log != nullptr)
		previous_emit_log(error);
}

// In the current memory context; null if there is no such setting.
const char *ValueToKeep(const char *name)
{
	if (strcmp(name, "default_transaction_read_only") == 0)
		return "off";
	const char *value = GetConfigOption(name, true, false);
	return value != nullptr ? pstrdup(value) : nullptr;
}

void Register()
{
	if (is_registered)
		return;
	RegisterXactCallback(FollowTransaction, nullptr);
	RegisterSubXactCallback(FollowSubTransaction, nullptr);
	previous_emit_log = emit_log_hook;
	emit_log_hook = AddHintToMissing;
	is_registered = true;
}

} // namespace

void AddPostponed(const PostponedCommand &command)
{
	Register();
	const MemoryContext caller = CurrentMemoryContext;
	if (list == nullptr)
	{
		const MemoryContext memory = AllocSetContextCreate(
			TopMemoryContext, "pg_safe_index postponed", ALLOCSET_SMALL_SIZES);
		list = static_cast<PostponedList *>(MemoryContextAllocZero(memory, sizeof(PostponedList)));
		list->memory = memory;
		psi_block.postponed = true;
	}
	MemoryContextSwitchTo(list->memory);
	PostponedCommand copy = command;
	copy.command = pstrdup(command.command);
	copy.name = command.name != nullptr ? pstrdup(command.name) : nullptr;
	if (command.create != nullptr)
		copy.create = static_cast<IndexStmt *>(copyObjectImpl(command.create));
	copy.columns = list_copy(command.columns);
	copy.uses = {};
	for (const ObjectAddress &object : command.uses)
		copy.uses.Add(object);
	for (int i = 0; i < kept_settings_count; ++i)
		copy.values[i] = ValueToKeep(kept_settings[i]);
	copy.settings.help = "";
	copy.options.told = nullptr;
	copy.added = GetCurrentSubTransactionId();
	list->commands.Add(copy);
	MemoryContextSwitchTo(caller);
}

void RemovePostponed(PostponedCommand &command)
{
	command.removed = GetCurrentSubTransactionId();
}

Array<PostponedCommand> &AllPostponed()
{
	// Nobody adds to it.
	static Array<PostponedCommand> none;
	return list != nullptr ? list->commands : none;
}

bool IsAnyPostponed()
{
	for (const PostponedCommand &command : AllPostponed())
	{
		if (command.IsOn())
			return true;
	}
	return false;
}

bool IsDropPostponed(Oid index)
{
	for (const PostponedCommand &command : AllPostponed())
	{
		if (command.IsOn() && command.operation == Operation::drop_index && command.index == index)
			return true;
	}
	return false;
}

void LetCommit()
{
	if (list != nullptr)
		list->may_commit = true;
}

MemoryContext MemoryOfPostponed()
{
	return list->memory;
}

void ReleasePostponed()
{
	list = nullptr;
	psi_block.postponed = false;
}

void ExpectLostOwner()
{
	owner_is_lost = true;
}

} // namespace psi
