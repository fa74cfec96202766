// code: walks over what the parser made.
#include "script/code.hpp"

#include "catalog/function.hpp"
#include "pg/list.hpp"

namespace psi
{

namespace
{

const char *LastNameOf(const FuncCall &call)
{
	return strVal(llast(call.funcname));
}

// `state` receives the name of the function.
bool FindCall(Node *node, void *state)
{
	if (node == nullptr)
		return false;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (const auto *call = IfA<FuncCall>(node))
	{
		const char *name = LastNameOf(*call);
		if (strcmp(name, "set_config") == 0 || MayChangeTables(name))
		{
			*static_cast<const char **>(state) = name;
			return true;
		}
	}
	return WalkRawTree(node, FindCall, state);
}

const char *CallIn(const Node *query)
{
	const char *name = nullptr;
	FindCall(const_cast<Node *>(query), &name);
	return name != nullptr ? psprintf("function %s()", name) : nullptr;
}

} // namespace

bool IsExecuted(const ExplainStmt &explain)
{
	for (const DefElem *option : Each<DefElem>(explain.options))
	{
		if (strcmp(option->defname, "analyze") == 0)
			return true;
	}
	return false;
}

const char *CodeIn(const Node *statement)
{
	switch (nodeTag(statement))
	{
	case T_DoStmt:
		return "a DO block";
	case T_CallStmt:
		return "a procedure";
	case T_ExecuteStmt:
		return "a prepared statement";
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
		return SetConfigCall(statement) == nullptr ? CallIn(statement) : nullptr;
	case T_ExplainStmt:
		return IsExecuted(*As<ExplainStmt>(statement)) ? CodeIn(As<ExplainStmt>(statement)->query)
													   : nullptr;
	case T_CreateTableAsStmt:
		return CodeIn(As<CreateTableAsStmt>(statement)->query);
	case T_DeclareCursorStmt:
		return CodeIn(As<DeclareCursorStmt>(statement)->query);
	case T_CopyStmt:
		return As<CopyStmt>(statement)->query != nullptr ? CodeIn(As<CopyStmt>(statement)->query)
														 : nullptr;
	default:
		return nullptr;
	}
}

const FuncCall *SetConfigCall(const Node *statement)
{
	const auto *select = IfA<SelectStmt>(statement);
	if (select == nullptr || list_length(select->targetList) != 1 || select->fromClause != NIL ||
		select->whereClause != nullptr || select->op != SETOP_NONE || select->withClause != nullptr)
		return nullptr;
	const auto *target = As<ResTarget>(static_cast<Node *>(linitial(select->targetList)));
	const auto *call = IfA<FuncCall>(target->val);
	if (call == nullptr || strcmp(LastNameOf(*call), "set_config") != 0 ||
		list_length(call->args) != 3)
		return nullptr;
	// false is a constant in itself from 15 on.
	for (const Node *argument : Each<const Node>(call->args))
	{
		if (!IsA(argument, A_Const) || As<A_Const>(argument)->isnull)
			return nullptr;
	}
	const auto *name = As<A_Const>(static_cast<Node *>(linitial(call->args)));
	const auto *value = As<A_Const>(static_cast<Node *>(lsecond(call->args)));
	const auto *local = As<A_Const>(static_cast<Node *>(lthird(call->args)));
	return nodeTag(&name->val) == T_String && nodeTag(&value->val) == T_String &&
				   nodeTag(&local->val) == T_Boolean
			   ? call
			   : nullptr;
}

} // namespace psi
