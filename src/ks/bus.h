/* SPDX-License-Identifier: MIT */
/* Interfaces of the drivers below. PASSIVE_LEVEL. Not here: what is done with them. */
#ifndef WEIR_KS_BUS_H
#define WEIR_KS_BUS_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

/* IRP_MN_QUERY_INTERFACE to a device's stack; interface lies where drivers can see it, and is
 * filled in. */
NTSTATUS ks_query_interface(PDEVICE_OBJECT device, const GUID *type, USHORT version, USHORT bytes,
                            PVOID interface);

#endif
