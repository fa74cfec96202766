// check: the walk over a script, statement by statement, and the rows of pg_safe_index_check().
#include "script/script_face.h"

#include "pg/list.hpp"
#include "pg/scanner.hpp"
#include "script/attempt.hpp"
#include "script/code.hpp"
#include "script/effects.hpp"
#include "script/judge.hpp"
#include "script/known.hpp"
#include "script/script_settings.hpp"
#include "script/transactions.hpp"

namespace psi
{

namespace
{

// Where a statement stands in the script.
struct Place
{
	int number = 0;
	int line = 1;
	int counted = 0; // `line` is that of this offset
	StatementText text{};
};

struct Walker
{
	const char *script;
	const psi_settings &live;
	State state{};
	ScriptSettings settings{};
	Place place{};
	void *store;
	void *columns;
};

// Goes to the next statement: its text without the white space and the comments around it.
void GoTo(Walker &walker, const RawStmt &raw, int script_length)
{
	Place &place = walker.place;
	const int offset = Max(raw.stmt_location, 0);
	const int length = raw.stmt_len > 0 ? raw.stmt_len : script_length - offset;
	const char *text = pnstrdup(walker.script + offset, length);
	int begin = 0;
	int end = length;
	const auto walk = [&]
	{
		Tokens tokens(text);
		begin = tokens.Location();
		while (!tokens.AtEnd())
			tokens.Next();
		end = tokens.PreviousEnd();
	};
	if (!ScannerAccepts(walk) || end <= begin)
	{
		begin = 0;
		end = length;
	}
	++place.number;
	for (; place.counted < offset + begin; ++place.counted)
	{
		if (walker.script[place.counted] == '\n')
			++place.line;
	}
	place.text = {pnstrdup(text + begin, end - begin), offset + begin};
}

Datum TextOrNull(const char *text, bool &null)
{
	null = text == nullptr;
	return null ? Datum{0} : CStringGetTextDatum(text);
}

void PutRow(const Walker &walker, const Answer &answer)
{
	constexpr int count = 10;
	Datum values[count];
	bool nulls[count] = {};
	values[0] = Int32GetDatum(walker.place.number);
	values[1] = Int32GetDatum(walker.place.line);
	values[2] = CStringGetTextDatum(walker.place.text.text);
	const char *texts[] = {
		answer.operation, answer.object,  outcome_names[static_cast<int>(answer.outcome)],
		answer.reason,    answer.message, answer.detail,
		answer.hint};
	for (int i = 0; i < count - 3; ++i)
		values[i + 3] = TextOrNull(texts[i], nulls[i + 3]);
	auto *columns = static_cast<TupleDesc>(walker.columns);
	if (columns->natts != count)
		elog(ERROR, "the function is not declared as this library has it");
	tuplestore_putvalues(static_cast<Tuplestorestate *>(walker.store), columns, values, nulls);
}

// The settings in force for the statement, with the mode error.
ScriptStatement Describe(const Walker &walker, const Node *node)
{
	const psi_settings &live = walker.live;
	const Settings settings{Mode::error, static_cast<Mode>(live.minimum_mode),
							static_cast<std::int64_t>(live.min_table_size) * 1024,
							live.checked_operations, false};
	return {node,
			walker.place.text,
			walker.script,
			settings,
			live.mode == PSI_MODE_OFF && live.minimum_mode == PSI_MODE_OFF,
			live.drop_failed_builds,
			live.lock_timeout};
}

std::optional<Answer> Judged(const Walker &walker, const Node *node)
{
	std::optional<Answer> answer;
	Requests requests;
	const ScriptStatement statement = Describe(walker, node);
	const auto judge = [&]
	{
		requests = AskedFor(node);
		answer = JudgeStatement(walker.state, statement, requests);
	};
	const ErrorData *error = Attempt(judge);
	if (error == nullptr)
		return answer;
	// PostgreSQL's own words. Only the options of REINDEX are looked at before there is a request.
	const Operation operation =
		requests.IsEmpty() ? Operation::reindex : requests.First().operation;
	Answer refused;
	refused.outcome = Outcome::refused;
	refused.operation = operation_names[static_cast<int>(operation)].data();
	refused.object = requests.IsEmpty() ? nullptr : ObjectOf(requests.First());
	refused.reason = NameOf(Reason::missing);
	refused.message = error->message;
	refused.detail = error->detail;
	refused.hint = error->hint;
	return refused;
}

void FollowSetConfig(Walker &walker, const FuncCall &call)
{
	const auto *name = As<A_Const>(static_cast<Node *>(linitial(call.args)));
	const auto *value = As<A_Const>(static_cast<Node *>(lsecond(call.args)));
	const auto *local = As<A_Const>(static_cast<Node *>(lthird(call.args)));
	SetConfig(walker.settings, walker.state, name->val.sval.sval, value->val.sval.sval,
			  local->val.boolval.boolval);
}

// What the statement changes for those after it.
void Follow(Walker &walker, const Node *node)
{
	State &state = walker.state;
	if (const auto *transaction = IfA<TransactionStmt>(node))
	{
		FollowTransaction(state, *transaction);
		Reapply(walker.settings, state);
	}
	else if (const auto *set = IfA<VariableSetStmt>(node))
		Set(walker.settings, state, *set);
	else if (const auto *call = SetConfigCall(node))
		FollowSetConfig(walker, *call);
	else
		// A name that PostgreSQL refuses.
		Attempt([&] { ApplyEffects(state, node); });
	EndStatement(state);
}

void CheckStatement(Walker &walker, const Node *node)
{
	State &state = walker.state;
	state.statement = walker.place.number;
	state.command = GetCommandTagName(CreateCommandTag(const_cast<Node *>(node)));
	const std::optional<Answer> answer = Judged(walker, node);
	if (answer.has_value())
		PutRow(walker, *answer);
	else if (const char *code = CodeIn(node))
	{
		Answer unknown;
		unknown.outcome = Outcome::unknown;
		unknown.reason = "not_followed";
		unknown.message = psprintf("What %s does is not known.", code);
		PutRow(walker, unknown);
		state.Add(Doubt::everything);
	}
	// A command that PostgreSQL refuses changes nothing.
	if (!answer.has_value() || answer->outcome != Outcome::refused)
		Follow(walker, node);
	else
		EndStatement(state);
}

// The position of a syntax error is one in the script.
void PlaceError(void *script)
{
	const int position = geterrposition();
	if (position <= 0)
		return;
	errposition(0);
	internalerrposition(position);
	internalerrquery(static_cast<const char *>(script));
}

List *Parse(const char *script)
{
	ErrorContextCallback callback{error_context_stack, PlaceError, const_cast<char *>(script)};
	error_context_stack = &callback;
	List *statements = pg_parse_query(script);
	error_context_stack = callback.previous;
	return statements;
}

void CheckScript(const char *script, bool single_transaction, const psi_settings &live, void *store,
				 void *columns)
{
	const List *statements = Parse(script);
	const int length = static_cast<int>(strlen(script));
	Walker walker{script, live, {}, {}, {}, store, columns};
	walker.settings = BeginSettings();
	walker.state.in_block = single_transaction;
	// It outlives the memory of a statement.
	walker.state.savepoints.Reserve(1);
	const MemoryContext whole = CurrentMemoryContext;
	const MemoryContext scratch =
		AllocSetContextCreate(whole, "pg_safe_index statement", ALLOCSET_DEFAULT_SIZES);
	for (const RawStmt *raw : Each<const RawStmt>(statements))
	{
		MemoryContextSwitchTo(scratch);
		GoTo(walker, *raw, length);
		CheckStatement(walker, raw->stmt);
		MemoryContextSwitchTo(whole);
		MemoryContextReset(scratch);
	}
	EndSettings(walker.settings);
	MemoryContextDelete(scratch);
}

} // namespace

} // namespace psi

extern "C" void psi_check_script(const char *script, bool single_transaction,
								 const psi_settings *settings, void *store, void *columns)
{
	psi::CheckScript(script, single_transaction, *settings, store, columns);
}
