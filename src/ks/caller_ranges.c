/* SPDX-License-Identifier: MIT */
/* A caller who looks for a format lists the ranges it could live with, and the pin's owner is asked
 * for each that fits the pin. KSPROPERTY_PIN_DATAINTERSECTION; KsPinDataIntersection;
 * KStrIntersectHandler. */
#include "ks/caller_ranges.h"

#include "ks/format.h"
#include "ks/room.h"

bool ks_caller_walk_begin(struct ks_caller_walk *walk, PKSP_PIN pin, ULONG request_bytes)
{
    const KSMULTIPLE_ITEM *list = (const KSMULTIPLE_ITEM *)(const void *)(pin + 1);

    if (request_bytes < sizeof *pin + sizeof *list || list->Size < sizeof *list ||
        list->Size > request_bytes - sizeof *pin)
        return false;
    *walk = (struct ks_caller_walk){.at = (const UCHAR *)(list + 1),
                                    .end = (const UCHAR *)list + list->Size,
                                    .left = list->Count};
    return true;
}

bool ks_caller_walk_next(struct ks_caller_walk *walk, PKSDATARANGE *range,
                         const KSMULTIPLE_ITEM **attributes)
{
    PKSDATARANGE found = (PKSDATARANGE)(ULONG_PTR)walk->at;

    *attributes = NULL;
    if (walk->left == 0 || (SIZE_T)(walk->end - walk->at) < sizeof *found ||
        found->FormatSize < sizeof *found || found->FormatSize > (SIZE_T)(walk->end - walk->at))
        return false;
    walk->left--;
    walk->at += ALIGN_UP_BY(found->FormatSize, 8);
    if ((found->Flags & KSDATARANGE_ATTRIBUTES) != 0 && walk->left != 0 &&
        walk->at + sizeof(KSMULTIPLE_ITEM) <= walk->end) {
        const KSMULTIPLE_ITEM *list = (const KSMULTIPLE_ITEM *)(const void *)walk->at;

        if (list->Size < sizeof *list || list->Size > (SIZE_T)(walk->end - walk->at))
            return false;
        *attributes = list;
        walk->left--;
        walk->at += ALIGN_UP_BY(list->Size, 8);
    }
    *range = found;
    return true;
}

/* ---- For drivers with descriptors of their own ----------------------------------------------- */

static bool fits_pin(const KSPIN_DESCRIPTOR *descriptor, const KSDATARANGE *range,
                     const KSMULTIPLE_ITEM *attributes)
{
    struct ks_range_walk own;

    ks_range_walk_begin(&own, descriptor);
    while (ks_range_walk_next(&own)) {
        if (ks_range_matches(own.range, range) && ks_attributes_match(own.attributes, attributes))
            return true;
    }
    return false;
}

NTSTATUS NTAPI KsPinDataIntersection(PIRP Irp, PKSP_PIN Pin, PVOID Data, ULONG DescriptorsCount,
                                     const KSPIN_DESCRIPTOR *Descriptor,
                                     PFNKSINTERSECTHANDLER IntersectHandler)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    const KSMULTIPLE_ITEM *attributes;
    struct ks_caller_walk walk;
    PKSDATARANGE range;

    if (!ks_caller_walk_begin(&walk, Pin, stack->Parameters.DeviceIoControl.InputBufferLength))
        return STATUS_INVALID_BUFFER_SIZE;
    if (Pin->PinId >= DescriptorsCount)
        return STATUS_INVALID_PARAMETER;
    while (walk.left != 0) {
        NTSTATUS status;

        if (!ks_caller_walk_next(&walk, &range, &attributes))
            return STATUS_INVALID_PARAMETER;
        if (!fits_pin(&Descriptor[Pin->PinId], range, attributes))
            continue;
        status = (NTSTATUS)KE_CALL(IntersectHandler, KE_ARG(Irp), KE_ARG(Pin), KE_ARG(range),
                                   KE_ARG(Data));
        if (status != STATUS_NO_MATCH)
            return status;
    }
    return STATUS_NO_MATCH;
}
