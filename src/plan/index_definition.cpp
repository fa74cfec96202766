// index_definition: the clauses stand in the order of the grammar of CREATE INDEX (gram.y).
#include "plan/index_definition.hpp"

#include "catalog/index_analysis.hpp"
#include "pg/list.hpp"
#include "plan/deparse.hpp"

namespace psi
{

void AppendOptions(StringInfo out, const List *options)
{
	appendStringInfoChar(out, '(');
	const char *separator = "";
	for (DefElem *option : Each<DefElem>(options))
	{
		appendStringInfoString(out, separator);
		separator = ", ";
		if (option->defnamespace != nullptr)
			appendStringInfo(out, "%s.", quote_identifier(option->defnamespace));
		appendStringInfoString(out, quote_identifier(option->defname));
		if (option->arg != nullptr)
			appendStringInfo(out, " = %s", quote_literal_cstr(defGetString(option)));
	}
	appendStringInfoChar(out, ')');
}

namespace
{

// `context` is what deparse_expression() resolves column numbers with.
void AppendElement(StringInfo out, const IndexElem &element, List *context)
{
	if (element.name != nullptr)
		appendStringInfoString(out, quote_identifier(element.name));
	else
	{
		// The grammar wants parentheses around everything but a function call. An operator comes
		// with parentheses of its own.
		const auto *call = IfA<FuncExpr>(element.expr);
		const bool complete = (call != nullptr && call->funcformat == COERCE_EXPLICIT_CALL) ||
							  IfA<OpExpr>(element.expr) != nullptr;
		appendStringInfo(out, complete ? "%s" : "(%s)",
						 DeparseForAnySession(element.expr, context));
	}
	if (element.collation != NIL)
		appendStringInfo(out, " COLLATE %s", NameListToQuotedString(element.collation));
	if (element.opclass != NIL)
		appendStringInfo(out, " %s", NameListToQuotedString(element.opclass));
	if (element.opclassopts != NIL)
	{
		appendStringInfoChar(out, ' ');
		AppendOptions(out, element.opclassopts);
	}
	if (element.ordering == SORTBY_ASC)
		appendStringInfoString(out, " ASC");
	else if (element.ordering == SORTBY_DESC)
		appendStringInfoString(out, " DESC");
	if (element.nulls_ordering == SORTBY_NULLS_FIRST)
		appendStringInfoString(out, " NULLS FIRST");
	else if (element.nulls_ordering == SORTBY_NULLS_LAST)
		appendStringInfoString(out, " NULLS LAST");
}

void AppendElements(StringInfo out, const List *elements, List *context)
{
	appendStringInfoChar(out, '(');
	const char *separator = "";
	for (const IndexElem *element : Each<IndexElem>(elements))
	{
		appendStringInfoString(out, separator);
		separator = ", ";
		AppendElement(out, *element, context);
	}
	appendStringInfoChar(out, ')');
}

void AppendDefinition(StringInfo out, const IndexStmt &analyzed, List *context)
{
	// The parser puts in the default.
	if (analyzed.accessMethod != nullptr && strcmp(analyzed.accessMethod, DEFAULT_INDEX_TYPE) != 0)
		appendStringInfo(out, "USING %s ", quote_identifier(analyzed.accessMethod));
	AppendElements(out, analyzed.indexParams, context);
	if (analyzed.indexIncludingParams != NIL)
	{
		appendStringInfoString(out, " INCLUDE ");
		AppendElements(out, analyzed.indexIncludingParams, context);
	}
	if (analyzed.nulls_not_distinct)
		appendStringInfoString(out, " NULLS NOT DISTINCT");
	if (analyzed.options != NIL)
	{
		appendStringInfoString(out, " WITH ");
		AppendOptions(out, analyzed.options);
	}
	if (analyzed.tableSpace != nullptr)
		appendStringInfo(out, " TABLESPACE %s", quote_identifier(analyzed.tableSpace));
	if (analyzed.whereClause != nullptr)
		appendStringInfo(out, " WHERE %s", DeparseForAnySession(analyzed.whereClause, context));
}

// Does an expression or the predicate refer to a row of the table as a whole? Such a reference has
// the attribute number 0.
bool HasWholeRow(const IndexStmt &analyzed)
{
	Bitmapset *columns = nullptr;
	for (const IndexElem *element : Each<IndexElem>(analyzed.indexParams))
		pull_varattnos(element->expr, 1, &columns);
	pull_varattnos(analyzed.whereClause, 1, &columns);
	return bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns);
}

} // namespace

std::optional<IndexDefinition> ReadDefinition(const IndexStmt &create, const Target &target,
											  const char *query)
{
	std::optional<IndexDefinition> definition;
	const auto write = [&](const IndexStmt &analyzed)
	{
		StringInfoData text;
		initStringInfo(&text);
		AppendDefinition(&text, analyzed, deparse_context_for(target.table.name, target.table_id));
		definition = IndexDefinition{&analyzed, text.data, HasWholeRow(analyzed)};
	};
	WithAnalyzedIndex(create, target.table_id, query, write);
	return definition;
}

const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query)
{
	const auto definition = ReadDefinition(create, target, query);
	return definition.has_value() ? definition->text : nullptr;
}

} // namespace psi
