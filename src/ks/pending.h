/* SPDX-License-Identifier: MIT */
/* Creates, closes and property requests that a driver keeps: it marks the IRP pending, returns
 * STATUS_PENDING, and later sets IoStatus.Status and calls KsCompletePendingRequest. Up to
 * DISPATCH_LEVEL. Not here: stream requests, which belong to the queue. */
#ifndef WEIR_KS_PENDING_H
#define WEIR_KS_PENDING_H

#include "wdk/wdm.h"

/* What a create or close callback returned: STATUS_PENDING wants a marked IRP (a finding if not).
 */
NTSTATUS ks_pending_check(PIRP irp, NTSTATUS status);

#endif
