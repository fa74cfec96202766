// target: for each operation, the rules by which PostgreSQL itself finds and refuses its target.
#include "target.hpp"

namespace psi
{

namespace
{

Oid Resolve(const RangeVar &name)
{
	return RangeVarGetRelidExtended(&name, NoLock, RVR_MISSING_OK, nullptr, nullptr);
}

// What both operations want to know of the table. `only`: its partitions do not matter.
void DescribeTable(const ClassRow &table, bool only, std::int64_t enough, Target &target)
{
	TableFacts &facts = target.facts;
	target.table_id = table.id;
	target.schema = table.schema;
	target.table = NameOf(table);

	facts.catalog = table.is_system;
	facts.temporary = table.persistence == RELPERSISTENCE_TEMP;
	facts.created = IsCreatedHere(table.id);
	facts.only = only;
	// The rest does not matter then, and need not be paid for. A new partitioned table is not
	// enough: an old table may have been attached to it.
	if (facts.catalog || facts.temporary ||
		(facts.created && table.kind != RELKIND_PARTITIONED_TABLE))
		return;

	switch (table.kind)
	{
	case RELKIND_PARTITIONED_TABLE:
		facts.kind = TableKind::partitioned_table;
		if (only)
			break;
		target.tree = WalkPartitions(table.id, enough);
		facts.leaves = target.tree.leaves;
		facts.standing_leaves = target.tree.standing_leaves;
		facts.size = target.tree.size;
		break;
	case RELKIND_MATVIEW:
		facts.kind = TableKind::materialized_view;
		facts.size = MainForkSize(table.id);
		break;
	default:
		facts.kind = TableKind::table;
		facts.size = MainForkSize(table.id);
		break;
	}
}

bool AllColumnsExist(const List *elements, Oid table)
{
	for (int i = 0; i < list_length(elements); ++i)
	{
		const auto *element = static_cast<const IndexElem *>(list_nth(elements, i));
		// An index on a system column is refused as well.
		if (element->name != nullptr && get_attnum(table, element->name) <= 0)
			return false;
	}
	return true;
}

// standard_ProcessUtility() and DefineIndex(): RangeVarCallbackOwnsRelation(), then CREATE on the
// schema.
Target LookAtCreateIndex(const Request &request, std::int64_t enough)
{
	Target target{};
	const auto table = ReadClass(Resolve(*request.name));
	if (!table.has_value() || (table->kind != RELKIND_RELATION && table->kind != RELKIND_MATVIEW &&
							   table->kind != RELKIND_PARTITIONED_TABLE))
		return target;

	TableFacts &facts = target.facts;
	facts.resolves = true;
	facts.permitted =
		OwnsRelation(table->id, GetUserId()) && MayCreateIn(table->schema, GetUserId());
	if (!facts.permitted)
		return target;
	if (!AllColumnsExist(request.create->indexParams, table->id) ||
		!AllColumnsExist(request.create->indexIncludingParams, table->id))
	{
		facts.resolves = false;
		return target;
	}

	DescribeTable(*table, !request.name->inh, enough, target);
	// A unique index cannot reach into a foreign table: PostgreSQL refuses.
	if (request.create->unique && target.tree.foreign_leaves > 0)
		facts.resolves = false;
	return target;
}

// RemoveRelations() and RangeVarCallbackForDropRelation().
Target LookAtDropIndex(const Request &request, std::int64_t enough)
{
	Target target{};
	const auto index = ReadClass(Resolve(*request.name));
	if (!index.has_value())
	{
		target.ends_command = !request.missing_ok;
		return target;
	}
	if (index->kind != RELKIND_INDEX && index->kind != RELKIND_PARTITIONED_INDEX)
	{
		target.ends_command = true;
		return target;
	}

	const auto table = ReadClass(IndexGetRelation(index->id, true));
	if (!table.has_value())
		return target; // dropped while we look

	TableFacts &facts = target.facts;
	facts.resolves = true;
	// The owner of the index or of its schema may drop it.
	facts.permitted =
		OwnsRelation(index->id, GetUserId()) || OwnsSchema(index->schema, GetUserId());
	if (!facts.permitted)
	{
		target.ends_command = true;
		return target;
	}

	// The index of a constraint or of a partitioned index cannot be dropped by itself. That is
	// found out after all names were locked, so it does not end the walk over them: another name
	// may be the one that this index is a part of.
	if (index->is_partition || OidIsValid(get_index_constraint(index->id)))
	{
		facts.resolves = false;
		return target;
	}

	DescribeTable(*table, false, enough, target);
	target.index = NameOf(*index);
	return target;
}

// The names of the columns of the index to be, joined with underscores, as PostgreSQL does it: made
// unique among themselves by a number.
const char *JoinColumnNames(const IndexStmt &create)
{
	List *elements = list_concat_copy(create.indexParams, create.indexIncludingParams);
	List *names = NIL;
	StringInfoData joined;
	initStringInfo(&joined);

	for (int i = 0; i < list_length(elements); ++i)
	{
		const auto *element = static_cast<const IndexElem *>(list_nth(elements, i));
		const char *given = element->indexcolname;
		if (given == nullptr)
			given = element->name != nullptr ? element->name : FigureIndexColname(element->expr);
		if (given == nullptr)
			given = "expr";

		const auto is_taken = [names](const char *candidate)
		{
			for (int j = 0; j < list_length(names); ++j)
			{
				if (strcmp(static_cast<const char *>(list_nth(names, j)), candidate) == 0)
					return true;
			}
			return false;
		};
		char *name = pstrdup(given);
		for (int number = 1; is_taken(name); ++number)
		{
			char *digits = psprintf("%d", number);
			const int room = NAMEDATALEN - 1 - static_cast<int>(strlen(digits));
			const int kept = pg_mbcliplen(given, static_cast<int>(strlen(given)), room);
			name = psprintf("%.*s%s", kept, given, digits);
		}
		names = lappend(names, name);
		if (joined.len < NAMEDATALEN)
			appendStringInfo(&joined, "%s%s", i > 0 ? "_" : "", name);
	}
	return joined.data;
}

} // namespace

Target Look(const Request &request, std::int64_t enough)
{
	// Inside a transaction the caches may still hold a name that another session has given to
	// another table since. The command itself will notice when it takes its lock.
	AcceptInvalidationMessages();
	return request.operation == Operation::create_index ? LookAtCreateIndex(request, enough)
														: LookAtDropIndex(request, enough);
}

void RaiseAnalysisErrors(const IndexStmt &create, const Target &target, const char *query)
{
	WithRelationAtOnce(target.table_id,
					   [&](Relation)
					   {
						   // It works in place, and the tree may belong to a cached plan.
						   auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
						   transformIndexStmt(target.table_id, copy, query);
					   });
}

const char *ChooseIndexName(const IndexStmt &create, const RelationName &table, Oid schema, int nth)
{
	const char *label = nth == 0 ? "idx" : psprintf("idx%d", nth);
	return ChooseRelationName(table.name, JoinColumnNames(create), label, schema, false);
}

} // namespace psi
