// check: the walk over a script, statement by statement, and the rows of pg_safe_index_check().
#include "script/script_face.h"

#include "pg/list.hpp"
#include "script/attempt.hpp"
#include "script/code.hpp"
#include "script/effects.hpp"
#include "script/judge.hpp"
#include "script/known.hpp"
#include "script/parse_script.hpp"
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

void GoTo(Walker &walker, const RawStmt &raw)
{
	Place &place = walker.place;
	place.text = TextIn(walker.script, raw);
	++place.number;
	for (; place.counted < place.text.offset; ++place.counted)
	{
		if (walker.script[place.counted] == '\n')
			++place.line;
	}
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
			live.lock_timeout,
			false};
}

std::optional<Answer> Judged(const Walker &walker, const Node *node)
{
	std::optional<Answer> answer;
	Requests requests;
	const ScriptStatement statement = Describe(walker, node);
	const auto judge = [&]
	{
		requests = AskedFor(node);
		const auto findings = JudgeStatement(walker.state, statement, requests);
		if (findings.has_value())
			answer = TellFindings(walker.state, statement, *findings);
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

void CheckScript(const char *script, bool single_transaction, const psi_settings &live, void *store,
				 void *columns)
{
	const List *statements = ParseScript(script);
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
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(scratch);
		GoTo(walker, *raw);
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
