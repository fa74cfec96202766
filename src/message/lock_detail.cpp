// lock_detail: a sentence for each kind of lock, then what the command would build or drop.
#include "message/lock_detail.hpp"

#include "plan/remedy.hpp"

namespace psi
{

namespace
{

const char *SizeText(const TableFacts &facts)
{
	if (!facts.size.has_value())
		return "";
	return psprintf(" (%s)", text_to_cstring(DatumGetTextPP(
								 DirectFunctionCall1(pg_size_pretty, Int64GetDatum(*facts.size)))));
}

// "the table (8 MB)", "the table and its 3 leaf partitions"
const char *Locked(const TableFacts &facts)
{
	if (facts.kind != TableKind::partitioned_table)
		return psprintf("the %s%s", NameOf(facts.kind), SizeText(facts));
	if (facts.members == 0)
		return "the table";
	return facts.members == 1 ? "the table and its leaf partition"
							  : psprintf("the table and its %d leaf partitions", facts.members);
}

// Until when a lock is held that is held until `event`.
const char *Until(const char *event, bool in_block)
{
	return in_block ? "the transaction ends" : event;
}

// Until when an index is built.
const char *UntilBuilt(const TableFacts &facts, int indexes, bool in_block)
{
	return Until(psprintf("the %s built%s", indexes > 1 ? "indexes are" : "index is",
						  facts.members > 1 ? " on all of them" : ""),
				 in_block);
}

// REINDEX processes one table after the other.
const char *ReindexSentence(const Target &target, bool in_block)
{
	const TableFacts &facts = target.facts;
	const bool one = target.index.name != nullptr;
	const char *what = one ? "the index" : "its indexes";
	const char *until = Until(one ? "it is rebuilt" : "they are rebuilt", in_block);
	const char *on_indexes =
		one ? "ACCESS EXCLUSIVE lock on the index" : "ACCESS EXCLUSIVE locks on the indexes";
	if (!ReachesSeveral(facts.kind))
		return psprintf(
			"Writes to the %s%s, and queries that could use %s, would wait until %s (SHARE lock on the %s, %s).",
			NameOf(facts.kind), SizeText(facts), what, until, NameOf(facts.kind), on_indexes);
	const char *member = facts.kind == TableKind::partitioned_table ? "leaf partition" : "table";
	const char *on = facts.members == 1
						 ? psprintf("its only %s", member)
						 : psprintf("each of its %d %ss in turn", facts.members, member);
	return psprintf(
		"On %s, writes, and queries that could use %s, would wait until %s (SHARE lock on the table, %s).",
		on, what, until, on_indexes);
}

const char *MoveSentence(const TableFacts &facts, bool in_block)
{
	constexpr const char *why = "every query on a table looks at its indexes";
	if (!ReachesSeveral(facts.kind))
		return psprintf(
			"Reads and writes of the %s%s would wait until %s: %s (ACCESS EXCLUSIVE lock on the index).",
			NameOf(facts.kind), SizeText(facts), Until("the index is copied", in_block), why);
	if (facts.members == 1)
		return psprintf(
			"Reads and writes of the table of its only index would wait until %s: %s (ACCESS EXCLUSIVE lock on the index).",
			Until("the index is copied", in_block), why);
	return psprintf(
		"Reads and writes of the tables of its %d indexes would wait until %s: %s (ACCESS EXCLUSIVE locks on the indexes).",
		facts.members, Until("all of them are copied", in_block), why);
}

// ADD CONSTRAINT locks a partitioned table in ACCESS EXCLUSIVE mode. Before 18 it locks the leaf
// partitions in SHARE mode, unless it makes columns of theirs NOT NULL.
const char *ConstraintOnPartitionsSentence(const TableFacts &facts, bool in_block)
{
	return psprintf(
		"Reads and writes of the table, and at least writes to its %s, would wait until %s (ACCESS EXCLUSIVE lock on the table, at least SHARE lock%s on the partition%s).",
		facts.members == 1 ? "leaf partition" : psprintf("%d leaf partitions", facts.members),
		UntilBuilt(facts, 1, in_block), facts.members == 1 ? "" : "s",
		facts.members == 1 ? "" : "s");
}

const char *ExclusiveSentence(const Judgment &judgment, bool in_block)
{
	const Target &target = judgment.target;
	const TableFacts &facts = target.facts;
	if (judgment.request.operation == Operation::drop_index)
		return psprintf(
			"Reads and writes of %s would queue behind the command while it waits for its lock, and wait until %s (ACCESS EXCLUSIVE lock).",
			Locked(facts),
			Until(target.cascaded.IsEmpty() ? "the index is dropped" : "the command ends",
				  in_block));
	if (target.scans)
		return psprintf("Reads and writes of %s would wait until %s (ACCESS EXCLUSIVE lock).",
						Locked(facts), Until("the table has been scanned for nulls", in_block));
	if (judgment.request.operation == Operation::add_constraint &&
		facts.kind == TableKind::partitioned_table && facts.members > 0)
		return ConstraintOnPartitionsSentence(facts, in_block);
	return psprintf("Reads and writes of %s would wait until %s (ACCESS EXCLUSIVE lock).",
					Locked(facts), UntilBuilt(facts, target.missing.count, in_block));
}

const char *LockSentence(const Judgment &judgment, bool in_block)
{
	const TableFacts &facts = judgment.target.facts;
	switch (judgment.verdict.lock)
	{
	case Lock::share:
		return psprintf("Writes to %s would wait until %s (SHARE lock).", Locked(facts),
						UntilBuilt(facts, 1, in_block));
	case Lock::share_and_index:
		return ReindexSentence(judgment.target, in_block);
	case Lock::access_exclusive_on_index:
		return MoveSentence(facts, in_block);
	case Lock::access_exclusive:
	case Lock::none:
		break;
	}
	return ExclusiveSentence(judgment, in_block);
}

// Names in a sentence, the first spelled_requests_max of them: '"a"', '"a" and "b"', '"a", "b" and
// 3 more'. Allocates.
class NameList
{
  public:
	explicit NameList(int all) : count(all)
	{
		initStringInfo(&text);
	}
	bool IsFull() const
	{
		return added == spelled_requests_max;
	}
	void Add(const RelationName &name)
	{
		++added;
		appendStringInfo(&text, "%s\"%s\"",
						 added == 1       ? ""
						 : added == count ? " and "
										  : ", ",
						 name.Shown());
	}
	const char *Text()
	{
		if (added < count)
			appendStringInfo(&text, " and %d more", count - added);
		return text.data;
	}

  private:
	StringInfoData text;
	int count; // of all names
	int added = 0;
};

// ATTACH PARTITION: what it would build.
void AppendMissing(StringInfo detail, const Target &target)
{
	const MissingIndexes &missing = target.missing;
	if (missing.count == 0)
		return;
	NameList names(missing.count);
	for (int i = 0; i < missing.count && !names.IsFull(); ++i)
		names.Add(missing.items[i].parent);
	appendStringInfo(detail, " Table \"%s\" has no %s like %s.", target.table.Shown(),
					 missing.count == 1 ? "index" : "indexes", names.Text());
}

// DROP ... CASCADE: what it would drop.
void AppendCascaded(StringInfo detail, const Target &target)
{
	const Array<CascadedIndex> &cascaded = target.cascaded;
	if (cascaded.IsEmpty())
		return;
	NameList names(cascaded.Count());
	for (int i = 0; i < cascaded.Count() && !names.IsFull(); ++i)
		names.Add(NameOf(cascaded[i].index));
	appendStringInfo(detail, " The command would drop %s %s.",
					 cascaded.Count() == 1 ? "index" : "indexes", names.Text());
}

// ALTER TABLE: the indexes that the violations after the first one would build.
void AppendOtherBuilds(StringInfo detail, const Judgment *first, const Judgment *end)
{
	int builds = 0;
	for (const Judgment *judgment = first + 1; judgment != end; ++judgment)
		builds += judgment->verdict.IsViolation() && !judgment->request.uses_index ? 1 : 0;
	if (builds > 0)
		appendStringInfo(detail, " The command would also build %d %s%s.", builds,
						 first->request.uses_index ? "" : "more ",
						 builds == 1 ? "index" : "indexes");
}

// DROP INDEX: the indexes after the first one.
void AppendOtherDrops(StringInfo detail, const Judgment *first, const Judgment *end, int count)
{
	NameList names(count);
	for (const Judgment *judgment = first + 1; judgment != end && !names.IsFull(); ++judgment)
	{
		if (judgment->verdict.IsViolation())
			names.Add(judgment->target.index);
	}
	appendStringInfo(detail, " The command would also drop %s %s.",
					 count == 1 ? "index" : "indexes", names.Text());
}

void AppendOthers(StringInfo detail, const Judgments &judgments)
{
	const Judgment *first = &judgments.FirstViolation();
	if (judgments.violations == 1)
		return;
	if (first->request.operation == Operation::drop_index)
		AppendOtherDrops(detail, first, judgments.end(), judgments.violations - 1);
	else
		AppendOtherBuilds(detail, first, judgments.end());
}

} // namespace

const char *LockDetail(const Judgments &judgments, bool in_block)
{
	const Judgment &first = judgments.FirstViolation();
	StringInfoData detail;
	initStringInfo(&detail);
	appendStringInfoString(&detail, LockSentence(first, in_block));
	AppendMissing(&detail, first.target);
	AppendCascaded(&detail, first.target);
	AppendOthers(&detail, judgments);
	return detail.data;
}

} // namespace psi
