/*
 * catalog_face: the function of the catalog layer that the C face calls.
 *
 * Reads the system caches, the lock table and the other backends' status. Waits for no lock on a
 * relation. Raises nothing but out of memory.
 */
#ifndef PSI_CATALOG_FACE_H
#define PSI_CATALOG_FACE_H

#include "pg/face.h"

PSI_BEGIN_C

/*
 * Describes an invalid index for the view pg_safe_index_invalid. Returns false if the index is not
 * invalid, or gone. `pid`: the process that is building, rebuilding or dropping it, or 0. `drop`
 * and `reindex`: the commands that repair it, or NULL. Allocates.
 */
extern bool psi_mending(unsigned int index, int *pid, const char **drop, const char **reindex);

PSI_END_C

#endif
