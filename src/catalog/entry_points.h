/*
 * What the C face calls of the catalog layer.
 */
#ifndef PSI_CATALOG_ENTRY_POINTS_H
#define PSI_CATALOG_ENTRY_POINTS_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * For the view pg_safe_index_invalid: what is there to say of an invalid index? False if the index
 * is not invalid, or gone. `pid`: the process that builds, rebuilds or drops it at this moment, or
 * 0; `drop` and `reindex`: the commands that repair it, or NULL. Allocates.
 */
extern bool psi_mending(unsigned int index, int *pid, const char **drop, const char **reindex);

PSI_END_C

#endif
