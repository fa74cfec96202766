// target_attach: ALTER TABLE ... ATTACH PARTITION, which builds every index of the partitioned
// table that the partition lacks.
#include "catalog/index_match.hpp"
#include "catalog/target_commands.hpp"
#include "pg/array.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

// Returns the column of this name, or null.
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

// Is the column of a partition NOT NULL as PostgreSQL wants it for that of the parent? From 18 on
// a constraint that is not valid will not do if the parent's is (MergeConstraintsIntoExisting()).
bool IsNotNullFor(const FormData_pg_attribute &parent, const FormData_pg_attribute &column)
{
	return column.attnotnull && (IsNotNullFitForKey(column.attrelid, column.attnum) ||
								 !IsNotNullFitForKey(parent.attrelid, parent.attnum));
}

// Does `other` have every column of `columns`, with the same type, and if `not_null` is set marked
// NOT NULL where that one is? If not, PostgreSQL refuses the command
// (MergeAttributesIntoExisting()).
bool HasColumns(TupleDesc columns, TupleDesc other, bool not_null)
{
	for (int i = 0; i < columns->natts; ++i)
	{
		const FormData_pg_attribute *column = TupleDescAttr(columns, i);
		if (column->attisdropped)
			continue;
		const FormData_pg_attribute *match = FindColumn(other, NameStr(column->attname));
		if (match == nullptr || match->atttypid != column->atttypid ||
			match->atttypmod != column->atttypmod ||
			(not_null && column->attnotnull && !IsNotNullFor(*column, *match)))
			return false;
	}
	return true;
}

// An index of the partition that may correspond to one of the partitioned table.
struct Candidate
{
	ComparableIndex index;
	bool used; // it corresponds to an index already, and cannot be attached to a second one
};

// What is found out about the indexes of the two tables.
struct Comparison
{
	Relation parent = nullptr;
	Relation partition = nullptr;
	AttrMap *columns = nullptr;
	Array<Candidate> candidates;
	Array<MissingIndex> missing;
	bool unseen = false;  // an index, or a table, could not be opened at once
	bool has_key = false; // the partition has a primary key
};

// Reads each index of the partition once, however many indexes the partitioned table has.
void ReadCandidates(Comparison &comparison)
{
	const auto read = [&comparison](Relation index)
	{
		comparison.has_key = comparison.has_key || index->rd_index->indisprimary;
		if (!index->rd_rel->relispartition && index->rd_index->indisvalid)
			comparison.candidates.Add(
				{ReadComparable(index, RelationGetRelid(comparison.partition)), false});
	};
	for (const Oid id : EachOid(RelationGetIndexList(comparison.partition)))
	{
		if (!WithRelationAtOnce(id, read))
			comparison.unseen = true;
	}
}

// Does the partition have an index that can be attached to this one
// (AttachPartitionEnsureIndexes())?
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

// Notes down an index of the partitioned table that the partition lacks.
void AddIfMissing(Comparison &comparison, Relation parent_index)
{
	if (parent_index->rd_rel->relkind != RELKIND_PARTITIONED_INDEX ||
		HasMatch(comparison, parent_index))
		return;
	Oid constraint = InvalidOid;
	const IndexStmt *create =
		generateClonedIndexStmt(nullptr, parent_index, comparison.columns, &constraint);
	const auto row = ReadClass(RelationGetRelid(parent_index));
	if (row.has_value())
		comparison.missing.Add({NameOf(*row), create});
}

// Compares the indexes of the two tables. False if PostgreSQL refuses to attach the partition
// because its columns differ.
bool CompareTables(Comparison &comparison)
{
	const TupleDesc parent_columns = RelationGetDescr(comparison.parent);
	const TupleDesc columns = RelationGetDescr(comparison.partition);
	if (!HasColumns(parent_columns, columns, true) || !HasColumns(columns, parent_columns, false))
		return false;

	const auto compare = [&comparison](Relation index) { AddIfMissing(comparison, index); };
	const List *indexes = RelationGetIndexList(comparison.parent);
	comparison.columns = MapColumns(columns, parent_columns);
	ReadCandidates(comparison);
	for (const Oid index : EachOid(indexes))
	{
		if (!WithRelationAtOnce(index, compare))
			comparison.unseen = true;
	}
	return true;
}

// Finds the indexes that the command would build, and fills in the facts that follow from them.
void FindMissingIndexes(Oid parent, Oid partition, Target &target)
{
	Comparison comparison;
	bool attachable = true;
	const auto compare = [&](Relation table)
	{
		comparison.partition = table;
		attachable = CompareTables(comparison);
	};
	const auto open_partition = [&](Relation table)
	{
		comparison.parent = table;
		if (!WithRelationAtOnce(partition, compare))
			comparison.unseen = true;
	};
	const bool opened = WithRelationAtOnce(parent, open_partition);
	// PostgreSQL finds a second primary key when it comes to it: at once, or after it has built
	// what comes before.
	int key = 0;
	while (key < comparison.missing.Count() && !comparison.missing[key].create->primary)
		++key;
	target.second_key = comparison.has_key && key < comparison.missing.Count();
	target.facts.resolves = attachable && !(target.second_key && key == 0);
	target.missing = {comparison.missing.begin(), comparison.missing.Count()};
	target.unseen = !opened || comparison.unseen;
	target.facts.idle = !target.unseen && target.missing.count == 0;
}

} // namespace

// Follows ATExecAttachPartition().
Target LookAtAttachPartition(const Request &request, const Circumstances &circumstances)
{
	Target target;
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
		return target; // a foreign table has no indexes
	target.facts.permitted = OwnsRelation(partition->id, GetUserId());
	if (!target.facts.permitted)
		return target;

	DescribeTable(*partition, false, circumstances, target);
	if (target.facts.catalog || target.facts.temporary ||
		(target.facts.created && target.facts.standing == 0))
		return target;

	FindMissingIndexes(parent->id, partition->id, target);
	return target;
}

} // namespace psi
