// known: one function for each kind of operation. What it cannot tell it calls unknown.
#include "script/known.hpp"

#include "catalog/index.hpp"
#include "catalog/table_description.hpp"
#include "pg/list.hpp"
#include "script/known_columns.hpp"
#include "script/names.hpp"

namespace psi
{

namespace
{

RelationName NameIn(const State &state, const RelationFact &fact)
{
	return {fact.schema, fact.name, FindRelation(state, nullptr, fact.name).number == fact.number};
}

void Refuse(Finding &finding, const char *why)
{
	finding.refusal = why;
	finding.judgment.target.facts.resolves = false;
}

void RefuseMissing(Finding &finding)
{
	finding.judgment.target.facts.resolves = false;
	if (!finding.judgment.request.missing_ok)
		Refuse(finding, psprintf("relation \"%s\" does not exist", finding.object));
}

const char *NotFollowed(const RelationFact &fact)
{
	return psprintf("The script has changed \"%s\" in a way that is not followed.", fact.name);
}

// Fills in the table, and what is known about it.
void DescribeKnown(const State &state, const RelationFact &table, bool only,
				   const Settings &settings, Finding &finding)
{
	Target &target = finding.judgment.target;
	TableFacts &facts = target.facts;
	facts.resolves = true;
	if (table.unclear)
		finding.unknown = NotFollowed(table);
	if (table.IsLive())
	{
		const auto row = ReadClass(table.Id());
		if (!row.has_value())
		{
			RefuseMissing(finding);
			return;
		}
		Circumstances circumstances;
		circumstances.wanted.enough = settings.min_table_size;
		circumstances.sized = true;
		DescribeTable(*row, only, circumstances, target);
		facts.permitted = MayOwn(table);
		target.table = NameIn(state, table);
		// Partitions that the script has made are not in the catalogs.
		if (table.leaves > 0 && facts.standing == 0)
			finding.unknown = NotFollowed(table);
		return;
	}
	target.table = NameIn(state, table);
	target.schema = LookupNamespaceNoError(table.schema);
	facts.kind = table.kind == RelationKind::partitioned_table ? TableKind::partitioned_table
															   : TableKind::table;
	facts.only = only;
	facts.temporary = table.temporary;
	facts.created = table.created == state.transaction;
	facts.members = table.leaves;
	facts.standing =
		table.first_leaf != 0 && table.first_leaf < state.transaction ? table.leaves : 0;
	facts.permitted = has_privs_of_role(GetUserId(), table.owner);
	finding.plain = facts.kind == TableKind::table;
	// Nothing that would fill it has been in the script: Doubt::sizes.
	facts.size = 0;
}

void Conclude(Finding &finding, const Settings &settings)
{
	const Request &request = finding.judgment.request;
	finding.judgment.verdict =
		Judge(request.operation, request.concurrently, finding.judgment.target.facts, settings);
}

// IF NOT EXISTS and a name that is taken.
void LookAtNewName(const State &state, const RelationFact &table, Finding &finding)
{
	const IndexStmt &create = *finding.judgment.request.create;
	if (create.idxname == nullptr)
		return;
	const Found taken = FindIn(state, table.schema, create.idxname);
	if (!taken.Is())
		return;
	Target &target = finding.judgment.target;
	const bool invalid = taken.fact.IsLive() && !taken.touched && !IsValidIndex(taken.fact.Id()) &&
						 taken.fact.kind == RelationKind::index;
	target.exists = true;
	if (create.if_not_exists && invalid)
	{
		target.invalid = FindInvalidIndex(target.schema, create.idxname);
		target.facts.skips_invalid = target.invalid.has_value();
	}
	else if (!create.if_not_exists && !invalid)
		Refuse(finding, psprintf("relation \"%s\" already exists", create.idxname));
}

// The table of the request, described in the finding; refused if there is none of that name.
Found FindTable(const State &state, const Settings &settings, Finding &finding)
{
	const RangeVar &name = *finding.judgment.request.name;
	const Found table = FindRelation(state, name);
	if (!table.Is() || table.fact.kind == RelationKind::index ||
		table.fact.kind == RelationKind::other)
	{
		RefuseMissing(finding);
		return {};
	}
	DescribeKnown(state, table.fact, !name.inh, settings, finding);
	return table;
}

void JudgeCreate(const State &state, const Settings &settings, Finding &finding)
{
	const Request &request = finding.judgment.request;
	const Found table = FindTable(state, settings, finding);
	if (!table.Is())
		return;
	if (table.fact.IsLive())
		finding.judgment.target.facts.permitted =
			finding.judgment.target.facts.permitted &&
			MayCreateIn(finding.judgment.target.schema, GetUserId());
	LookAtNewName(state, table.fact, finding);
	Conclude(finding, settings);
	const Reason reason = finding.judgment.verdict.reason;
	if (reason == Reason::violation || reason == Reason::concurrent)
		CheckColumns(state, table.fact, *request.create, finding.refusal, finding.unknown);
}

// An index that is dropped, rebuilt or moved.
void JudgeIndex(const State &state, const Found &index, const Settings &settings, Finding &finding)
{
	Target &target = finding.judgment.target;
	if (!index.Is())
	{
		RefuseMissing(finding);
		return;
	}
	if (index.fact.kind != RelationKind::index)
	{
		Refuse(finding, psprintf("\"%s\" is not an index", finding.object));
		return;
	}
	const bool drop = finding.judgment.request.operation == Operation::drop_index;
	DescribeKnown(state, FactOf(state, index.fact.table),
				  finding.judgment.request.operation == Operation::move_index, settings, finding);
	const RelationFact table = FactOf(state, index.fact.table);
	if (index.fact.IsLive() && !OidIsValid(table.owner))
		target.facts.permitted = OwnsRelation(index.fact.Id(), GetUserId());
	target.index = NameIn(state, index.fact);
	// One that the script makes has no OID. Only that two of them differ matters.
	target.index_id =
		index.fact.IsLive() ? index.fact.Id() : static_cast<Oid>(PG_UINT32_MAX + index.number);
	target.exclusion = index.fact.IsLive() && IsExclusionIndex(index.fact.Id());
	if (index.fact.unclear)
		finding.unknown = NotFollowed(index.fact);
	else if (drop && index.fact.constraint)
		Refuse(finding, psprintf("cannot drop index \"%s\", which belongs to a constraint",
								 index.fact.name));
	else if (drop && index.fact.attached)
		Refuse(finding,
			   psprintf("cannot drop index \"%s\", which is attached to another", index.fact.name));
	else if (drop && index.fact.IsLive())
	{
		const auto row = ReadClass(index.fact.Id());
		if (row.has_value() && row->is_partition)
			Refuse(finding, psprintf("cannot drop index \"%s\", which is attached to another",
									 index.fact.name));
	}
	Conclude(finding, settings);
}

// Is it certain that there is something to rebuild?
bool HasIndex(const State &state, const RelationFact &table)
{
	if (table.unclear_indexes)
		return false;
	if (table.made_indexes > 0)
		return true;
	if (!table.IsLive())
		return false;
	for (const Oid index : EachOid(IndexesOf(table.Id())))
	{
		if (!FactOf(state, index).gone)
			return true;
	}
	return false;
}

// PostgreSQL rebuilds the indexes of partitions in transactions of their own (ReindexPartitions()).
void RefuseTreeInBlock(const State &state, Finding &finding)
{
	const Request &request = finding.judgment.request;
	if (state.in_block && request.operation == Operation::reindex &&
		finding.judgment.target.facts.kind == TableKind::partitioned_table &&
		finding.refusal == nullptr)
		Refuse(finding, request.reindex->kind == REINDEX_OBJECT_INDEX
							? "REINDEX INDEX cannot run inside a transaction block"
							: "REINDEX TABLE cannot run inside a transaction block");
}

void JudgeReindex(const State &state, const Settings &settings, Finding &finding)
{
	const Request &request = finding.judgment.request;
	const Found found = FindRelation(state, *request.name);
	if (request.operation == Operation::move_index || request.reindex->kind == REINDEX_OBJECT_INDEX)
	{
		finding.nothing = request.operation == Operation::move_index && found.Is() &&
						  found.fact.kind != RelationKind::index;
		JudgeIndex(state, found, settings, finding);
		RefuseTreeInBlock(state, finding);
		return;
	}
	if (!found.Is() || found.fact.kind == RelationKind::index ||
		found.fact.kind == RelationKind::other)
	{
		RefuseMissing(finding);
		return;
	}
	DescribeKnown(state, found.fact, false, settings, finding);
	if (found.fact.IsLive() && !OidIsValid(found.fact.owner))
		finding.judgment.target.facts.permitted =
			MayReindex(found.fact.Id(), found.fact.Id(), GetUserId());
	Conclude(finding, settings);
	RefuseTreeInBlock(state, finding);
	if (finding.judgment.verdict.reason == Reason::violation && !HasIndex(state, found.fact))
		finding.unknown = NotFollowed(found.fact);
}

void JudgeUsedIndex(const State &state, const Found &table, Finding &finding)
{
	const char *name = finding.judgment.request.constraint->indexname;
	const Found index = FindIn(state, table.fact.schema, name);
	if (!index.Is() || index.fact.kind != RelationKind::index)
		Refuse(finding, psprintf("index \"%s\" does not exist", name));
	else if (index.fact.table != table.number)
		Refuse(finding,
			   psprintf("index \"%s\" does not belong to table \"%s\"", name, table.fact.name));
	else
	{
		// The columns of an index in the catalogs may have been renamed.
		if (index.fact.create == nullptr || !index.fact.create->unique)
			finding.unknown = NotFollowed(table.fact);
		CheckUsedIndex(state, table.fact, index.fact, finding);
	}
}

void JudgeConstraint(const State &state, const Settings &settings, Finding &finding)
{
	const Request &request = finding.judgment.request;
	const Found table = FindTable(state, settings, finding);
	if (!table.Is())
		return;
	if (request.uses_index)
	{
		JudgeUsedIndex(state, table, finding);
		Conclude(finding, settings);
		return;
	}
	Conclude(finding, settings);
	if (finding.judgment.verdict.reason != Reason::violation)
		return;
	const char *name = request.constraint->conname;
	const Found taken = name != nullptr ? FindIn(state, table.fact.schema, name) : Found{};
	// An index of the table may be one that an earlier attempt has left for the constraint.
	if (taken.Is() && taken.fact.table == table.number)
		finding.unknown = NotFollowed(table.fact);
	else if (taken.Is())
		Refuse(finding, psprintf("relation \"%s\" already exists", name));
	else
		CheckKeys(state, table.fact, request, finding);
}

void JudgeAttach(const State &state, const Settings &settings, Finding &finding)
{
	const Request &request = finding.judgment.request;
	const Found parent = FindRelation(state, *request.name);
	const Found partition = FindRelation(state, *request.attach->name);
	if (!parent.Is() || !partition.Is())
	{
		RefuseMissing(finding);
		return;
	}
	if (partition.fact.kind == RelationKind::other)
	{
		// A foreign table has no indexes.
		finding.judgment.verdict = {Reason::no_build, Lock::none};
		return;
	}
	DescribeKnown(state, partition.fact, false, settings, finding);
	Conclude(finding, settings);
	const Reason reason = finding.judgment.verdict.reason;
	if (reason != Reason::created && reason != Reason::temporary && reason != Reason::not_owner)
		finding.unknown = NotFollowed(partition.touched ? partition.fact : parent.fact);
}

} // namespace

bool IsTouched(const State &state, const Request &request, const char *&denied)
{
	bool touched = false;
	const auto note = [&](const Found &found)
	{
		touched = touched || found.touched;
		denied = denied != nullptr ? denied : found.denied;
		return found;
	};
	if (request.dropped != NIL)
		note(FindRelation(state, request.dropped));
	if (request.attach != nullptr)
		note(FindRelation(state, *request.attach->name));
	if (request.name == nullptr)
		return touched;
	const Found found = note(FindRelation(state, *request.name));
	const char *name = request.create != nullptr       ? request.create->idxname
					   : request.constraint != nullptr ? request.constraint->conname
													   : nullptr;
	if (found.Is() && name != nullptr)
		note(FindIn(state, found.fact.schema, name));
	return touched;
}

Finding JudgeKnown(const State &state, const Request &request, const Settings &settings)
{
	Finding finding;
	finding.judgment.request = request;
	finding.object = ObjectOf(request);
	switch (request.operation)
	{
	case Operation::create_index:
		JudgeCreate(state, settings, finding);
		break;
	case Operation::drop_index:
		JudgeIndex(state, FindRelation(state, request.dropped), settings, finding);
		break;
	case Operation::reindex:
	case Operation::move_index:
		JudgeReindex(state, settings, finding);
		break;
	case Operation::add_constraint:
		JudgeConstraint(state, settings, finding);
		break;
	case Operation::attach_partition:
		JudgeAttach(state, settings, finding);
		break;
	}
	if (!finding.judgment.target.facts.resolves && !finding.nothing)
		Conclude(finding, settings);
	return finding;
}

const char *ObjectOf(const Request &request)
{
	if (request.dropped != NIL)
		return NameListToString(request.dropped);
	if (request.name != nullptr)
		return request.name->schemaname != nullptr
				   ? psprintf("%s.%s", request.name->schemaname, request.name->relname)
				   : request.name->relname;
	if (request.reindex != nullptr)
		return request.reindex->name;
	return request.move_all != nullptr ? request.move_all->orig_tablespacename : nullptr;
}

} // namespace psi
