/* SPDX-License-Identifier: MIT */
/* Routines for the non-maskable interrupt. Nothing raises one in this machine, so they are kept and
 * never called. KeRegisterNmiCallback, KeDeregisterNmiCallback. */
#include "ke/internal.h"

PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK CallbackRoutine, PVOID Context)
{
    (void)Context;
    for (unsigned i = 0; i < KE_NMI_CALLBACKS_MAX; i++) {
        if (ke_ambient->nmi_callbacks[i] != NULL)
            continue;
        ke_ambient->nmi_callbacks[i] = (const void *)CallbackRoutine;
        return (PVOID)(ULONG_PTR)(i + 1); /* opaque */
    }
    return NULL;
}

NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID Handle)
{
    ULONG_PTR index = KE_ARG(Handle) - 1;

    if (index >= KE_NMI_CALLBACKS_MAX || ke_ambient->nmi_callbacks[index] == NULL)
        return STATUS_INVALID_HANDLE;
    ke_ambient->nmi_callbacks[index] = NULL;
    return STATUS_SUCCESS;
}
