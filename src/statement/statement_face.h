/*
 * What the C face calls of the statement layer: the syntax of settings.
 */
#ifndef PSI_STATEMENT_ENTRY_POINTS_H
#define PSI_STATEMENT_ENTRY_POINTS_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Parses a value for pg_safe_index.operations, in the check hook: a bit for each operation that it
 * names. False if it is malformed, or has a name that is not that of an operation; `unknown` and
 * `length` tell that name, and stay as they are if the list is malformed. Raises nothing.
 */
extern bool psi_parse_operations(const char *list, unsigned *operations, const char **unknown,
								 int *length);

/* The names of all operations, separated by commas. In static memory. */
extern const char *psi_operation_names(void);

/* Is this a well-formed value for pg_safe_index.exempt_applications? Raises nothing. */
extern bool psi_is_name_list(const char *list);

/* Parses a well-formed one into `parsed`, which has psi_parsed_size() bytes. */
extern size_t psi_parsed_size(const char *list);
extern void psi_parse_name_list(const char *list, char *parsed);

/*
 * Memory for what a check hook hands to its assign hook, which the GUC machinery frees. NULL if
 * there is none.
 */
extern void *psi_allocate_extra(size_t size);

/*
 * Is a value from this GucSource one that the session, its role or its database has, whatever the
 * server's configuration says? Raises nothing.
 */
extern bool psi_is_override(int source);

/* What the hook has to know of the current transaction for little. */
struct psi_block
{
	/*
	 * The local id of the transaction in which the last BEGIN was executed. No later transaction of
	 * this backend has the same id, so an abort need not reset it.
	 */
	unsigned int begun_in;
	/* Something has been postponed (execute/postponed.cpp sets and resets it). */
	bool postponed;
};

extern struct psi_block psi_block;

/* Notes an AND CHAIN that is about to be executed, for IsBegunByClient(). Raises nothing. */
extern void psi_note_chain(void);

/*
 * To be asked before the settings are defined: has a client that may not do so given a value for
 * pg_safe_index.minimum_mode while the library was not loaded? PostgreSQL forgets the value from
 * the configuration then, and refuses the client's: what was to be the floor is not known any more.
 */
extern bool psi_floor_is_lost(void);

PSI_END_C

#endif
