// index_plan: from a parse tree to the parts of the commands.
#include "plan/index_plan.hpp"

#include <cstddef>

#include "pg/list.hpp"
#include "plan/index_definition.hpp"

namespace psi
{

namespace
{

// A longer definition (bytes) is not repeated for each partition.
constexpr std::size_t definition_length_max = 4096;

void AppendNames(StringInfo out, const List *names)
{
	appendStringInfoChar(out, '(');
	const char *separator = "";
	for (const String *name : Each<String>(names))
	{
		appendStringInfo(out, "%s%s", separator, quote_identifier(name->sval));
		separator = ", ";
	}
	appendStringInfoChar(out, ')');
}

// The clauses that CREATE INDEX and a constraint have in common, in the order of the grammar of the
// one or the other.
const char *DefineKey(const Constraint &constraint, const List *keys, bool as_index)
{
	StringInfoData out;
	initStringInfo(&out);
	const char *nulls = constraint.nulls_not_distinct ? " NULLS NOT DISTINCT" : "";
	if (!as_index)
		appendStringInfo(&out, "%s ", nulls);
	AppendNames(&out, keys);
	if (constraint.including != NIL)
	{
		appendStringInfoString(&out, " INCLUDE ");
		AppendNames(&out, constraint.including);
	}
	if (as_index)
		appendStringInfoString(&out, nulls);
	if (constraint.options != NIL)
	{
		appendStringInfoString(&out, " WITH ");
		AppendOptions(&out, constraint.options);
	}
	if (constraint.indexspace != nullptr)
		appendStringInfo(&out, "%s TABLESPACE %s", as_index ? "" : " USING INDEX",
						 quote_identifier(constraint.indexspace));
	return out.data;
}

// The names of the columns, as a Constraint lists them. The index of a UNIQUE or PRIMARY KEY
// constraint has no expressions.
List *NamesOf(const List *elements)
{
	List *names = NIL;
	for (const IndexElem *element : Each<IndexElem>(elements))
		names = lappend(names, makeString(element->name));
	return names;
}

// The clauses of a constraint that has an index like this one.
const char *DefineConstraint(const IndexStmt &create)
{
	Constraint *constraint = makeNode(Constraint);
	constraint->including = NamesOf(create.indexIncludingParams);
	constraint->nulls_not_distinct = create.nulls_not_distinct;
	constraint->options = create.options;
	constraint->indexspace = create.tableSpace;
	return DefineKey(*constraint, NamesOf(create.indexParams), false);
}

List *ElementsOf(const List *names)
{
	List *elements = NIL;
	for (String *name : Each<String>(names))
	{
		IndexElem *element = makeNode(IndexElem);
		element->name = name->sval;
		elements = lappend(elements, element);
	}
	return elements;
}

// The index that PostgreSQL makes for a constraint (transformIndexConstraint()). There is nothing
// in it for parse analysis.
const IndexStmt *StatementFor(const Constraint &constraint, const List *keys)
{
	IndexStmt *create = makeNode(IndexStmt);
	create->unique = true;
	create->primary = constraint.contype == CONSTR_PRIMARY;
	create->isconstraint = true;
	create->accessMethod = pstrdup(DEFAULT_INDEX_TYPE);
	create->indexParams = ElementsOf(keys);
	create->indexIncludingParams = ElementsOf(constraint.including);
	create->nulls_not_distinct = constraint.nulls_not_distinct;
	create->options = constraint.options;
	create->tableSpace = constraint.indexspace;
	create->transformed = true;
	return create;
}

const char *AttributesText(bool deferrable, bool deferred)
{
	return psprintf("%s%s", deferrable ? " DEFERRABLE" : "", deferred ? " INITIALLY DEFERRED" : "");
}

// The attributes of a constraint. Those of a column constraint are not in its node: they follow it
// in the list of the column.
const char *AttributesOf(const Constraint &constraint, const ColumnDef *column)
{
	bool deferrable = constraint.deferrable;
	bool deferred = constraint.initdeferred;
	bool ours = false;
	for (const Constraint *next : Each<Constraint>(column != nullptr ? column->constraints : NIL))
	{
		switch (next->contype)
		{
		case CONSTR_ATTR_DEFERRABLE:
			deferrable = deferrable || ours;
			break;
		case CONSTR_ATTR_DEFERRED:
			// It implies DEFERRABLE.
			deferrable = deferrable || ours;
			deferred = deferred || ours;
			break;
		case CONSTR_ATTR_NOT_DEFERRABLE:
		case CONSTR_ATTR_IMMEDIATE:
			break;
		default:
			ours = next == &constraint;
			break;
		}
	}
	return AttributesText(deferrable, deferred);
}

void AddConstraint(IndexPlan &plan, bool primary, const char *definition, const char *attributes)
{
	plan.constraint = primary ? "PRIMARY KEY" : "UNIQUE";
	plan.attributes = attributes;
	plan.constraint_definition = psprintf("%s%s", definition, attributes);
	// As in ChooseIndexName() of indexcmds.c.
	plan.label = primary ? "pkey" : "key";
	if (primary)
		plan.columns = nullptr;
}

} // namespace

IndexPlan PlanForCreate(const IndexStmt &create, const char *definition)
{
	IndexPlan plan;
	plan.unique = create.unique;
	plan.if_not_exists = create.if_not_exists;
	plan.name = create.idxname;
	plan.definition = definition;
	plan.columns = JoinColumnNames(create);
	return plan;
}

Repeatable PlanOnPartitions(const Judgment &judgment, const char *query, IndexPlan &plan)
{
	const IndexStmt &create = *judgment.request.create;
	const auto definition = ReadDefinition(create, judgment.target, query);
	if (!definition.has_value())
		return Repeatable::locked;
	// A row as a whole has the type of its table, and would have another one on each partition.
	if (definition->whole_row || strlen(definition->text) > definition_length_max)
		return Repeatable::no;
	plan = PlanForCreate(create, definition->text);
	plan.create = definition->create;
	return Repeatable::yes;
}

IndexPlan PlanForConstraint(const Request &request)
{
	const Constraint &constraint = *request.constraint;
	const List *keys = constraint.keys;
	if (request.column != nullptr)
		keys = list_make1(makeString(request.column->colname));

	IndexPlan plan;
	plan.unique = true;
	plan.only = !request.name->inh;
	plan.create = StatementFor(constraint, keys);
	plan.name = constraint.conname;
	plan.definition = DefineKey(constraint, keys, true);
	plan.columns = JoinColumnNames(*plan.create);
	AddConstraint(plan, constraint.contype == CONSTR_PRIMARY, DefineKey(constraint, keys, false),
				  AttributesOf(constraint, request.column));
	return plan;
}

namespace
{

// A constraint of a column that builds an index.
struct ColumnKey
{
	const Constraint *constraint;
	bool deferrable;
	bool deferred;
	const char *name;
};

// In the order of the text.
Array<ColumnKey> KeysOf(const ColumnDef &column)
{
	Array<ColumnKey> keys;
	bool ours = false; // an attribute belongs to the constraint before it
	for (const Constraint *constraint : Each<const Constraint>(column.constraints))
	{
		switch (constraint->contype)
		{
		case CONSTR_ATTR_DEFERRABLE:
		case CONSTR_ATTR_DEFERRED:
			if (ours)
			{
				keys.Last().deferrable = true;
				keys.Last().deferred =
					keys.Last().deferred || constraint->contype == CONSTR_ATTR_DEFERRED;
			}
			break;
		case CONSTR_ATTR_NOT_DEFERRABLE:
		case CONSTR_ATTR_IMMEDIATE:
			break;
		default:
			ours = BuildsIndex(*constraint);
			if (ours)
				keys.Add({constraint, false, false, constraint->conname});
			break;
		}
	}
	return keys;
}

// transformIndexConstraints(): would the two have the same index? Their column is the same.
bool AreMerged(const ColumnKey &key, const ColumnKey &other)
{
	return key.constraint->nulls_not_distinct == other.constraint->nulls_not_distinct &&
		   key.deferrable == other.deferrable && key.deferred == other.deferred;
}

// Adds the key, unless an equal one is there already, which gets its name then.
void Merge(Array<ColumnKey> &merged, const ColumnKey &key)
{
	for (ColumnKey &earlier : merged)
	{
		if (!AreMerged(earlier, key))
			continue;
		if (earlier.name == nullptr)
			earlier.name = key.name;
		return;
	}
	merged.Add(key);
}

} // namespace

Array<IndexPlan> PlansForColumn(const Request &request)
{
	const Array<ColumnKey> keys = KeysOf(*request.column);
	// The primary key comes first. There are few kinds, so few are left.
	Array<ColumnKey> merged;
	for (const ConstrType type : {CONSTR_PRIMARY, CONSTR_UNIQUE})
	{
		for (const ColumnKey &key : keys)
		{
			CHECK_FOR_INTERRUPTS();
			if (key.constraint->contype == type)
				Merge(merged, key);
		}
	}
	Array<IndexPlan> plans;
	for (const ColumnKey &key : merged)
	{
		Request of_key = request;
		of_key.constraint = key.constraint;
		plans.Add(PlanForConstraint(of_key)).name = key.name;
	}
	return plans;
}

bool PlanForMissingIndex(const IndexStmt &create, const Target &target, const char *query,
						 IndexPlan &plan)
{
	const char *definition = DefinitionFromTree(create, target, query);
	if (definition == nullptr)
		return false;
	plan.unique = create.unique;
	plan.create = &create;
	plan.definition = definition;
	plan.columns = JoinColumnNames(create);
	if (create.isconstraint)
		AddConstraint(plan, create.primary, DefineConstraint(create),
					  AttributesText(create.deferrable, create.initdeferred));
	return true;
}

const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema,
					   GivenNames &given)
{
	return ChooseIndexName(table, schema, plan.columns, plan.label, given);
}

const char *ChooseName(const IndexPlan &plan, const RelationName &table, Oid schema)
{
	GivenNames none;
	return ChooseName(plan, table, schema, none);
}

const char *FirstName(const IndexPlan &plan, const RelationName &table)
{
	return makeObjectName(table.name, plan.columns, plan.label);
}

} // namespace psi
