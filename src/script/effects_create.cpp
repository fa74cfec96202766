// effects_create: CREATE TABLE, with what the table has of its parent or of LIKE.
#include "pg/list.hpp"
#include "script/effects_internal.hpp"

namespace psi
{

namespace
{

// A partition of a partitioned table that the script makes.
void CountLeaf(State &state, std::int64_t parent)
{
	while (parent != 0)
	{
		CHECK_FOR_INTERRUPTS();
		RelationFact fact = FactOf(state, parent);
		++fact.leaves;
		if (fact.first_leaf == 0)
			fact.first_leaf = state.transaction;
		state.Put(fact);
		parent = fact.IsLive() ? 0 : fact.table;
	}
}

// The parent, found before there is the new table, which may have its name. Sets what the table has
// of it.
void SetParent(State &state, const Found &parent, RelationFact &fact)
{
	// Nobody has so many levels, and each partition is counted on all of them.
	constexpr int max_depth = 32;
	fact.unclear = fact.unclear || !parent.Is();
	fact.table = parent.number;
	fact.depth = parent.Is() ? parent.fact.depth + 1 : 0;
	if (fact.depth > max_depth)
		state.Add(Doubt::session);
}

void AddPartition(State &state, const Found &parent, const RelationFact &fact)
{
	// It gets the indexes of its parent, under names that PostgreSQL chooses.
	state.Add(Doubt::names);
	if (parent.Is() && fact.kind != RelationKind::partitioned_table &&
		state.Find(Doubt::session) == nullptr)
		CountLeaf(state, parent.number);
}

// The first LIKE is looked up for columns. It may take indexes along.
void AddLike(State &state, RelationFact &fact, const TableLikeClause &like)
{
	const Found source = FindRelation(state, *like.relation);
	if (fact.like == 0 && fact.table == 0 && source.Is())
		fact.like = source.number;
	else
		fact.has_columns = false;
	if ((like.options & CREATE_TABLE_LIKE_INDEXES) != 0)
	{
		fact.unclear_indexes = true;
		state.Add(Doubt::names);
	}
}

} // namespace

void ApplyCreateTable(State &state, const CreateStmt &create)
{
	Found parent;
	const int parents = list_length(create.inhRelations);
	if (parents == 1)
		parent = FindRelation(
			state, *As<const RangeVar>(static_cast<Node *>(linitial(create.inhRelations))));
	const std::int64_t number = AddRelation(
		state, *create.relation,
		create.partspec != nullptr ? RelationKind::partitioned_table : RelationKind::table,
		create.if_not_exists);
	if (number == 0)
		return;
	RelationFact fact = FactOf(state, number);
	fact.has_columns = parents <= 1 && create.ofTypename == nullptr;
	fact.dropped_at_end = create.oncommit == ONCOMMIT_DROP;
	if (parents == 1)
		SetParent(state, parent, fact);
	state.Put(fact);
	for (const Node *element : Each<const Node>(create.tableElts))
	{
		if (const auto *column = IfA<ColumnDef>(element))
		{
			// A partition says more about a column that its parent has.
			if (column->typeName != nullptr)
				AddColumn(state, fact, *column);
			else
				AddIndexesOf(state, fact, column->constraints, column->colname);
		}
		else if (const auto *constraint = IfA<Constraint>(element))
			AddIndexesOf(state, fact, list_make1(const_cast<Constraint *>(constraint)), nullptr);
		else
		{
			AddLike(state, fact, *As<TableLikeClause>(element));
		}
	}
	state.Put(fact);
	if (create.partbound != nullptr && parents == 1)
		AddPartition(state, parent, fact);
}

} // namespace psi
