// index_definition: the clauses stand in the order of the grammar of CREATE INDEX (gram.y).
#include "plan/index_definition.hpp"

#include "pg/list.hpp"

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
		appendStringInfo(out, "(%s)", deparse_expression(element.expr, context, false, false));
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
	if (analyzed.accessMethod != nullptr)
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
		appendStringInfo(out, " WHERE %s",
						 deparse_expression(analyzed.whereClause, context, false, false));
}

} // namespace

const char *DefinitionFromTree(const IndexStmt &create, const Target &target, const char *query)
{
	StringInfoData out;
	initStringInfo(&out);
	const auto write = [&](Relation)
	{
		// The tree may belong to a cached plan, and parse analysis changes it.
		auto *copy = static_cast<IndexStmt *>(copyObjectImpl(&create));
		AppendDefinition(&out, *transformIndexStmt(target.table_id, copy, query),
						 deparse_context_for(target.table.name, target.table_id));
	};
	return WithRelationAtOnce(target.table_id, write) ? out.data : nullptr;
}

} // namespace psi
