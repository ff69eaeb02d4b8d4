/* SPDX-License-Identifier: MIT */
/* Lists of properties by key, for device nodes and interfaces. The head is the owner's; what hangs
 * on it is freed by io_properties_fini. PASSIVE_LEVEL. */
#ifndef WEIR_NT_IO_PROPERTY_DATA_H
#define WEIR_NT_IO_PROPERTY_DATA_H

#include "base/list.h"
#include "wdk/wdm.h"

void io_properties_fini(struct list_node *properties);
NTSTATUS io_property_set(struct list_node *properties, const DEVPROPKEY *key, LCID locale,
                         DEVPROPTYPE type, ULONG size_bytes, const void *data);
NTSTATUS io_property_get(const struct list_node *properties, const DEVPROPKEY *key, LCID locale,
                         ULONG room, void *data, PULONG needed, DEVPROPTYPE *type);

#endif
