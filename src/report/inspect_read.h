/* SPDX-License-Identifier: MIT */
/* Reading a document that may hold anything: what is missing or of another type is empty. Not a
 * door. */
#ifndef WEIR_REPORT_INSPECT_READ_H
#define WEIR_REPORT_INSPECT_READ_H

#include <jansson.h>

#include "report/inspect.h"

struct inspect_document {
    json_t *root;
};

const char *inspect_string(const json_t *object, const char *key); /* never NULL */
int64_t inspect_number(const json_t *object, const char *key); /* 0 when there is none */
/* "KSCATEGORY_VIDEO", or the GUID where no name is known; never NULL. */
const char *inspect_named(const json_t *object, const char *key);
/* A pin's name for people: the known constant, or the string, or its category. */
const char *inspect_pin_title(const json_t *pin);
/* "KSNODETYPE_VOLUME", or the node's name. */
const char *inspect_node_title(const json_t *node);

#endif
