/*
 * guard: the one header between the C face (pg_safe_index.c) and the C++ rooms.
 */
#ifndef PSI_GUARD_H
#define PSI_GUARD_H

#ifdef __cplusplus
extern "C"
{
#else
#include <stdbool.h>
#endif

	struct PlannedStmt;

	/* The values of pg_safe_index.mode and minimum_mode, as psi::Mode in policy.hpp orders them. */
	enum psi_mode
	{
		PSI_MODE_OFF,
		PSI_MODE_WARN,
		PSI_MODE_ERROR
	};

	/* The settings as the GUC machinery holds them. */
	struct psi_settings
	{
		int mode;                  /* enum psi_mode */
		int minimum_mode;          /* enum psi_mode */
		int min_table_size;        /* kB; 0: every table */
		char *operations;          /* a list as psi_is_operation_list() takes */
		char *exempt_applications; /* a list as psi_is_name_list() takes; may be NULL */
	};

	/*
	 * Looks at one utility statement before it is executed. Returns when it may run, after a
	 * WARNING if the mode in force is warn; raises an ERROR (SQLSTATE 55000) for a violation in
	 * mode error. Waits for no lock and leaves none behind. `query` is the text that `statement`
	 * was parsed from, `context` a ProcessUtilityContext.
	 */
	extern void psi_guard(const struct PlannedStmt *statement, const char *query, int context,
						  const struct psi_settings *settings);

	/*
	 * Is this a well-formed value for pg_safe_index.operations? If a name in it is not that of an
	 * operation, `unknown` and `length` tell which; they stay as they are if the list is malformed.
	 * Raises nothing.
	 */
	extern bool psi_is_operation_list(const char *list, const char **unknown, int *length);

	/*
	 * To be asked before the settings are defined: has a client that may not do so given a value
	 * for pg_safe_index.minimum_mode while the library was not loaded? PostgreSQL forgets the value
	 * from the configuration then, and refuses the client's: what was to be the floor is not known
	 * any more.
	 */
	extern bool psi_floor_is_lost(void);

	/* The names of all operations, separated by commas. In static memory. */
	extern const char *psi_operation_names(void);

	/* Is this a well-formed value for pg_safe_index.exempt_applications? Raises nothing. */
	extern bool psi_is_name_list(const char *list);

#ifdef __cplusplus
}
#endif

#endif
