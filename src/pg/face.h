/*
 * face: the types that the C face (*.c in the root folder) shares with the layers.
 *
 * Each layer declares the functions that the C face calls in a header of its own: guard.h, and
 * LAYER_face.h in its folder.
 */
#ifndef PSI_FACE_H
#define PSI_FACE_H

#ifdef __cplusplus
#include <cstddef>
#define PSI_BEGIN_C                                                                                \
	extern "C"                                                                                     \
	{
#define PSI_END_C }
#else
#include <stdbool.h>
#include <stddef.h>
#define PSI_BEGIN_C
#define PSI_END_C
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

/* The values of pg_safe_index.in_transaction. */
enum psi_in_transaction
{
	PSI_REFUSE,
	PSI_POSTPONE
};

/* The greatest value of pg_safe_index.max_violations. */
enum
{
	PSI_VIOLATIONS_MAX = 1000000
};

/* The settings as the GUC machinery holds them. */
struct psi_settings
{
	int mode;           /* enum psi_mode */
	int minimum_mode;   /* enum psi_mode */
	int min_table_size; /* kB; 0: every table */
	char *operations;   /* the lists as they were set ... */
	char *exempt_applications;
	unsigned checked_operations; /* ... and as psi_parse_operations() has parsed them */
	const char *exempt_names;    /* ... and psi_parse_name_list() */
	bool drop_failed_builds;
	bool suspend_timeouts;
	int report_blockers_after; /* ms; 0: never */
	int lock_timeout;          /* ms; 0: no limit */
	int lock_attempts;
	int in_transaction;    /* enum psi_in_transaction */
	int max_violations;    /* rows in shared memory; set at server start */
	bool mode_is_override; /* psi_is_override() of where the value of mode comes from */
	char *help;
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

#endif
