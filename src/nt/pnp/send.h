/* SPDX-License-Identifier: MIT */
/* Sends one IRP to the top of a device stack and waits for its end, as the PnP manager does on a system thread. Not a
 * door. */
#ifndef WEIR_NT_PNP_SEND_H
#define WEIR_NT_PNP_SEND_H

#include "pnp/pnp.h"

/* stack holds major, minor and parameters. The status is preset to STATUS_NOT_SUPPORTED, which a stack that
 * knows nothing of the request leaves as it is. information may be NULL. */
NTSTATUS pnp_send(PDEVICE_OBJECT pdo, const IO_STACK_LOCATION *stack, ULONG_PTR *information);
/* A PnP request without parameters. */
NTSTATUS pnp_send_minor(PDEVICE_OBJECT pdo, UCHAR minor);

#endif
