// remedy_reindex: REINDEX and ALTER INDEX ... SET TABLESPACE. REINDEX CONCURRENTLY does both.
#include "plan/remedy_internal.hpp"

#include "catalog/index.hpp"
#include "catalog/skipped_index.hpp"
#include "pg/list.hpp"
#include "plan/command_text.hpp"
#include "plan/remedy_rest.hpp"

namespace psi
{

namespace
{

const char *KindWord(ReindexObjectType kind)
{
	switch (kind)
	{
	case REINDEX_OBJECT_INDEX:
		return "INDEX";
	case REINDEX_OBJECT_TABLE:
		return "TABLE";
	case REINDEX_OBJECT_SCHEMA:
		return "SCHEMA";
	default:
		return "DATABASE";
	}
}

// Writes the command from the tree for the relation of that name, with its options except
// CONCURRENTLY, which may be off there.
void AppendReindex(StringInfo out, const ReindexStmt &reindex, const RelationName &name)
{
	appendStringInfoString(out, "REINDEX ");
	const char *separator = "(";
	for (DefElem *option : Each<DefElem>(reindex.params))
	{
		if (strcmp(option->defname, "tablespace") == 0)
			appendStringInfo(out, "%sTABLESPACE %s", separator,
							 quote_identifier(defGetString(option)));
		else if (strcmp(option->defname, "verbose") == 0)
			appendStringInfo(out, "%sVERBOSE %s", separator, defGetBoolean(option) ? "on" : "off");
		else
			continue;
		separator = ", ";
	}
	if (separator[0] == ',')
		appendStringInfoString(out, ") ");
	appendStringInfo(out, "%s CONCURRENTLY %s;", KindWord(reindex.kind), name.Quoted());
}

bool HasConcurrentlyOption(const ReindexStmt &reindex)
{
	for (const DefElem *option : Each<DefElem>(reindex.params))
	{
		if (strcmp(option->defname, "concurrently") == 0)
			return true;
	}
	return false;
}

void AppendMove(Steps &steps, const RelationName &index, const char *tablespace)
{
	appendStringInfo(steps.Build(), "REINDEX (TABLESPACE %s) INDEX CONCURRENTLY %s;",
					 quote_identifier(tablespace), index.Quoted());
}

// PostgreSQL only notes down where the indexes of new partitions are to be.
void AppendMoveOfPartitioned(Steps &steps, const RelationName &index, const char *tablespace)
{
	appendStringInfo(steps.Finish({AccessExclusiveLock, index}),
					 "ALTER INDEX %s SET TABLESPACE %s;", index.Quoted(),
					 quote_identifier(tablespace));
}

// The index of the table that belongs to the partitioned index, on any level; InvalidOid if there
// is none.
Oid PartOnTable(Oid table, Oid partitioned)
{
	for (const Oid index : EachOid(IndexesOf(table)))
	{
		if (get_rel_relispartition(index) &&
			list_member_oid(get_partition_ancestors(index), partitioned))
			return index;
	}
	return InvalidOid;
}

// REINDEX CONCURRENTLY of something partitioned first waits for SHARE on all partitions, without a
// limit, and writers queue behind it (ReindexPartitions()). That of one partition does not.
Remedy ForReindexOnPartitions(const Judgment &judgment, const char *note)
{
	const RelationSet &set = judgment.target.set;
	Steps steps;
	for (int i = 0; i < set.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const char *command =
			set.spelled[i].leaf ? ReindexOfLeaf(judgment, set.spelled[i].id) : nullptr;
		if (command != nullptr)
			appendStringInfoString(steps.Build(), command);
	}
	return {steps.All(), nullptr, note, !set.complete};
}

SkippedIndexes SkippedBy(const Judgment &judgment)
{
	const ReindexStmt &reindex = *judgment.request.reindex;
	switch (reindex.kind)
	{
	case REINDEX_OBJECT_INDEX:
		return {};
	case REINDEX_OBJECT_TABLE:
		return SkippedOnTable(judgment.target.table_id);
	case REINDEX_OBJECT_SCHEMA:
		return SkippedIn(get_namespace_oid(reindex.name, true));
	default:
		return SkippedIn(InvalidOid);
	}
}

// The sentences about the indexes that the concurrent form leaves as they are; null if there are
// none.
const char *NoteOnSkipped(const SkippedIndexes &skipped)
{
	StringInfoData note;
	initStringInfo(&note);
	if (skipped.invalid_count > named_skipped_max)
		appendStringInfo(&note,
						 "CONCURRENTLY skips the %d invalid indexes: view "
						 "pg_safe_index_invalid has a command for each.",
						 skipped.invalid_count);
	else if (skipped.invalid_count > 0)
	{
		appendStringInfoString(&note, "CONCURRENTLY skips invalid indexes. To repair them:");
		for (const InvalidIndex &index : skipped.invalid)
		{
			const char *command = ReindexCommand(index, false);
			if (command == nullptr)
				command = DropCommand(index, false);
			appendStringInfo(&note, " %s", command != nullptr ? command : index.index.Quoted());
		}
	}
	if (skipped.exclusion_count == 0)
		return note.len > 0 ? note.data : nullptr;
	appendStringInfo(&note, "%sCONCURRENTLY skips ", note.len > 0 ? "\n" : "");
	if (skipped.exclusion_count > named_skipped_max)
	{
		appendStringInfo(&note, "the indexes of %d exclusion constraints.",
						 skipped.exclusion_count);
		return note.data;
	}
	appendStringInfoString(&note, "indexes of exclusion constraints:");
	const char *separator = "";
	for (const RelationName &index : skipped.exclusion)
	{
		appendStringInfo(&note, "%s \"%s\"", separator, index.Shown());
		separator = ",";
	}
	appendStringInfoChar(&note, '.');
	return note.data;
}

} // namespace

const char *ReindexOfLeaf(const Judgment &judgment, Oid leaf)
{
	const ReindexStmt &reindex = *judgment.request.reindex;
	auto row = ReadClass(leaf);
	if (!row.has_value())
		return nullptr;
	if (reindex.kind == REINDEX_OBJECT_INDEX)
		row = ReadClass(PartOnTable(leaf, judgment.target.index_id));
	else if (!OidIsValid(row->toast) && IndexesOf(leaf) == NIL)
		return nullptr;
	if (!row.has_value())
		return nullptr;
	StringInfoData command;
	initStringInfo(&command);
	AppendReindex(&command, reindex, NameOf(*row));
	return command.data;
}

Remedy ForReindex(const Judgment &judgment, const StatementText &statement)
{
	Steps steps;
	if (judgment.target.exclusion)
		return NoSteps(no_concurrent_exclusion);
	const char *note = NoteOnSkipped(SkippedBy(judgment));
	if (judgment.target.facts.kind == TableKind::partitioned_table)
		return ForReindexOnPartitions(judgment, note);
	const ReindexStmt &reindex = *judgment.request.reindex;
	const CommandText command = FindCommand(statement, Operation::reindex);
	if (command.found && !HasConcurrentlyOption(reindex))
		AppendWithConcurrently(steps.Build(), command);
	else
		AppendReindex(steps.Build(), reindex,
					  reindex.kind == REINDEX_OBJECT_INDEX ? judgment.target.index
														   : judgment.target.table);
	return {steps.All(), nullptr, note};
}

Remedy ForMoveIndex(const Judgments &judgments, const StatementText &statement)
{
	const Judgment &first = judgments.FirstViolation();
	Steps steps;
	if (first.target.facts.kind != TableKind::tablespace)
	{
		if (first.target.exclusion)
			return NoSteps(no_concurrent_exclusion);
		const bool whole = Rest(judgments, statement).Append(steps);
		AppendMove(steps, first.target.index, first.request.tablespace);
		return {steps.All(), whole ? nullptr : "Then the rest of the command by itself."};
	}

	const RelationSet &indexes = first.target.set;
	const char *remark = nullptr;
	for (int i = 0; i < indexes.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Member &index = indexes.spelled[i];
		if (!index.leaf)
			AppendMoveOfPartitioned(steps, index.name, first.request.tablespace);
		else if (IsExclusionIndex(index.id))
			remark = "This leaves out the indexes of exclusion constraints.";
		else
			AppendMove(steps, index.name, first.request.tablespace);
	}
	const Array<Step> moves = steps.All();
	return moves.IsEmpty() ? NoSteps(no_concurrent_exclusion)
						   : Remedy{moves, remark, nullptr, !indexes.complete};
}

} // namespace psi
