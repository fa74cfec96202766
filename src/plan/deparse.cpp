// deparse: sets what output functions look at, and takes it back. After an error the abort of the
// (sub)transaction does that.
#include "plan/deparse.hpp"

namespace psi
{

namespace
{

void SetMeanwhile(const char *name, const char *value)
{
	set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace

const char *DeparseForAnySession(Node *expression, List *context)
{
	const int level = NewGUCNestLevel();
	if (DateStyle != USE_ISO_DATES)
		SetMeanwhile("datestyle", "ISO");
	if (IntervalStyle != INTSTYLE_POSTGRES)
		SetMeanwhile("intervalstyle", "postgres");
	if (extra_float_digits < 3)
		SetMeanwhile("extra_float_digits", "3");
	const char *text = deparse_expression(expression, context, false, false);
	AtEOXact_GUC(true, level);
	return text;
}

} // namespace psi
