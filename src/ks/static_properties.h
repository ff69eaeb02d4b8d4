/* SPDX-License-Identifier: MIT */
/* Properties that are answered from a descriptor alone, whoever owns it. PASSIVE_LEVEL; each
 * answers into the IRP's system buffer and returns the status. Not here: tables (set_filter.c),
 * instance counts. */
#ifndef WEIR_KS_STATIC_PROPERTIES_H
#define WEIR_KS_STATIC_PROPERTIES_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

/* A property of KSPROPSETID_Pin; STATUS_NOT_FOUND for one that the descriptor does not hold. */
NTSTATUS ks_static_pin_property(PIRP irp, ULONG id, const KSPIN_DESCRIPTOR *descriptor);
/* The name that stands for a GUID; STATUS_NOT_FOUND for NULL. */
NTSTATUS ks_answer_name(PIRP irp, const GUID *guid);

#endif
