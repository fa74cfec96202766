// Takes any bytes as the text of a query. The server's own parser reads it; then the layers
// statement and plan work on each statement that asks for an operation on an index. The commands
// that they make have to parse to the same tree except for CONCURRENTLY. They also get a wrong
// text, as any caller of ProcessUtility() may pass one; then they must not read beyond it, nor
// raise an error.
//
// There is no database. test/sanitize/run links with --wrap, and the functions that begin with
// __wrap_ say that every name is free and that every table is locked by another session. So
// ReadDefinition(), which needs parse analysis, ends at its lock. The facts that the catalog
// layer would have found are made up from the tree.
#include <climits>

#include "catalog/alter_refusal.hpp"
#include "catalog/citus.hpp"
#include "catalog/index_match.hpp"
#include "catalog/skipped_index.hpp"
#include "plan/alter_text.hpp"
#include "plan/partition_check.hpp"
#include "plan/command_text.hpp"
#include "plan/remedy.hpp"

extern "C"
{
#include "parser/parser.h"
#include "utils/guc.h"
}

#include "exact_copy.hpp"
#include "words.hpp"

using namespace psi;

extern "C"
{
	Oid __wrap_get_namespace_oid(const char *, bool)
	{
		return InvalidOid;
	}
	Oid __wrap_get_relname_relid(const char *, Oid)
	{
		return InvalidOid;
	}
	Oid __wrap_RelnameGetRelid(const char *)
	{
		return InvalidOid;
	}
	HeapTuple __wrap_SearchSysCache1(int, Datum)
	{
		return nullptr;
	}
	AttrNumber __wrap_get_attnum(Oid, const char *)
	{
		return InvalidAttrNumber;
	}
	Oid __wrap_get_relation_constraint_oid(Oid, const char *, bool)
	{
		return InvalidOid;
	}
	bool __wrap_ConstraintNameExists(const char *, Oid)
	{
		return false;
	}
	bool __wrap_LockHeldByMe(const LOCKTAG *, LOCKMODE)
	{
		return false;
	}
	bool __wrap_ConditionalLockRelationOid(Oid, LOCKMODE)
	{
		return false;
	}
}

// What the rooms that look into catalogs would have found.
namespace psi
{
PartitionCheck FindPartitionCheck(const Judgment &, const char *)
{
	return {};
}
bool IsCitusTable(Oid)
{
	return false;
}
List *ColumnsToScanForNulls(Oid, const List *, const AlterSummary &)
{
	return NIL;
}
List *IndexesOf(Oid)
{
	return NIL;
}
std::optional<IndexRow> ReadIndex(Oid)
{
	return std::nullopt;
}
bool HasDependents(Oid)
{
	return false;
}
bool HasColumn(Oid, AttrNumber)
{
	return false;
}
bool IsSameIndex(Oid, const IndexStmt &, Oid, const char *, Likeness)
{
	return false;
}
const IndexStmt *MapToPartition(const IndexStmt &, Oid, Oid)
{
	return nullptr;
}
const char *ReindexCommand(const InvalidIndex &, bool)
{
	return nullptr;
}
const char *DropCommand(const InvalidIndex &, bool)
{
	return nullptr;
}
SkippedIndexes SkippedOnTable(Oid)
{
	return {};
}
SkippedIndexes SkippedIn(Oid)
{
	return {};
}
} // namespace psi

namespace
{

// What is being done, for the message; errors of the server are allowed while it reads the input
// only.
const char *doing;
const char *made; // the text that has been made
// The text that is handed on is not the one that the tree was made from.
bool wrong_text;

[[noreturn]] void Fail(const char *what)
{
	std::fprintf(stderr, "Does not hold: %s\n", what);
	if (made != nullptr)
		std::fprintf(stderr, "made: %s\n", made);
	std::abort();
}

void Holds(bool holds, const char *what)
{
	if (!holds && !wrong_text)
		Fail(what);
}

template <typename Type> Type *Copy(const Type *node)
{
	return static_cast<Type *>(copyObjectImpl(node));
}

// ---- What has been made, read again

Node *Parse(const char *command)
{
	made = command;
	doing = "reading what was made";
	const List *parsed = raw_parser(command, RAW_PARSE_DEFAULT);
	doing = "the module";
	if (list_length(parsed) != 1)
		Fail("what was made is one command");
	return static_cast<RawStmt *>(linitial(parsed))->stmt;
}

template <typename Type> Type *ParseAs(const char *command, NodeTag tag)
{
	Node *node = Parse(command);
	if (nodeTag(node) != tag)
		Fail("what was made is the same kind of command");
	return reinterpret_cast<Type *>(node);
}

char *CommandAt(const Remedy &remedy, int i)
{
	if (i >= remedy.steps.Count())
		Fail("there is a command more");
	return remedy.steps[i].text->data;
}

bool SameText(const char *a, const char *b)
{
	return a == nullptr || b == nullptr ? a == b : strcmp(a, b) == 0;
}

// Options that are written from the tree hold every value as a string.
void SameOptions(const List *given, const List *options)
{
	Holds(list_length(given) == list_length(options), "as many options");
	for (int i = 0; i < list_length(given); ++i)
	{
		auto *a = static_cast<DefElem *>(list_nth(given, i));
		auto *b = static_cast<DefElem *>(list_nth(options, i));
		Holds(SameText(a->defname, b->defname) && SameText(a->defnamespace, b->defnamespace),
			  "the option's name");
		Holds((a->arg == nullptr) == (b->arg == nullptr), "the option has a value");
		if (a->arg != nullptr)
			Holds(SameText(defGetString(a), defGetString(b)), "the option's value");
	}
}

// ---- What target would have found

RelationName NameFrom(const RangeVar &name)
{
	return {name.schemaname != nullptr ? name.schemaname : "public", name.relname,
			name.schemaname == nullptr};
}

RelationName NameFrom(const List *names)
{
	const int count = list_length(names);
	return {count > 1 ? strVal(list_nth(names, count - 2)) : "public", strVal(llast(names)),
			count == 1};
}

// A partitioned table with a partition, itself partitioned, that has a leaf.
constexpr Member members[] = {
	{11, {"public", "between", true}, 1, false, -1},
	{12, {"Other Schema", "the \"leaf\"", false}, 2, true, 0},
};

RelationSet Partitions()
{
	RelationSet set{};
	set.members = set.standing = 1;
	set.spelled = members;
	set.spelled_count = 2;
	set.spelled_members = 1;
	return set;
}

// One for each name among those found before: the same for the same.
Oid OidOf(const RelationName &name, const Judgments &before)
{
	for (const Judgment &judgment : before)
	{
		const RelationName &other = judgment.target.index;
		if (SameText(name.name, other.name) && name.visible == other.visible &&
			(name.visible || SameText(name.schema, other.schema)))
			return judgment.target.index_id;
	}
	return FirstNormalObjectId + static_cast<Oid>(before.count);
}

Judgments Find(const Requests &requests, bool partitioned)
{
	Judgments judgments;
	bool adds = false;
	for (const Request &request : requests)
		adds = adds || request.operation == Operation::add_constraint;
	for (const Request &request : requests)
	{
		Judgment judgment;
		judgment.request = request;
		Target &target = judgment.target;
		target.facts.resolves = target.facts.permitted = true;
		if (request.name != nullptr)
			target.table = target.index = NameFrom(*request.name);
		else if (request.dropped != nullptr)
		{
			target.table = target.index = NameFrom(request.dropped);
			target.index_id = OidOf(target.index, judgments);
		}
		else if (request.reindex != nullptr)
			target.table = {nullptr, request.reindex->name, true};
		if (partitioned)
		{
			target.facts.kind =
				request.move_all != nullptr ? TableKind::tablespace : TableKind::partitioned_table;
			target.set = Partitions();
		}
		if (request.constraint != nullptr && request.constraint->contype == CONSTR_PRIMARY)
		{
			for (int i = 0; i < list_length(request.constraint->keys); ++i)
				target.nullable_columns = lappend(const_cast<List *>(target.nullable_columns),
												  strVal(list_nth(request.constraint->keys, i)));
		}
		// An index and a table cannot have the same name: an ALTER TABLE means the one or the
		// other.
		const bool violates = !adds || request.operation == Operation::add_constraint;
		judgment.verdict = violates ? Verdict{Reason::violation, Lock::share}
									: Verdict{Reason::missing, Lock::none};
		judgments.Add(judgment);
	}
	return judgments;
}

// ---- CREATE INDEX

void CheckBounds(const StatementText &statement, Operation operation)
{
	doing = "the module";
	const CommandText command = FindCommand(statement, operation);
	Holds(command.found, "the command is found in its own text");
	if (!command.found)
		return;
	const int length = static_cast<int>(strlen(command.text));
	if (!(0 <= command.begin && command.begin < command.after_verb &&
		  command.after_verb <= command.end && command.end <= length))
		Fail("positions within the text");
}

void CheckCreate(const Requests &requests, const StatementText &statement, const char *query)
{
	const IndexStmt &create = *requests.First().create;
	CheckBounds(statement, Operation::create_index);
	doing = "the module";
	const Remedy remedy = FindRemedy(Find(requests, false), statement, query, INT_MAX);
	if (!wrong_text)
	{
		Holds(remedy.steps.Count() == 1, "one command");
		auto *index = ParseAs<IndexStmt>(CommandAt(remedy, 0), T_IndexStmt);
		Holds(index->concurrent, "CONCURRENTLY");
		IndexStmt *expected = Copy(&create);
		expected->concurrent = true;
		Holds(equal(expected, index), "the same index");
	}
	// The definition for the partitions comes from parse analysis.
	const Remedy partitioned = FindRemedy(Find(requests, true), statement, query, INT_MAX);
	if (!partitioned.steps.IsEmpty())
		Fail("no commands for the partitions of a table that is locked");
}

// ---- DROP INDEX, REINDEX

void CheckDrop(const DropStmt &drop, const Requests &requests, const StatementText &statement,
			   const char *query)
{
	CheckBounds(statement, Operation::drop_index);
	doing = "the module";
	const Remedy remedy = FindRemedy(Find(requests, false), statement, query, INT_MAX);
	FindRemedy(Find(requests, true), statement, query, INT_MAX);
	if (wrong_text)
		return;
	if (requests.Count() == 1 && drop.behavior != DROP_CASCADE)
	{
		DropStmt *expected = Copy(&drop);
		expected->concurrent = true;
		Holds(equal(expected, Parse(CommandAt(remedy, 0))), "the same drop");
		Holds(remedy.steps.Count() == 1, "one command");
		return;
	}
	// Each name once, in their order.
	int next = 0;
	for (int i = 0; i < requests.Count(); ++i)
	{
		const RelationName name = NameFrom(requests[i].dropped);
		bool before = false;
		for (int j = 0; j < i; ++j)
		{
			const RelationName other = NameFrom(requests[j].dropped);
			before = before || (SameText(name.name, other.name) && name.visible == other.visible &&
								(name.visible || SameText(name.schema, other.schema)));
		}
		if (before)
			continue;
		auto *one = ParseAs<DropStmt>(CommandAt(remedy, next++), T_DropStmt);
		Holds(one->concurrent && one->missing_ok == drop.missing_ok &&
				  one->behavior == DROP_RESTRICT && one->removeType == OBJECT_INDEX &&
				  list_length(one->objects) == 1,
			  "one drop, concurrently");
		const RelationName dropped = NameFrom(static_cast<List *>(linitial(one->objects)));
		Holds(SameText(dropped.name, name.name) && dropped.visible == name.visible &&
				  (name.visible || SameText(dropped.schema, name.schema)),
			  "the name that was to be dropped");
	}
	Holds(remedy.steps.Count() == next, "no other command");
}

// The last word of an option counts.
DefElem *LastOption(const ReindexStmt &reindex, const char *name)
{
	DefElem *last = nullptr;
	for (int i = 0; i < list_length(reindex.params); ++i)
	{
		auto *option = static_cast<DefElem *>(list_nth(reindex.params, i));
		if (strcmp(option->defname, name) == 0)
			last = option;
	}
	return last;
}

bool IsOn(DefElem *option)
{
	return option != nullptr && defGetBoolean(option);
}

void CheckReindex(const ReindexStmt &reindex, const Requests &requests,
				  const StatementText &statement, const char *query)
{
	// REINDEX SYSTEM passes; from 16 on the name of the database may be left out, target knows it.
	if (reindex.kind == REINDEX_OBJECT_SYSTEM ||
		(reindex.relation == nullptr && reindex.name == nullptr))
		return;
	CheckBounds(statement, Operation::reindex);
	doing = "the module (REINDEX)";
	const Remedy remedy = FindRemedy(Find(requests, false), statement, query, INT_MAX);
	if (wrong_text)
		return;
	Holds(remedy.steps.Count() == 1, "one command");
	auto *made_of_it = ParseAs<ReindexStmt>(CommandAt(remedy, 0), T_ReindexStmt);
	doing = "comparing two REINDEX"; // VERBOSE may hold no Boolean value
	Holds(made_of_it->kind == reindex.kind && SameText(made_of_it->name, reindex.name),
		  "what is reindexed");
	if (reindex.relation != nullptr)
		Holds(SameText(made_of_it->relation->schemaname, reindex.relation->schemaname) &&
				  SameText(made_of_it->relation->relname, reindex.relation->relname),
			  "the table or index that is reindexed");
	Holds(IsOn(LastOption(*made_of_it, "concurrently")), "CONCURRENTLY");
	Holds(IsOn(LastOption(*made_of_it, "verbose")) == IsOn(LastOption(reindex, "verbose")),
		  "VERBOSE");
	DefElem *given = LastOption(reindex, "tablespace");
	DefElem *tablespace = LastOption(*made_of_it, "tablespace");
	Holds((given == nullptr) == (tablespace == nullptr), "TABLESPACE");
	if (given != nullptr && given->arg != nullptr)
		Holds(SameText(defGetString(given), defGetString(tablespace)), "the tablespace");
}

// ---- ALTER TABLE, ALTER INDEX

bool IsAttribute(const Constraint &constraint)
{
	return constraint.contype == CONSTR_ATTR_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_NOT_DEFERRABLE ||
		   constraint.contype == CONSTR_ATTR_DEFERRED ||
		   constraint.contype == CONSTR_ATTR_IMMEDIATE;
}

// The column without its constraints that build an index, and what belongs to them.
void TakeConstraintsOut(ColumnDef *column)
{
	List *left = NIL;
	bool out = false;
	bool key = false;
	bool not_null = false;
	for (int i = 0; i < list_length(column->constraints); ++i)
	{
		auto *constraint = static_cast<Constraint *>(list_nth(column->constraints, i));
		if (!IsAttribute(*constraint))
			out = BuildsIndex(*constraint);
		key = key || constraint->contype == CONSTR_PRIMARY;
		not_null = not_null || constraint->contype == CONSTR_NOTNULL;
		if (!out)
			left = lappend(left, constraint);
	}
	if (key && !not_null)
	{
		Constraint *constraint = makeNode(Constraint);
		constraint->contype = CONSTR_NOTNULL;
		left = lappend(left, constraint);
	}
	column->constraints = left;
}

// ADD CHECK or ADD FOREIGN KEY, which is added NOT VALID, and validated later. Null if not.
Constraint *CheckedConstraint(const AlterTableCmd &command)
{
	if (command.subtype != AT_AddConstraint)
		return nullptr;
	auto *constraint = reinterpret_cast<Constraint *>(command.def);
	const bool checked =
		constraint->contype == CONSTR_CHECK || constraint->contype == CONSTR_FOREIGN;
	return checked && !constraint->skip_validation ? constraint : nullptr;
}

// The name that the module has given to a constraint.
char *NameGiven(const Node *made_of_it, int number)
{
	const auto *alter = reinterpret_cast<const AlterTableStmt *>(made_of_it);
	if (nodeTag(made_of_it) != T_AlterTableStmt || number >= list_length(alter->cmds))
		return nullptr;
	const auto *command = static_cast<const AlterTableCmd *>(list_nth(alter->cmds, number));
	return command->subtype == AT_AddConstraint
			   ? reinterpret_cast<const Constraint *>(command->def)->conname
			   : nullptr;
}

// Does ADD COLUMN have several constraints with an index? The module makes one of equal ones.
bool HasSeveralKeys(const AlterTableStmt &alter)
{
	for (int i = 0; i < list_length(alter.cmds); ++i)
	{
		const auto *command = static_cast<const AlterTableCmd *>(list_nth(alter.cmds, i));
		if (command->subtype != AT_AddColumn)
			continue;
		const auto *column = reinterpret_cast<const ColumnDef *>(command->def);
		int keys = 0;
		for (int k = 0; k < list_length(column->constraints); ++k)
			keys += BuildsIndex(*static_cast<Constraint *>(list_nth(column->constraints, k)));
		if (keys > 1)
			return true;
	}
	return false;
}

// Is the column part of a primary key that the command adds? All of those are nullable here.
bool BecomesNotNull(const Judgments &judgments, const char *column)
{
	for (const Judgment &judgment : judgments)
	{
		const List *columns = judgment.target.nullable_columns;
		for (int i = 0; judgment.verdict.IsViolation() && i < list_length(columns); ++i)
		{
			if (SameText(static_cast<const char *>(list_nth(columns, i)), column))
				return true;
		}
	}
	return false;
}

// Has the subcommand to wait for the constraints that the command adds?
bool ComesLast(const AlterTableCmd &command, const Judgments &judgments)
{
	switch (command.subtype)
	{
	case AT_ReplicaIdentity:
	case AT_ClusterOn:
	case AT_AddInherit:
		return true;
	case AT_AddIdentity:
	case AT_SetIdentity:
		return BecomesNotNull(judgments, command.name);
	case AT_ColumnDefault:
		return command.def == nullptr && BecomesNotNull(judgments, command.name);
	case AT_AddConstraint:
		return reinterpret_cast<const Constraint *>(command.def)->contype == CONSTR_FOREIGN &&
			   CheckedConstraint(command) == nullptr;
	default:
		return false;
	}
}

// What is left of the command when those subcommands that are violations have gone; null: nothing.
// `first` is the first command of the module; `later` counts those for what is checked later.
// `last` is what has to wait for the new constraints (AlterTableCmd).
AlterTableStmt *RestOf(const AlterTableStmt &alter, const Judgments &judgments, const Node *first,
					   int &later, List *&last)
{
	AlterTableStmt *rest = Copy(&alter);
	List *left = NIL;
	for (int i = 0; i < list_length(rest->cmds); ++i)
	{
		auto *command = static_cast<AlterTableCmd *>(list_nth(rest->cmds, i));
		bool violates = false;
		bool column = false;
		for (const Judgment &judgment : judgments)
		{
			if (judgment.request.subcommand != i || !judgment.verdict.IsViolation())
				continue;
			violates = true;
			column = judgment.request.column != nullptr;
		}
		if (column)
			TakeConstraintsOut(reinterpret_cast<ColumnDef *>(command->def));
		if (violates && !column)
			continue;
		if (command->subtype == AT_SetNotNull && BecomesNotNull(judgments, command->name))
			continue;
		if (command->subtype == AT_ValidateConstraint)
		{
			++later;
			continue;
		}
		if (ComesLast(*command, judgments))
		{
			later += last == NIL ? 1 : 0;
			last = lappend(last, command);
			continue;
		}
		Constraint *checked = CheckedConstraint(*command);
		if (checked != nullptr)
		{
			++later;
			if (checked->contype == CONSTR_FOREIGN)
			{
				++later;
				continue;
			}
			checked->skip_validation = true;
			checked->initially_valid = false;
			if (checked->conname == nullptr)
				checked->conname = NameGiven(first, list_length(left));
		}
		left = lappend(left, command);
	}
	rest->cmds = left;
	return left == NIL ? nullptr : rest;
}

// Each subcommand by itself, behind the head of the command.
void CheckSubcommands(const AlterTableStmt &alter, const StatementText &statement)
{
	doing = "the module";
	const int count = list_length(alter.cmds);
	const AlterText text = FindAlterTable(statement, count);
	Holds(text.found, "ALTER TABLE is found in its own text");
	if (!text.found)
		return;
	int previous = text.head_end;
	const int length = static_cast<int>(strlen(text.text));
	for (int i = 0; i < count; ++i)
	{
		const Subcommand &part = text.subcommands[i];
		if (!(0 <= text.begin && text.begin < text.head_end && previous <= part.begin &&
			  part.begin <= length && 0 <= part.end && part.end <= length))
			Fail("positions of a subcommand within the text");
		Holds(part.begin < part.end, "a subcommand has words");
		previous = part.end;
		if (wrong_text)
			continue;
		const char *command =
			psprintf("%.*s %.*s", text.head_end - text.begin, text.text + text.begin,
					 part.end - part.begin, text.text + part.begin);
		AlterTableStmt *expected = Copy(&alter);
		expected->cmds = list_make1(list_nth(expected->cmds, i));
		Holds(equal(expected, Parse(command)), "the same subcommand");
	}
}

// How PostgreSQL reads what follows a constraint of a column; false where it refuses that.
bool ReadDeferrable(const Request &request, bool &deferrable, bool &deferred)
{
	deferrable = request.constraint->deferrable;
	deferred = request.constraint->initdeferred;
	if (request.column == nullptr)
		return true;
	int seen = 0;
	bool ours = false;
	bool refused = false;
	for (int i = 0; i < list_length(request.column->constraints); ++i)
	{
		const auto *constraint =
			static_cast<const Constraint *>(list_nth(request.column->constraints, i));
		if (!IsAttribute(*constraint))
			ours = constraint == request.constraint;
		else if (ours)
		{
			const bool initially = constraint->contype == CONSTR_ATTR_DEFERRED ||
								   constraint->contype == CONSTR_ATTR_IMMEDIATE;
			refused = refused || (seen & (initially ? 2 : 1)) != 0;
			seen |= initially ? 2 : 1;
			if (constraint->contype == CONSTR_ATTR_DEFERRED)
				deferred = true;
			else if (constraint->contype == CONSTR_ATTR_DEFERRABLE)
				deferrable = true;
			else if (constraint->contype == CONSTR_ATTR_NOT_DEFERRABLE)
				refused = refused || deferred;
			if (deferred && (seen & 1) == 0)
				deferrable = true;
		}
	}
	return !refused && (deferrable || !deferred);
}

void SameNames(const List *names, const List *elements)
{
	Holds(list_length(names) == list_length(elements), "as many columns");
	for (int i = 0; i < list_length(names); ++i)
		Holds(SameText(strVal(list_nth(names, i)),
					   static_cast<IndexElem *>(list_nth(elements, i))->name),
			  "the column's name");
}

bool UsesIndex(const Node *command)
{
	if (nodeTag(command) != T_AlterTableStmt)
		return false;
	const auto *alter = reinterpret_cast<const AlterTableStmt *>(command);
	const auto *subcommand = static_cast<const AlterTableCmd *>(linitial(alter->cmds));
	return subcommand->subtype == AT_AddConstraint &&
		   reinterpret_cast<const Constraint *>(subcommand->def)->indexname != nullptr;
}

// The commands for constraints, by what they do. They come in this order.
struct ConstraintCommands
{
	int not_null = 0;   // ADD CHECK, VALIDATE, SET NOT NULL, DROP CONSTRAINT
	List *builds = NIL; // IndexStmt
	List *uses = NIL;   // ADD CONSTRAINT ... USING INDEX
};

ConstraintCommands Sort(const Remedy &remedy, int from)
{
	ConstraintCommands sorted;
	for (int i = from; i < remedy.steps.Count(); ++i)
	{
		Node *command = Parse(CommandAt(remedy, i));
		if (nodeTag(command) == T_IndexStmt)
		{
			Holds(sorted.uses == NIL, "the builds before what uses them");
			sorted.builds = lappend(sorted.builds, command);
		}
		else if (UsesIndex(command))
			sorted.uses = lappend(sorted.uses, command);
		else
			++sorted.not_null;
	}
	return sorted;
}

// CREATE UNIQUE INDEX CONCURRENTLY, and the constraint that takes it.
void CheckConstraint(const Request &request, ConstraintCommands &commands, int number)
{
	const Constraint &constraint = *request.constraint;
	List *keys = request.column == nullptr ? constraint.keys
										   : list_make1(makeString(request.column->colname));
	if (constraint.contype == CONSTR_PRIMARY)
		commands.not_null -= 4 * list_length(constraint.keys);
	Holds(number < list_length(commands.builds) && number < list_length(commands.uses),
		  "an index, and what uses it");
	auto *index = static_cast<IndexStmt *>(list_nth(commands.builds, number));
	Holds(index->unique && index->concurrent && !index->if_not_exists &&
			  index->whereClause == nullptr,
		  "a unique index, concurrently");
	Holds(SameText(index->relation->relname, request.name->relname) &&
			  SameText(index->relation->schemaname, request.name->schemaname),
		  "the constraint's table");
	if (constraint.conname != nullptr)
		Holds(SameText(index->idxname, constraint.conname), "the constraint's name");
	Holds(index->nulls_not_distinct == constraint.nulls_not_distinct, "NULLS NOT DISTINCT");
	Holds(SameText(index->tableSpace, constraint.indexspace), "the constraint's tablespace");
	SameNames(keys, index->indexParams);
	SameNames(constraint.including, index->indexIncludingParams);
	SameOptions(constraint.options, index->options);

	const auto *alter = static_cast<AlterTableStmt *>(list_nth(commands.uses, number));
	const auto *command = static_cast<const AlterTableCmd *>(linitial(alter->cmds));
	const auto *using_index = reinterpret_cast<const Constraint *>(command->def);
	Holds(using_index->contype == constraint.contype &&
			  SameText(using_index->indexname, index->idxname),
		  "ADD CONSTRAINT ... USING INDEX");
	bool deferrable = false;
	bool deferred = false;
	if (ReadDeferrable(request, deferrable, deferred))
		Holds(using_index->deferrable == deferrable && using_index->initdeferred == deferred,
			  "DEFERRABLE");
}

// Is one of the commands the user's, with these subcommands?
bool HasCommand(const Remedy &remedy, int from, const AlterTableStmt &alter, List *subcommands)
{
	AlterTableStmt *expected = Copy(&alter);
	expected->cmds = subcommands;
	for (int i = from; i < remedy.steps.Count(); ++i)
	{
		if (equal(expected, Parse(CommandAt(remedy, i))))
			return true;
	}
	return false;
}

void CheckAlter(const AlterTableStmt &alter, const Requests &requests,
				const StatementText &statement, const char *query)
{
	if (alter.objtype != OBJECT_TABLE && alter.objtype != OBJECT_INDEX)
		return;
	CheckSubcommands(alter, statement);

	doing = "the module";
	const Judgments judgments = Find(requests, false);
	const Remedy remedy = FindRemedy(judgments, statement, query, INT_MAX);
	const Remedy partitioned = FindRemedy(Find(requests, true), statement, query, INT_MAX);
	if (wrong_text)
		return;
	for (int i = 0; i < partitioned.steps.Count(); ++i)
		Parse(CommandAt(partitioned, i));
	const Operation operation = judgments.FirstViolation().request.operation;
	if (remedy.steps.Count() == 0 && operation == Operation::add_constraint)
		return; // EXCLUDE
	int next = 0;
	if (operation == Operation::attach_partition)
	{
		Holds(equal(&alter, Parse(CommandAt(remedy, next++))), "the same attachment");
		Holds(remedy.steps.Count() == 1, "one command");
		return;
	}
	int later = 0;
	if (remedy.steps.Count() == 0)
		return;
	List *last = NIL;
	AlterTableStmt *rest = RestOf(alter, judgments, Parse(CommandAt(remedy, 0)), later, last);
	if (rest != nullptr)
		Holds(equal(rest, Parse(CommandAt(remedy, next++))), "the rest of the command");
	if (operation == Operation::move_index)
	{
		auto *move = ParseAs<ReindexStmt>(CommandAt(remedy, next++), T_ReindexStmt);
		Holds(IsOn(LastOption(*move, "concurrently")) &&
				  SameText(defGetString(LastOption(*move, "tablespace")),
						   judgments.FirstViolation().request.tablespace) &&
				  SameText(move->relation->relname, alter.relation->relname),
			  "the index, to its tablespace, concurrently");
	}
	else if (!HasSeveralKeys(alter))
	{
		if (last != NIL)
			Holds(HasCommand(remedy, next, alter, last), "what comes last, in one command");
		ConstraintCommands commands = Sort(remedy, next);
		commands.not_null -= later;
		int number = 0;
		for (const Judgment &judgment : judgments)
		{
			if (judgment.verdict.IsViolation())
				CheckConstraint(judgment.request, commands, number++);
		}
		Holds(commands.not_null == 0, "four commands for each column that is not NOT NULL");
		Holds(list_length(commands.builds) == number && list_length(commands.uses) == number,
			  "no other index");
		return;
	}
	else
		return;
	Holds(remedy.steps.Count() == next, "no other command");
}

// ---- One statement, one query

void CheckRequests(const Node *tree, const Requests &requests, const StatementText &statement,
				   const char *query)
{
	switch (nodeTag(tree))
	{
	case T_IndexStmt:
		return CheckCreate(requests, statement, query);
	case T_DropStmt:
		return CheckDrop(*reinterpret_cast<const DropStmt *>(tree), requests, statement, query);
	case T_ReindexStmt:
		return CheckReindex(*reinterpret_cast<const ReindexStmt *>(tree), requests, statement,
							query);
	case T_AlterTableStmt:
		return CheckAlter(*reinterpret_cast<const AlterTableStmt *>(tree), requests, statement,
						  query);
	default: // ALTER INDEX ALL IN TABLESPACE
	{
		const Remedy remedy = FindRemedy(Find(requests, true), statement, query, INT_MAX);
		for (int i = 0; i < remedy.steps.Count(); ++i)
		{
			// The one that is no leaf comes last.
			if (i + 1 < remedy.steps.Count())
				ParseAs<ReindexStmt>(CommandAt(remedy, i), T_ReindexStmt);
			else
				ParseAs<AlterTableStmt>(CommandAt(remedy, i), T_AlterTableStmt);
		}
	}
	}
}

char *PartOf(const char *text, std::size_t from, std::size_t to)
{
	return pnstrdup(text + from, to - from);
}

void CheckStatement(const RawStmt &raw, const char *query)
{
	const Node *tree = raw.stmt;
	doing = "which options REINDEX has";
	const Requests requests = AskedFor(tree);
	doing = "the module";
	// A drop or a reindex that is concurrent is no violation and gets no remedy.
	if (requests.Count() == 0 ||
		(requests.First().concurrently && requests.First().create == nullptr))
		return;
	PlannedStmt *planned = makeNode(PlannedStmt);
	planned->commandType = CMD_UTILITY;
	planned->utilityStmt = const_cast<Node *>(tree);
	planned->stmt_location = raw.stmt_location;
	planned->stmt_len = raw.stmt_len;
	const StatementText statement = TextOf(*planned, query);
	const Node *before = Copy(tree);

	wrong_text = false;
	CheckRequests(tree, requests, statement, query);
	made = nullptr;

	// A text that the tree was not made from: cut off at either end, moved, or read by another
	// setting.
	wrong_text = true;
	const std::size_t length = strlen(statement.text);
	for (const std::size_t cut : {length / 2, length - length / 8, length - 1})
	{
		CheckRequests(tree, requests, {PartOf(statement.text, 0, cut), statement.offset}, query);
		CheckRequests(
			tree, requests,
			{PartOf(statement.text, 0, cut), statement.offset + static_cast<int>(length / 8)},
			query);
		CheckRequests(tree, requests,
					  {PartOf(statement.text, length - cut, length), statement.offset}, query);
	}
	if (strpbrk(statement.text, "\\") != nullptr)
	{
		standard_conforming_strings = !standard_conforming_strings;
		CheckRequests(tree, requests, statement, query);
		standard_conforming_strings = !standard_conforming_strings;
	}
	if (!equal(before, tree))
		Fail("the tree is left as it is");
}

void CheckQuery(const char *query)
{
	made = doing = nullptr;
	const List *parsed = raw_parser(query, RAW_PARSE_DEFAULT);
	for (int i = 0; i < list_length(parsed); ++i)
		CheckStatement(*static_cast<RawStmt *>(list_nth(parsed, i)), query);
}

// What the module may raise: what a REINDEX option that is no Boolean value raises (statement.hpp),
// and what anything may raise for a tree that is too deep.
bool IsAllowed(int code)
{
	return doing == nullptr || code == ERRCODE_STATEMENT_TOO_COMPLEX ||
		   (code == ERRCODE_SYNTAX_ERROR && strstr(doing, "REINDEX") != nullptr);
}

MemoryContext memory;

void RunQuery(const char *query)
{
	PG_TRY();
	{
		CheckQuery(query);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		const ErrorData *error = CopyErrorData();
		if (!IsAllowed(error->sqlerrcode))
		{
			std::fprintf(stderr, "%s raised %s: %s\n", doing, unpack_sql_state(error->sqlerrcode),
						 error->message);
			Fail("no error is raised");
		}
		FlushErrorState();
	}
	PG_END_TRY();
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***)
{
	MemoryContextInit();
	set_stack_base();
	assign_max_stack_depth(4096, nullptr); // kB
	memory = AllocSetContextCreate(TopMemoryContext, "input", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(memory);
	log_min_messages = PANIC;
	client_min_messages = ERROR;
	escape_string_warning = false;
	return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	// As a client's text arrives: without a NUL, and valid in the encoding of the database.
	if (memchr(data, 0, size) != nullptr)
		return 0;
	char *query = pnstrdup(reinterpret_cast<const char *>(data), size);
	SetDatabaseEncoding(
		pg_verify_mbstr(PG_UTF8, query, static_cast<int>(size), true) ? PG_UTF8 : PG_SQL_ASCII);
	for (const bool standard : {true, false})
	{
		standard_conforming_strings = standard;
		if (standard || strpbrk(query, "\\") != nullptr)
			RunQuery(query);
	}
	made = nullptr;
	MemoryContextReset(memory);
	return 0;
}

// A third of the changes are libFuzzer's own, of bytes; the others put in, take out or swap words
// (words.hpp).
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size);

static std::size_t Store(const std::string &text, std::uint8_t *data, std::size_t max_size)
{
	const std::size_t length = std::min(text.size(), max_size);
	std::memcpy(data, text.data(), length);
	return length;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
											   std::size_t max_size, unsigned seed)
{
	Random random(seed);
	if (random.Below(3) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	std::string text(reinterpret_cast<const char *>(data), size);
	for (unsigned i = random.Below(4); i < 4; ++i)
		text = ChangeWords(text, random);
	return Store(text, data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t *data, std::size_t size,
												 const std::uint8_t *other, std::size_t other_size,
												 std::uint8_t *out, std::size_t max_size,
												 unsigned seed)
{
	Random random(seed);
	return Store(CrossWords({reinterpret_cast<const char *>(data), size},
							{reinterpret_cast<const char *>(other), other_size}, random),
				 out, max_size);
}
