/* SPDX-License-Identifier: MIT */
/* Extended processor state: what a driver saves before it uses vector registers, and brings back
 * afterwards.
 *
 * On Windows this keeps registers that the interrupted thread, or the application it serves, was
 * using. Here every interruption and every switch keeps the vector registers (trap_entry.S), and no
 * application has any, so of them there is nothing to copy. x87 and MMX registers are not kept
 * (docs/LIMITS.md), neither there nor here. UNDOC: the mask must not name a feature that is not
 * enabled; who does it all the same is told STATUS_INVALID_PARAMETER.
 * KeSaveExtendedProcessorState; KeRestoreExtendedProcessorState; RtlGetEnabledExtendedFeatures. */
#include "ke/internal.h"
#include "ke/trap.h"

enum { LEGACY = 0x3, AVX = 0x4, AVX512 = 0xE0 };

ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask)
{
    ULONG64 enabled = LEGACY;

    if (ke_vector_level >= 1)
        enabled |= AVX;
    if (ke_vector_level >= 2)
        enabled |= AVX512;
    return FeatureMask & enabled;
}

NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    if (Mask != RtlGetEnabledExtendedFeatures(Mask))
        return STATUS_INVALID_PARAMETER;
    *XStateSave = (XSTATE_SAVE){.Thread = KeGetCurrentThread(), .Level = KeGetCurrentIrql(),
                                .XStateContext = {.Mask = Mask}};
    return STATUS_SUCCESS;
}

void NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    XStateSave->Thread = NULL;
}
