// partition_check: after ATExecAttachPartition() and QueuePartitionConstraintValidation().
#include "plan/partition_check.hpp"

#include <cstddef>

#include "pg/list.hpp"
#include "plan/deparse.hpp"

namespace psi
{

namespace
{

// A longer condition (bytes) is not written into a command.
constexpr std::size_t condition_length_max = 4096;

// That of a default partition names the bounds of all others.
constexpr int siblings_max = 100;

// Is it a constant, or MINVALUE or MAXVALUE? Anything else would be evaluated twice, and might
// result in another value then.
bool IsLiteral(const Node *value)
{
	if (const auto *cast = IfA<TypeCast>(value); cast != nullptr)
		value = cast->arg;
	return IfA<A_Const>(value) != nullptr || IfA<ColumnRef>(value) != nullptr;
}

bool AreLiterals(const List *values)
{
	for (const Node *value : Each<const Node>(values))
	{
		if (!IsLiteral(value))
			return false;
	}
	return true;
}

bool IsReadable(const PartitionBoundSpec &bound, Oid parent)
{
	if (bound.is_default && list_length(find_inheritance_children(parent, NoLock)) > siblings_max)
		return false;
	return AreLiterals(bound.listdatums) && AreLiterals(bound.lowerdatums) &&
		   AreLiterals(bound.upperdatums);
}

// The bound after parse analysis. Raises PostgreSQL's own error if it overlaps that of another
// partition: PostgreSQL looks at that before it builds an index.
PartitionBoundSpec &AnalyzeBound(Relation parent, const Judgment &judgment, const char *query)
{
	ParseState *state = make_parsestate(nullptr);
	state->p_sourcetext = query;
	PartitionBoundSpec *bound = judgment.request.attach->bound;
	// It copies the tree before it changes it.
	PartitionBoundSpec *analyzed = transformPartitionBound(state, parent, bound);
	check_new_partition_bound(pstrdup(judgment.target.table.name), parent, analyzed, state);
	return *analyzed;
}

// What every row of the partition has to fulfil, in terms of the partition's columns; NIL: nothing.
List *PartitionQual(Relation parent, Relation partition, PartitionBoundSpec &analyzed)
{
	List *qual =
		list_concat(get_qual_from_partbound(parent, &analyzed), RelationGetPartitionQual(parent));
	if (qual == NIL)
		return NIL;
	qual =
		reinterpret_cast<List *>(eval_const_expressions(nullptr, reinterpret_cast<Node *>(qual)));
	qual = list_make1(make_ands_explicit(qual));
	return map_partition_varattnos(qual, 1, partition, parent);
}

// Does the condition, once it has been parsed again, prove what it was written for
// (ConstraintImpliedByRelConstraint())? It does not for a key with a collation of its own, since a
// parsed expression has it in another place.
bool Proves(const char *condition, Relation partition, List *qual)
{
	List *parsed = raw_parser(psprintf("SELECT %s", condition), RAW_PARSE_DEFAULT);
	const auto *statement = As<const RawStmt>(static_cast<const Node *>(linitial(parsed)));
	const auto *select = As<const SelectStmt>(statement->stmt);
	const auto *target =
		As<const ResTarget>(static_cast<const Node *>(linitial(select->targetList)));

	ParseState *state = make_parsestate(nullptr);
	state->p_sourcetext = condition;
	ParseNamespaceItem *item =
		addRangeTableEntryForRelation(state, partition, AccessShareLock, nullptr, false, true);
	addNSItemToQuery(state, item, true, true, true);
	Node *check = transformExpr(state, target->val, EXPR_KIND_CHECK_CONSTRAINT);
	assign_expr_collations(state, check);
	check = eval_const_expressions(nullptr, check);
	Expr *canonical = canonicalize_qual(reinterpret_cast<Expr *>(check), true);
	return predicate_implied_by(qual, make_ands_implicit(canonical), true);
}

// Opening a partitioned table that is a partition itself opens those above it.
struct LockedAncestors
{
	List *taken = NIL;
	bool all = true;
};

LockedAncestors LockAncestorsAtOnce(Oid table)
{
	LockedAncestors locked;
	for (const Oid ancestor : EachOid(get_partition_ancestors(table)))
	{
		if (HoldsRelationLock(ancestor, AccessShareLock, true))
			continue;
		locked.all = ConditionalLockRelationOid(ancestor, AccessShareLock);
		if (!locked.all)
			break;
		locked.taken = lappend_oid(locked.taken, ancestor);
	}
	return locked;
}

void Unlock(const LockedAncestors &locked)
{
	// generate_partition_qual() opens the ancestors and keeps their locks.
	for (const Oid ancestor : EachOid(locked.taken))
	{
		while (HoldsRelationLock(ancestor, AccessShareLock, false))
			UnlockRelationOid(ancestor, AccessShareLock);
	}
}

// Does the table, or one of its partitions, have rows that would be read?
bool HasPages(Oid table)
{
	if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
		return true;
	const auto size = MainForkSize(table);
	return !size.has_value() || *size > 0;
}

} // namespace

PartitionCheck FindPartitionCheck(const Judgment &judgment, const char *query)
{
	PartitionCheck check;
	const Target &target = judgment.target;
	const PartitionBoundSpec &bound = *judgment.request.attach->bound;
	const Oid parent_id = Resolve(*judgment.request.name);
	// A script may have created the tables: there is nothing to look at yet.
	if (!OidIsValid(parent_id) || !OidIsValid(target.table_id))
		return check;
	const Oid other = get_default_partition_oid(parent_id);
	check.reads_default = OidIsValid(other) && HasPages(other);
	const bool has_rows = HasPages(target.table_id);
	check.unknown = has_rows;
	if (!IsReadable(bound, parent_id))
		return check;

	Relation parent = nullptr;
	PartitionBoundSpec *analyzed = nullptr;
	const auto write = [&](Relation partition)
	{
		List *qual = PartitionQual(parent, partition, *analyzed);
		check.unknown = false;
		if (qual == NIL || PartConstraintImpliedByRelConstraint(partition, qual))
			return;
		check.condition =
			DeparseForAnySession(static_cast<Node *>(linitial(qual)),
								 deparse_context_for(target.table.name, target.table_id));
		if (strlen(check.condition) <= condition_length_max &&
			Proves(check.condition, partition, qual))
			return;
		check.condition = nullptr;
		check.unknown = true;
	};
	const auto open_partition = [&](Relation opened)
	{
		parent = opened;
		if (opened->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
			return;
		analyzed = &AnalyzeBound(opened, judgment, query);
		if (has_rows)
			WithRelationAtOnce(target.table_id, write);
	};
	const LockedAncestors locked = LockAncestorsAtOnce(parent_id);
	if (locked.all)
		WithRelationAtOnce(parent_id, open_partition);
	Unlock(locked);
	return check;
}

} // namespace psi
