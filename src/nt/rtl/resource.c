/* SPDX-License-Identifier: MIT */
/* Memory and port resources whose length outgrows 32 bits: MemoryLarge descriptors keep the length
 * shifted right by 8, 16 or 32 bits, and the flags say which. "RtlCmDecodeMemIoResource". */
#include "rtl/rtl.h"

struct large_form {
    USHORT flag;
    unsigned shift;
    ULONGLONG longest;
};

static const struct large_form large_forms[] = {
    {CM_RESOURCE_MEMORY_LARGE_40, 8, CM_RESOURCE_MEMORY_LARGE_40_MAXLEN},
    {CM_RESOURCE_MEMORY_LARGE_48, 16, CM_RESOURCE_MEMORY_LARGE_48_MAXLEN},
    {CM_RESOURCE_MEMORY_LARGE_64, 32, CM_RESOURCE_MEMORY_LARGE_64_MAXLEN},
};

static const struct large_form *form_of_flags(USHORT flags)
{
    size_t i;

    for (i = 0; i < RTL_NUMBER_OF(large_forms); i++) {
        if (flags & large_forms[i].flag)
            return &large_forms[i];
    }
    return NULL;
}

/* The smallest unit that expresses the length exactly. */
static const struct large_form *form_of_length(ULONGLONG length)
{
    size_t i;

    for (i = 0; i < RTL_NUMBER_OF(large_forms); i++) {
        const struct large_form *form = &large_forms[i];

        if (length <= form->longest && (length & ((1ull << form->shift) - 1)) == 0)
            return form;
    }
    return NULL;
}

ULONGLONG NTAPI RtlCmDecodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor,
                                         PULONGLONG start)
{
    const struct large_form *form = form_of_flags(descriptor->Flags);
    ULONGLONG length = descriptor->u.Generic.Length;

    if (start != NULL)
        *start = (ULONGLONG)descriptor->u.Generic.Start.QuadPart;
    if (descriptor->Type == CmResourceTypeMemoryLarge && form != NULL)
        length <<= form->shift;
    return length;
}

NTSTATUS NTAPI RtlCmEncodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, UCHAR type,
                                        ULONGLONG length, ULONGLONG start)
{
    const struct large_form *form;

    if (type != CmResourceTypeMemory && type != CmResourceTypeMemoryLarge &&
        type != CmResourceTypePort)
        return STATUS_INVALID_PARAMETER;
    if (length <= MAXULONG) {
        descriptor->Type = type == CmResourceTypePort ? type : CmResourceTypeMemory;
        descriptor->Flags &= (USHORT)~CM_RESOURCE_MEMORY_LARGE;
        descriptor->u.Generic.Length = (ULONG)length;
    } else {
        form = form_of_length(length);
        if (type == CmResourceTypePort || form == NULL)
            return STATUS_UNSUCCESSFUL;
        descriptor->Type = CmResourceTypeMemoryLarge;
        descriptor->Flags = (USHORT)((descriptor->Flags & ~CM_RESOURCE_MEMORY_LARGE) | form->flag);
        descriptor->u.Generic.Length = (ULONG)(length >> form->shift);
    }
    descriptor->u.Generic.Start.QuadPart = (LONGLONG)start;
    return STATUS_SUCCESS;
}

ULONGLONG NTAPI RtlIoDecodeMemIoResource(PIO_RESOURCE_DESCRIPTOR descriptor, PULONGLONG alignment,
                                         PULONGLONG lowest, PULONGLONG highest)
{
    const struct large_form *form = form_of_flags(descriptor->Flags);
    unsigned shift =
        descriptor->Type == CmResourceTypeMemoryLarge && form != NULL ? form->shift : 0;

    if (alignment != NULL)
        *alignment = (ULONGLONG)descriptor->u.Generic.Alignment << shift;
    if (lowest != NULL)
        *lowest = (ULONGLONG)descriptor->u.Generic.MinimumAddress.QuadPart;
    if (highest != NULL)
        *highest = (ULONGLONG)descriptor->u.Generic.MaximumAddress.QuadPart;
    return (ULONGLONG)descriptor->u.Generic.Length << shift;
}

NTSTATUS NTAPI RtlIoEncodeMemIoResource(PIO_RESOURCE_DESCRIPTOR descriptor, UCHAR type,
                                        ULONGLONG length, ULONGLONG alignment, ULONGLONG lowest,
                                        ULONGLONG highest)
{
    const struct large_form *form = NULL;
    unsigned shift = 0;

    if (type != CmResourceTypeMemory && type != CmResourceTypeMemoryLarge &&
        type != CmResourceTypePort)
        return STATUS_INVALID_PARAMETER;
    if (length > MAXULONG || alignment > MAXULONG) {
        form = form_of_length(length | alignment);
        if (type == CmResourceTypePort || form == NULL)
            return STATUS_UNSUCCESSFUL;
        shift = form->shift;
    }
    descriptor->Type = form != NULL ? CmResourceTypeMemoryLarge
                       : type == CmResourceTypePort ? type : CmResourceTypeMemory;
    descriptor->Flags = (USHORT)((descriptor->Flags & ~CM_RESOURCE_MEMORY_LARGE) |
                                 (form != NULL ? form->flag : 0));
    descriptor->u.Generic.Length = (ULONG)(length >> shift);
    descriptor->u.Generic.Alignment = (ULONG)(alignment >> shift);
    descriptor->u.Generic.MinimumAddress.QuadPart = (LONGLONG)lowest;
    descriptor->u.Generic.MaximumAddress.QuadPart = (LONGLONG)highest;
    return STATUS_SUCCESS;
}
