// remedy_reindex: REINDEX and ALTER INDEX ... SET TABLESPACE. REINDEX CONCURRENTLY does both.
#include "plan/remedy_internal.hpp"

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

// Writes the command from the tree, with its options except CONCURRENTLY, which may be off there.
void AppendReindex(StringInfo out, const Judgment &judgment)
{
	const ReindexStmt &reindex = *judgment.request.reindex;
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
	const RelationName &name =
		reindex.kind == REINDEX_OBJECT_INDEX ? judgment.target.index : judgment.target.table;
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

Remedy ForReindex(const Judgment &judgment, const StatementText &statement)
{
	Steps steps;
	if (judgment.target.exclusion)
		return NoSteps(no_concurrent_exclusion);
	const CommandText command = FindCommand(statement, Operation::reindex);
	if (command.found && !HasConcurrentlyOption(*judgment.request.reindex))
		AppendWithConcurrently(steps.Build(), command);
	else
		AppendReindex(steps.Build(), judgment);
	return {steps.All(), nullptr, NoteOnSkipped(SkippedBy(judgment))};
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
	for (int i = 0; i < indexes.spelled_count; ++i)
	{
		CHECK_FOR_INTERRUPTS();
		const Member &index = indexes.spelled[i];
		if (index.leaf)
			AppendMove(steps, index.name, first.request.tablespace);
		else
			AppendMoveOfPartitioned(steps, index.name, first.request.tablespace);
	}
	return {steps.All(), nullptr, nullptr, !indexes.complete};
}

} // namespace psi
