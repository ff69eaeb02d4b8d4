/* SPDX-License-Identifier: MIT */
/* IOCTL_KS_PROPERTY: the verbs, and the handlers of items. PASSIVE_LEVEL.
 * The status returned is for the caller to complete the IRP with, unless it is STATUS_PENDING.
 * Not here: where the tables come from (automation.h), what the runtime's own handlers do
 * (set_*.c). */
#ifndef WEIR_KS_PROPERTY_H
#define WEIR_KS_PROPERTY_H

#include "ks/automation.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_file;

NTSTATUS ks_property_request(const struct ks_file *file, PIRP irp);
/* Methods go the same way. */
NTSTATUS ks_method_request(const struct ks_file *file, PIRP irp);
/* A request that a handler kept is about to be completed. */
void ks_property_settle(PIRP irp);

#endif
