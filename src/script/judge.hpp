// judge: the verdict on one statement of a script.
//
// Looks as the guard does where the script has not changed what the statement names, and otherwise
// judges what is known. Neither waits for a lock nor keeps one. An error that PostgreSQL raises is
// an answer: the command is refused.
#pragma once

#include "catalog/judgment.hpp"
#include "script/state.hpp"

namespace psi
{

enum class Outcome
{
	violation,
	passes,
	refused, // by PostgreSQL itself
	unknown,
};

// In the order of the enum.
constexpr const char *outcome_names[] = {"violation", "passes", "refused", "unknown"};

// The columns of a row. Null: there is nothing to say.
struct Answer
{
	Outcome outcome = Outcome::passes;
	const char *operation = nullptr;
	const char *object = nullptr;
	const char *reason = nullptr;
	const char *message = nullptr;
	const char *detail = nullptr;
	const char *hint = nullptr;
};

// One operation of a statement, as far as it is known.
struct Finding
{
	Judgment judgment;
	const char *object = nullptr;  // what the command names
	const char *refusal = nullptr; // why PostgreSQL refuses it
	const char *unknown = nullptr; // why the verdict is not known
	bool plain = true;             // a hint can be made
	bool nothing = false;          // it is no index operation
	bool live = false;             // the script has not changed what it names
	bool whole = false;            // the refusal is one of the whole statement
};

// The findings about all operations of a statement.
struct Findings
{
	Judgments judgments;                // what is refused or unknown counts as missing
	const Finding *violation = nullptr; // the first of each kind
	const Finding *refusal = nullptr;
	const Finding *unknown = nullptr;
	const Finding *first = nullptr;
};

// The settings and the text of a statement.
struct ScriptStatement
{
	const Node *node;
	StatementText text;
	const char *script;
	Settings settings; // with the mode error
	bool overridden;   // the script has turned the mode off
	bool drops_failed_builds;
	int lock_timeout;
	bool all_names; // the names of all relations are wanted, not only those that a hint shows
};

// Judges a statement, which has these requests. Nothing if it asks for no index operation.
// Allocates.
std::optional<Findings> JudgeStatement(const State &state, const ScriptStatement &statement,
									   const Requests &requests);

// Puts the worst of the findings into words. Allocates.
Answer TellFindings(const State &state, const ScriptStatement &statement, const Findings &findings);

} // namespace psi
