// target_attach: ALTER TABLE ... ATTACH PARTITION, which builds every index of the partitioned
// table that the partition lacks.
#include "catalog/target_parts.hpp"

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
	IndexInfo *info;
	Oid *collations;
	Oid *families;
	Oid constraint;
	bool used; // it matches one already: each can serve once
};

// What is found out about the indexes of the two tables.
struct Comparison
{
	Relation parent;
	Relation partition;
	AttrMap *columns;
	Candidate *candidates;
	int candidate_count;
	MissingIndex *missing;
	int missing_count;
	bool unseen;
};

Oid *CopyOids(const Oid *oids, int count)
{
	auto *copy = static_cast<Oid *>(palloc(sizeof(Oid) * count));
	memcpy(copy, oids, sizeof(Oid) * count);
	return copy;
}

// Reads each index of the partition once, however many there are on the partitioned table.
void ReadCandidates(Comparison &comparison)
{
	const Oid partition = RelationGetRelid(comparison.partition);
	const List *indexes = RelationGetIndexList(comparison.partition);
	comparison.candidates =
		static_cast<Candidate *>(palloc(sizeof(Candidate) * (list_length(indexes) + 1)));
	for (int i = 0; i < list_length(indexes); ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Oid id = list_nth_oid(indexes, i);
		const auto read = [&](Relation index)
		{
			if (index->rd_rel->relispartition || !index->rd_index->indisvalid)
				return;
			const int keys = IndexRelationGetNumberOfKeyAttributes(index);
			comparison.candidates[comparison.candidate_count++] = {
				BuildIndexInfo(index), CopyOids(index->rd_indcollation, keys),
				CopyOids(index->rd_opfamily, keys), get_relation_idx_constraint_oid(partition, id),
				false};
		};
		if (!WithRelationAtOnce(id, read))
			comparison.unseen = true;
	}
}

// AttachPartitionEnsureIndexes(): is there an index on the partition that can be attached to this
// one?
bool HasMatch(Comparison &comparison, Relation parent_index)
{
	IndexInfo *wanted = BuildIndexInfo(parent_index);
	const Oid constraint = get_relation_idx_constraint_oid(RelationGetRelid(comparison.parent),
														   RelationGetRelid(parent_index));
	for (int i = 0; i < comparison.candidate_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		Candidate &candidate = comparison.candidates[i];
		if (candidate.used ||
			!CompareIndexInfo(candidate.info, wanted, candidate.collations,
							  parent_index->rd_indcollation, candidate.families,
							  parent_index->rd_opfamily, comparison.columns))
			continue;
		if (OidIsValid(constraint) &&
			(!OidIsValid(candidate.constraint) ||
			 !IsSameTypeOfConstraint(constraint, candidate.constraint)))
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
