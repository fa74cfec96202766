/*
 * guard: the one header between the C face (pg_safe_index.c) and the C++ rooms.
 */
#ifndef PSI_GUARD_H
#define PSI_GUARD_H

#ifdef __cplusplus
#include <cstddef>
extern "C"
{
#else
#include <stdbool.h>
#include <stddef.h>
#endif

	struct PlannedStmt;
	struct ParamListInfoData;
	struct QueryEnvironment;
	struct _DestReceiver;
	struct QueryCompletion;

	/* The values of pg_safe_index.mode and minimum_mode, as psi::Mode in policy.hpp orders them. */
	enum psi_mode
	{
		PSI_MODE_OFF,
		PSI_MODE_WARN,
		PSI_MODE_ERROR,
		PSI_MODE_REWRITE
	};

	/* The greatest value of pg_safe_index.max_violations. */
	enum
	{
		PSI_VIOLATIONS_MAX = 1000000
	};

	/* The settings as the GUC machinery holds them. */
	struct psi_settings
	{
		int mode;                  /* enum psi_mode */
		int minimum_mode;          /* enum psi_mode */
		int min_table_size;        /* kB; 0: every table */
		char *operations;          /* a list as psi_is_operation_list() takes */
		char *exempt_applications; /* a list as psi_is_name_list() takes; may be NULL */
		bool drop_failed_builds;
		bool suspend_timeouts;
		int report_blockers_after; /* ms; 0: never */
		int max_violations;        /* rows in shared memory; set at server start */
	};

	/* One call of ProcessUtility(), as utility.h has its arguments. */
	struct psi_call
	{
		struct PlannedStmt *statement;
		const char *query; /* the text that it was parsed from */
		bool read_only_tree;
		int context; /* ProcessUtilityContext */
		struct ParamListInfoData *params;
		struct QueryEnvironment *environment;
		struct _DestReceiver *dest;
		struct QueryCompletion *completion;
		/* Hands it to the next hook in the chain. */
		void (*go_on)(const struct psi_call *call);
	};

	/*
	 * Looks at one utility statement and has it executed, by go_on() and once. Raises an ERROR
	 * (SQLSTATE 55000) in its place for a violation in mode error, a WARNING before it in mode
	 * warn. The look waits for no lock and leaves none behind. For a concurrent command see
	 * build.hpp.
	 */
	extern void psi_execute(const struct psi_call *call, const struct psi_settings *settings);

	/*
	 * For the view pg_safe_index_invalid: what is there to say of an invalid index? False if the
	 * index is not invalid, or gone. `pid`: the process that builds, rebuilds or drops it at this
	 * moment, or 0; `drop` and `reindex`: the commands that mend it, or NULL. Allocates.
	 */
	extern bool psi_mending(unsigned int index, int *pid, const char **drop, const char **reindex);

	/*
	 * Shared memory for the counters and the record of so many violations; bytes that it takes. To
	 * be called where PostgreSQL has hooks for it: while the postmaster adds up what is wanted, and
	 * when there is some to attach to.
	 */
	extern size_t psi_shared_size(int max_violations);
	extern void psi_request_shared_memory(int max_violations);
	extern void psi_attach_shared_memory(int max_violations);

	/*
	 * For the SQL functions of the same names: put their rows into a Tuplestorestate with a
	 * TupleDesc. All of these raise an ERROR (55000) if there is no shared memory.
	 */
	extern void psi_put_counters(void *store, void *columns);
	extern void psi_put_violations(void *store, void *columns);
	extern void psi_put_violations_info(void *store, void *columns);
	/* Sets the counters to zero and forgets the violations. */
	extern void psi_reset(void);

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
