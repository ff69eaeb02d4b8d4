/* SPDX-License-Identifier: MIT */
/* The configuration manager: a registry in memory, empty but for what setup puts there.
 * Windows functions (ZwOpenKey, RtlQueryRegistryValues ...) stand in wdk/ headers under their own
 * names; this door is for rooms that fill the registry or open keys for drivers.
 * Paths are absolute (\Registry\Machine\...); "CurrentControlSet" is an ordinary key here, and
 * ControlSet001 is another word for it. Names compare without case. PASSIVE_LEVEL.
 * Not here: files, security, transactions, callbacks. */
#ifndef WEIR_NT_CM_H
#define WEIR_NT_CM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ke/ke.h"
#include "wdk/wdm.h"

#define CM_SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services"

struct cm;
int cm_create(struct ke *ke, struct cm **out);
void cm_destroy(struct cm *cm);
struct cm *cm_of(struct ke *ke);

/* ASCII path and name; makes what is missing of the path. 0 or -ENOMEM. */
int cm_make_key(struct cm *cm, const char *path);
int cm_set_value(struct cm *cm, const char *path, const char *name, uint32_t type,
                 const void *data, size_t size_bytes);
int cm_set_string(struct cm *cm, const char *path, const char *name, const char *text); /* REG_SZ */
int cm_set_number(struct cm *cm, const char *path, const char *name, uint32_t value);
/* Borrowed until the value changes. False when there is none. */
bool cm_get_value(struct cm *cm, const char *path, const char *name, uint32_t *type,
                  const void **data, size_t *size_bytes);

/* A handle to the key of that path, for a driver; create: makes the whole path. */
NTSTATUS cm_open(struct cm *cm, const UNICODE_STRING *path, bool create, ACCESS_MASK access,
                 HANDLE *out);

#endif
