/* SPDX-License-Identifier: MIT */
/* A larger stack for a while. A driver that is about to need more than its kernel stack has left
 * asks for a callout on an expanded one; at most MAXIMUM_EXPANSION_SIZE bytes
 * (KeExpandKernelStackAndCallout, Size). UNDOC: Windows may call on the present stack when that has
 * room; here the callout always gets a fresh one. */
#include "ke/internal.h"

enum { LARGE_STACK_BYTES = 0x12000, MAXIMUM_EXPANSION_BYTES = LARGE_STACK_BYTES - PAGE_SIZE / 2 };

static NTSTATUS call_on_large_stack(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter)
{
    struct ke *ke = ke_ambient;
    const uint64_t args[1] = {KE_ARG(Parameter)};
    uint64_t top_va;

    if (sim_guest_stack_create(ke->sim, LARGE_STACK_BYTES, &top_va) != 0)
        return STATUS_NO_MEMORY;
    ke_call_on_stack(ke, top_va, (const void *)Callout, 1, args);
    sim_guest_stack_destroy(ke->sim, top_va);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                             SIZE_T Size)
{
    if (Size > MAXIMUM_EXPANSION_BYTES)
        return STATUS_INVALID_PARAMETER_3;
    return call_on_large_stack(Callout, Parameter);
}

/* Context is reserved. */
NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                               SIZE_T Size, BOOLEAN Wait, PVOID Context)
{
    (void)Context;
    if (Size > MAXIMUM_EXPANSION_BYTES)
        return STATUS_INVALID_PARAMETER_3;
    if (Wait && KeGetCurrentIrql() == DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    return call_on_large_stack(Callout, Parameter);
}
