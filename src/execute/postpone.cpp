// postpone: what PostgreSQL would say of the command now, with the commands before it in mind.
#include "execute/postpone.hpp"

#include "catalog/find_target.hpp"
#include "catalog/index.hpp"
#include "execute/dry_run.hpp"
#include "execute/execute_face.h"
#include "execute/postponed.hpp"
#include "execute/postponed_index.hpp"
#include "message/build_message.hpp"
#include "message/postpone_message.hpp"
#include "pg/list.hpp"
#include "pg/node.hpp"
#include "plan/index_plan.hpp"
#include "plan/remedy.hpp"
#include "statement/transaction_block.hpp"

namespace psi
{

namespace
{

// What the commands of one statement have in common.
struct Sent
{
	const psi_call &call;
	const Settings &settings;
	const BuildOptions &options;
	StatementText text;
};

// Why no such command of this transaction is postponed; null: it can be.
const char *WhyNotHere(const psi_call &call, Operation operation)
{
	if (call.context != PROCESS_UTILITY_TOPLEVEL)
		return "it is executed by a function, or by another command";
	if (!IsBegunByClient())
		return "the transaction did not begin with BEGIN";
	if (GetUserId() != GetSessionUserId())
		return "the current role is not that of the session";
	return WhyNotAfterCommit(operation);
}

// The verdict on the request without CONCURRENTLY.
Judgment JudgePlain(const Request &request, const Settings &settings)
{
	Circumstances circumstances;
	circumstances.in_block = true;
	circumstances.sized = true;
	circumstances.wanted.enough = settings.min_table_size;
	const Target target = Look(request, circumstances);
	return {request, target, Judge(request.operation, false, target.facts, settings)};
}

// Would the command block others, or be refused for its CONCURRENTLY, on a table that can have it?
bool IsOfInterest(const Judgment &judgment)
{
	const TableKind kind = judgment.target.facts.kind;
	const Reason reason = judgment.verdict.reason;
	return !ReachesSeveral(kind) && !judgment.target.in_citus &&
		   (reason == Reason::violation ||
			(judgment.request.concurrently &&
			 (reason == Reason::small || reason == Reason::created)));
}

// `tried`: a CREATE INDEX that has been tried; null: DROP INDEX.
void Add(const Sent &sent, const Judgment &judgment, const char *command, const char *name,
		 const DryRun *tried)
{
	PostponedCommand postponed;
	postponed.operation = judgment.request.operation;
	postponed.command = command;
	postponed.name = name;
	if (tried != nullptr)
	{
		postponed.table = judgment.target.table_id;
		postponed.schema = judgment.target.schema;
		postponed.create = tried->analyzed;
		postponed.columns = ColumnsOf(*tried->analyzed, postponed.table);
		postponed.uses = tried->uses;
	}
	else
	{
		postponed.index = judgment.target.index_id;
		postponed.schema = get_rel_namespace(postponed.index);
	}
	postponed.options = sent.options;
	postponed.options.drop_failed = true;
	postponed.settings = sent.settings;
	const bool is_first = !IsAnyPostponed();
	AddPostponed(postponed);
	TellPostponed(judgment, command, sent.text.text, is_first);
}

// The name that PostgreSQL would choose for the index now.
const char *NameAfterOthers(const IndexStmt &create, const Target &target)
{
	GivenNames given;
	for (const PostponedCommand &command : AllPostponed())
	{
		if (!command.IsOn() || command.schema != target.schema)
			continue;
		if (command.operation == Operation::create_index)
			given.Add(target.schema, command.name);
		else if (get_relname_relid(command.name, command.schema) == command.index)
			given.AddFreed(target.schema, command.name);
	}
	return ChooseName(PlanForCreate(create, ""), target.table, target.schema, given);
}

Postponement PostponeCreate(const Sent &sent, const Request &request, bool really)
{
	const IndexStmt &create = *request.create;
	const auto table = ReadClass(Resolve(*request.name));
	if (!table.has_value())
		return {};
	const char *name = create.idxname;
	const bool is_named = name != nullptr;
	if (is_named && FindPostponedCreate(table->schema, name) != nullptr)
	{
		ReportPostponedTwice(name, create.if_not_exists);
		return {true, true};
	}
	Request asked = request;
	IndexStmt unnamed = create;
	// The name will be free.
	if (is_named && IsDropPostponed(get_relname_relid(name, table->schema)))
	{
		unnamed.idxname = nullptr;
		unnamed.if_not_exists = false;
		asked.create = &unnamed;
	}
	Judgment judgment = JudgePlain(asked, sent.settings);
	judgment.request.create = &create;
	if (!IsOfInterest(judgment))
		return {};
	if (is_named && create.if_not_exists && judgment.target.exists &&
		!IsDropPostponed(get_relname_relid(name, table->schema)))
	{
		ReportExists(name, true, nullptr);
		return {true, true};
	}
	if (create.unique)
		return {false, false, "a unique index can fail because of the rows"};
	const char *why_not = WhyNotHere(sent.call, request.operation);
	if (why_not != nullptr || !really)
		return {false, why_not == nullptr, why_not};
	if (is_named && !create.if_not_exists)
		RaiseIfTaken(table->schema, name);
	const DryRun tried = TryOut(create, judgment.target, sent.call.query);
	// Another session may have given the name to another table while this one waited for the lock.
	if (Resolve(*request.name) != judgment.target.table_id)
	{
		CHECK_FOR_INTERRUPTS();
		return PostponeCreate(sent, request, really);
	}
	if (tried.why_not != nullptr)
		return {false, false, tried.why_not};
	const Remedy remedy = FindRemedyForTable(judgment, sent.text, sent.call.query);
	if (!remedy.IsWhole())
		return {false, false, "its definition cannot be written now"};
	const char *command = remedy.steps.First().text->data;
	// Sent again by hand, it has to mean the same index, which may be there, and invalid.
	if (!is_named)
	{
		name = NameAfterOthers(create, judgment.target);
		command = WriteCommand(*tried.analyzed, *table, name, command);
	}
	Add(sent, judgment, command, name, &tried);
	return {true, true};
}

// The CREATE INDEX before it that a name in DROP INDEX means; null: it means none.
PostponedCommand *FindMeant(const RangeVar &name)
{
	const List *path = name.schemaname != nullptr
						   ? list_make1_oid(get_namespace_oid(name.schemaname, true))
						   : fetch_search_path(true);
	for (const Oid schema : EachOid(path))
	{
		const Oid existing = get_relname_relid(name.relname, schema);
		if (OidIsValid(existing) && !IsDropPostponed(existing))
			return nullptr;
		if (PostponedCommand *found = FindPostponedCreate(schema, name.relname); found != nullptr)
			return found;
	}
	return nullptr;
}

// What becomes of one name in DROP INDEX.
struct Dropped
{
	PostponedCommand *create = nullptr; // it is taken off the list
	const char *missing = nullptr;      // the name of an index that is gone, or will be by then
	bool dropped_before = false;        // ... because a postponed command drops it
	Judgment judgment{};                // otherwise
};

Dropped FindDropped(const Sent &sent, const Request &request)
{
	Dropped dropped;
	RangeVar *name = makeRangeVarFromNameList(request.dropped);
	dropped.create = FindMeant(*name);
	if (dropped.create != nullptr)
		return dropped;
	const Oid index = Resolve(*name);
	dropped.dropped_before = IsDropPostponed(index);
	if (dropped.dropped_before || (request.missing_ok && !OidIsValid(index)))
		dropped.missing = name->relname;
	else
		dropped.judgment = JudgePlain(request, sent.settings);
	return dropped;
}

const char *WhyNotDropped(const Judgment &judgment)
{
	if (judgment.request.cascade)
		return "DROP INDEX CONCURRENTLY does not take CASCADE";
	if (HasDependents(judgment.target.index_id))
		return "another object depends on the index";
	return nullptr;
}

Postponement PostponeDrop(const Sent &sent, const Requests &requests, bool really)
{
	Array<Dropped> all;
	bool ours = false;   // the command means something that is postponed
	bool blocks = false; // it would block others
	bool whole = true;   // nothing of it is left to PostgreSQL
	const char *why_not = nullptr;
	for (const Request &request : requests)
	{
		CHECK_FOR_INTERRUPTS();
		const Dropped &dropped = all.Add(FindDropped(sent, request));
		if (dropped.create != nullptr || dropped.missing != nullptr)
			ours = ours || dropped.create != nullptr || dropped.dropped_before;
		else if (!IsOfInterest(dropped.judgment))
			whole = false;
		else
		{
			blocks = true;
			if (why_not == nullptr)
				why_not = WhyNotDropped(dropped.judgment);
		}
	}
	if (!whole || !(ours || blocks))
		return {};
	if (why_not == nullptr && blocks)
		why_not = WhyNotHere(sent.call, Operation::drop_index);
	if (why_not != nullptr || !really)
		return {false, why_not == nullptr, why_not};
	// First these: what is added may move the list.
	for (const Dropped &dropped : all)
	{
		if (dropped.create != nullptr)
			RemovePostponed(*dropped.create);
	}
	for (const Dropped &dropped : all)
	{
		if (dropped.create != nullptr)
			continue;
		if (dropped.missing != nullptr)
			ReportDroppedTwice(dropped.missing, requests.First().missing_ok);
		else
			Add(sent, dropped.judgment,
				psprintf("DROP INDEX CONCURRENTLY %s;", dropped.judgment.target.index.Quoted()),
				dropped.judgment.target.index.name, nullptr);
	}
	return {true, true};
}

} // namespace

const char *WhyNotAfterCommit(Operation operation)
{
	const CommandTag tag =
		operation == Operation::create_index ? CMDTAG_CREATE_INDEX : CMDTAG_DROP_INDEX;
	// filter_event_trigger() (event_trigger.c)
	const char disabled = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA
							  ? TRIGGER_FIRES_ON_ORIGIN
							  : TRIGGER_FIRES_ON_REPLICA;
	for (const EventTriggerCacheItem *trigger :
		 Each<const EventTriggerCacheItem>(EventCacheLookup(EVT_DDLCommandStart)))
	{
		if (trigger->enabled == disabled)
			continue;
		if (trigger->tagset == nullptr || bms_is_member(tag, trigger->tagset))
			return "an event trigger for ddl_command_start would be called after the commit";
	}
	return nullptr;
}

void RaiseIfTaken(Oid schema, const char *name)
{
	const Oid existing = get_relname_relid(name, schema);
	if (!OidIsValid(existing) || IsDropPostponed(existing))
		return;
	const auto invalid = FindInvalidIndex(schema, name);
	ReportExists(name, false, invalid.has_value() ? HintForTakenName(*invalid) : nullptr);
}

void RaiseIfPassedOver(const Node &statement)
{
	if (!IsAnyPostponed())
		return;
	const auto raise_if_meant = [](const RangeVar *name)
	{
		if (name != nullptr && FindMeant(*name) != nullptr)
			RaiseNotYet(name->relname, Operation::create_index);
	};
	if (const auto *create = IfA<IndexStmt>(&statement);
		create != nullptr && create->if_not_exists && create->idxname != nullptr)
	{
		const auto table = ReadClass(Resolve(*create->relation));
		if (table.has_value() && IsDropPostponed(get_relname_relid(create->idxname, table->schema)))
			RaiseNotYet(create->idxname, Operation::drop_index);
	}
	else if (const auto *drop = IfA<DropStmt>(&statement);
			 drop != nullptr && drop->missing_ok && drop->removeType == OBJECT_INDEX)
	{
		for (List *name : Each<List>(drop->objects))
			raise_if_meant(makeRangeVarFromNameList(name));
	}
	else if (const auto *alter = IfA<AlterTableStmt>(&statement);
			 alter != nullptr && alter->missing_ok)
		raise_if_meant(alter->relation);
	else if (const auto *rename = IfA<RenameStmt>(&statement);
			 rename != nullptr && rename->missing_ok)
		raise_if_meant(rename->relation);
}

Postponement Postpone(const psi_call &call, const Requests &requests, const Settings &settings,
					  const BuildOptions &options, bool really)
{
	const Request &first = requests.First();
	if (!settings.Checks(first.operation))
		return {};
	const Sent sent{call, settings, options, TextOf(*call.statement, call.query)};
	if (first.create != nullptr)
		return PostponeCreate(sent, first, really);
	return first.dropped != NIL ? PostponeDrop(sent, requests, really) : Postponement{};
}

} // namespace psi

extern "C" void psi_check_rename(const psi_call *call)
{
	psi::RaiseIfPassedOver(*call->statement->utilityStmt);
}
