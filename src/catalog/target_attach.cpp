// target_attach: ALTER TABLE ... ATTACH PARTITION, which builds every index of the partitioned
// table that the partition lacks.
#include "catalog/target_parts.hpp"

#include "catalog/index_match.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// The column of that name, or null.
const FormData_pg_attribute *FindColumn(TupleDesc columns, const char *name)
{
	for (int i = 0; i < columns->natts; ++i)
	{
		const FormData_pg_attribute *column = TupleDescAttr(columns, i);
		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return column;
	}
	return nullptr;
}

// Does `other` have every column of `columns`, with the same type? If not, PostgreSQL refuses.
bool HasColumns(TupleDesc columns, TupleDesc other)
{
	for (int i = 0; i < columns->natts; ++i)
	{
		const FormData_pg_attribute *column = TupleDescAttr(columns, i);
		if (column->attisdropped)
			continue;
		const FormData_pg_attribute *match = FindColumn(other, NameStr(column->attname));
		if (match == nullptr || match->atttypid != column->atttypid ||
			match->atttypmod != column->atttypmod)
			return false;
	}
	return true;
}

// An index of the partition that may serve for one of the partitioned table.
struct Candidate
{
	ComparableIndex index;
	bool used; // it matches one already: each can serve once
};

// What is found out about the indexes of the two tables.
struct Comparison
{
	Relation parent;
	Relation partition;
	AttrMap *columns;
	Array<Candidate> candidates;
	MissingIndex *missing;
	int missing_count;
	bool unseen;
};

// Reads each index of the partition once, however many there are on the partitioned table.
void ReadCandidates(Comparison &comparison)
{
	for (const Oid id : EachOid(RelationGetIndexList(comparison.partition)))
	{
		const auto read = [&](Relation index)
		{
			if (!index->rd_rel->relispartition && index->rd_index->indisvalid)
				comparison.candidates.Add(
					{ReadComparable(index, RelationGetRelid(comparison.partition)), false});
		};
		if (!WithRelationAtOnce(id, read))
			comparison.unseen = true;
	}
}

// AttachPartitionEnsureIndexes(): is there an index on the partition that can be attached to this
// one?
bool HasMatch(Comparison &comparison, Relation parent_index)
{
	const ComparableIndex wanted =
		ReadComparable(parent_index, RelationGetRelid(comparison.parent));
	for (Candidate &candidate : comparison.candidates)
	{
		CHECK_FOR_INTERRUPTS();
		if (candidate.used || !Corresponds(candidate.index, wanted, comparison.columns) ||
			!HasConstraintFor(candidate.index, wanted))
			continue;
		candidate.used = true;
		return true;
	}
	return false;
}

void CompareIndex(Comparison &comparison, Relation parent_index)
{
	if (parent_index->rd_rel->relkind != RELKIND_PARTITIONED_INDEX ||
		HasMatch(comparison, parent_index))
		return;
	Oid constraint = InvalidOid;
	const IndexStmt *create =
		generateClonedIndexStmt(nullptr, parent_index, comparison.columns, &constraint);
	const auto row = ReadClass(RelationGetRelid(parent_index));
	if (row.has_value())
		comparison.missing[comparison.missing_count++] = {NameOf(*row), create};
}

// False if PostgreSQL refuses to attach this table to that one.
bool Compare(Comparison &comparison)
{
	const TupleDesc parent_columns = RelationGetDescr(comparison.parent);
	const TupleDesc columns = RelationGetDescr(comparison.partition);
	if (!HasColumns(parent_columns, columns) || !HasColumns(columns, parent_columns))
		return false;

	List *indexes = RelationGetIndexList(comparison.parent);
	comparison.columns = MapColumns(columns, parent_columns);
	ReadCandidates(comparison);
	comparison.missing =
		static_cast<MissingIndex *>(palloc(sizeof(MissingIndex) * (list_length(indexes) + 1)));
	for (int i = 0; i < list_length(indexes); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		if (!WithRelationAtOnce(list_nth_oid(indexes, i),
								[&](Relation index) { CompareIndex(comparison, index); }))
			comparison.unseen = true;
	}
	return true;
}

} // namespace

// ATExecAttachPartition().
Target LookAtAttachPartition(const Request &request, const Circumstances &circumstances)
{
	Target target{};
	const auto parent = ReadClass(Resolve(*request.name));
	if (!parent.has_value() || parent->kind != RELKIND_PARTITIONED_TABLE)
		return target;
	target.facts.resolves = true;
	target.facts.permitted = OwnsRelation(parent->id, GetUserId());
	if (!target.facts.permitted)
		return target;

	const auto partition = ReadClass(Resolve(*request.attach->name));
	target.facts.resolves =
		partition.has_value() && !partition->is_partition &&
		(partition->kind == RELKIND_RELATION || partition->kind == RELKIND_PARTITIONED_TABLE);
	if (!target.facts.resolves)
		return target; // or a foreign table, which has no indexes
	target.facts.permitted = OwnsRelation(partition->id, GetUserId());
	if (!target.facts.permitted)
		return target;

	DescribeTable(*partition, false, circumstances, target);
	if (target.facts.catalog || target.facts.temporary ||
		(target.facts.created && target.facts.standing == 0))
		return target;

	Comparison comparison{};
	bool attachable = true;
	const bool opened =
		WithRelationAtOnce(parent->id,
						   [&](Relation parent_table)
						   {
							   comparison.parent = parent_table;
							   if (!WithRelationAtOnce(partition->id,
													   [&](Relation table)
													   {
														   comparison.partition = table;
														   attachable = Compare(comparison);
													   }))
								   comparison.unseen = true;
						   });
	target.facts.resolves = attachable;
	target.missing = {comparison.missing, comparison.missing_count};
	target.unseen = !opened || comparison.unseen;
	target.facts.idle = !target.unseen && target.missing.count == 0;
	return target;
}

} // namespace psi
