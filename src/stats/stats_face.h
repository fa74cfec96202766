/*
 * What the C face calls of the stats layer.
 */
#ifndef PSI_STATS_ENTRY_POINTS_H
#define PSI_STATS_ENTRY_POINTS_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Shared memory for the counters and the record of so many violations; bytes that it takes. To be
 * called where PostgreSQL has hooks for it: while the postmaster adds up what is wanted, and when
 * there is some to attach to.
 */
extern size_t psi_shared_size(int max_violations);
extern void psi_request_shared_memory(int max_violations);
extern void psi_attach_shared_memory(int max_violations);

/*
 * For the SQL functions of the same names: put their rows into a Tuplestorestate with a TupleDesc.
 * All of these raise an ERROR (55000) if there is no shared memory.
 */
extern void psi_put_counters(void *store, void *columns);
extern void psi_put_counters_1_1(void *store, void *columns); /* as 1.1 declares them */
extern void psi_put_violations(void *store, void *columns);
extern void psi_put_violations_info(void *store, void *columns);
/* Sets the counters to zero and forgets the violations. */
extern void psi_reset(void);

PSI_END_C

#endif
