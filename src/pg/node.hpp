// node: a node of a parse tree as what it is. castNode() and IsA() of nodes.h for C++, where the
// name of the tag cannot be made from the name of the type.
#pragma once

#include <type_traits>

#include "pg/postgres.hpp"

namespace psi
{

template <typename T> struct NodeTraits
{
	static constexpr bool known = false;
};

#define PSI_NODE(type)                                                                             \
	template <> struct NodeTraits<type>                                                            \
	{                                                                                              \
		static constexpr bool known = true;                                                        \
		static constexpr NodeTag tag = T_##type;                                                   \
	}

PSI_NODE(A_Const);
PSI_NODE(AlterObjectSchemaStmt);
PSI_NODE(AlterTableCmd);
PSI_NODE(AlterTableMoveAllStmt);
PSI_NODE(AlterTableStmt);
PSI_NODE(CollateClause);
PSI_NODE(CollateExpr);
PSI_NODE(ColumnDef);
PSI_NODE(ColumnRef);
PSI_NODE(CompositeTypeStmt);
PSI_NODE(Constraint);
PSI_NODE(CopyStmt);
PSI_NODE(CreateDomainStmt);
PSI_NODE(CreateEnumStmt);
PSI_NODE(CreateExtensionStmt);
PSI_NODE(CreateForeignTableStmt);
PSI_NODE(CreateRangeStmt);
PSI_NODE(CreateSchemaStmt);
PSI_NODE(CreateSeqStmt);
PSI_NODE(CreateStmt);
PSI_NODE(CreateTableAsStmt);
PSI_NODE(DeclareCursorStmt);
PSI_NODE(DefElem);
PSI_NODE(DropStmt);
PSI_NODE(ExplainStmt);
PSI_NODE(FuncCall);
PSI_NODE(FuncExpr);
PSI_NODE(IndexElem);
PSI_NODE(IndexStmt);
PSI_NODE(OpExpr);
PSI_NODE(PartitionBoundSpec);
PSI_NODE(PartitionCmd);
PSI_NODE(PlannedStmt);
PSI_NODE(RangeVar);
PSI_NODE(RawStmt);
PSI_NODE(ReindexStmt);
PSI_NODE(RenameStmt);
PSI_NODE(ResTarget);
PSI_NODE(SelectStmt);
PSI_NODE(String);
PSI_NODE(TableLikeClause);
PSI_NODE(TransactionStmt);
PSI_NODE(TypeCast);
PSI_NODE(TypeName);
PSI_NODE(Var);
PSI_NODE(VariableSetStmt);
PSI_NODE(ViewStmt);

#undef PSI_NODE

template <typename T> constexpr bool is_node = NodeTraits<T>::known;

// The node as a T; null stays null. An assertion looks at the tag.
template <typename T> T *As(Node *node)
{
	Assert(node == nullptr || nodeTag(node) == NodeTraits<std::remove_const_t<T>>::tag);
	return reinterpret_cast<T *>(node);
}

template <typename T> const T *As(const Node *node)
{
	return As<const T>(const_cast<Node *>(node));
}

// The node as a T, or null if it is another kind of node.
template <typename T> const T *IfA(const Node *node)
{
	return node != nullptr && nodeTag(node) == NodeTraits<T>::tag ? As<T>(node) : nullptr;
}

} // namespace psi
