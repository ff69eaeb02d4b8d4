/* SPDX-License-Identifier: MIT */
/* Which properties, methods and events an object has: asked of a filter, a pin, or a node of
 * either, with what every application can send. PASSIVE_LEVEL, on a thread of the machine. Not a
 * door. */
#ifndef WEIR_CLIENT_INSPECT_SETS_H
#define WEIR_CLIENT_INSPECT_SETS_H

#include <jansson.h>

#include "client/internal.h"

struct inspect_target {
    PFILE_OBJECT file;
    bool is_node; /* of the file's filter or pin */
    ULONG node_id;
    bool read_values;
};

/* "properties", "methods" and "events" become members of object. */
void inspect_sets(struct client_session *session, const struct inspect_target *target,
                  json_t *object);

#endif
