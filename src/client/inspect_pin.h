/* SPDX-License-Identifier: MIT */
/* A pin type as the filter tells of it, and a pin of it, opened with the driver's own default
 * format, asked, and closed again. session->filter is open. PASSIVE_LEVEL, on a thread of the
 * machine. Not a door. */
#ifndef WEIR_CLIENT_INSPECT_PIN_H
#define WEIR_CLIENT_INSPECT_PIN_H

#include <jansson.h>

#include "client/internal.h"

/* Never NULL. */
json_t *inspect_pin(struct client_session *session, ULONG pin_id, bool open_pins,
                    bool read_values);
/* A list of 24-byte identifiers behind a KSMULTIPLE_ITEM: interfaces, mediums. Pure. */
json_t *inspect_identifiers(const void *list, size_t bytes, const char *kind, json_t *problems);
/* A KSALLOCATOR_FRAMING_EX. Pure. */
json_t *inspect_framing(const void *framing, size_t bytes);

#endif
