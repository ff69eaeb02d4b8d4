/* SPDX-License-Identifier: MIT */
/* KSPROPERTY_PIN_DATAINTERSECTION: the caller lists ranges, the pin has its own, and for each pair
 * that fits the driver's handler is asked for a format. The first it gives is the answer. A call
 * without room for the answer is a size query. Data Range Intersections in AVStream;
 * KStrIntersectHandlerEx. Without a handler only ranges without a specifier intersect, and the
 * answer is a bare KSDATAFORMAT.
 * UNDOC: what Context is. Drivers take it for the filter, so it is
 * the KSFILTER. */
#include <string.h>

#include "ks/caller_ranges.h"
#include "ks/filter.h"
#include "ks/format.h"
#include "ks/handlers.h"
#include "ks/room.h"

/* In pool: the handler writes answer_bytes through a pointer. */
struct intersection {
    PIRP irp;
    struct ks_filter *filter;
    const KSPIN_DESCRIPTOR_EX *type;
    PKSP_PIN request;
    PVOID data;
    ULONG room;
    ULONG answer_bytes;
};

static NTSTATUS intersect_bare(struct intersection *query, const KSDATARANGE *caller,
                               const KSDATARANGE *own)
{
    KSDATAFORMAT format = *own;

    if (!IsEqualGUID(&caller->Specifier, &KSDATAFORMAT_SPECIFIER_NONE) ||
        !IsEqualGUID(&own->Specifier, &KSDATAFORMAT_SPECIFIER_NONE))
        return STATUS_NO_MATCH;
    query->answer_bytes = sizeof format;
    if (query->room == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (query->room < sizeof format)
        return STATUS_BUFFER_TOO_SMALL;
    format.FormatSize = sizeof format;
    if (IsEqualGUID(&format.SubFormat, &GUID_NULL))
        format.SubFormat = caller->SubFormat;
    if (IsEqualGUID(&format.MajorFormat, &GUID_NULL))
        format.MajorFormat = caller->MajorFormat;
    memcpy(query->data, &format, sizeof format);
    return STATUS_SUCCESS;
}

static NTSTATUS intersect_pair(struct intersection *query, PKSDATARANGE caller,
                               const struct ks_range_walk *own)
{
    if (query->type->IntersectHandler == NULL)
        return intersect_bare(query, caller, own->range);
    query->answer_bytes = 0;
    return (NTSTATUS)KE_CALL(query->type->IntersectHandler, KE_ARG(&query->filter->public),
                             KE_ARG(query->irp), KE_ARG(query->request), KE_ARG(caller),
                             KE_ARG(own->range), query->room, KE_ARG(query->data),
                             KE_ARG(&query->answer_bytes));
}

static NTSTATUS intersect_range(struct intersection *query, PKSDATARANGE caller,
                                const KSMULTIPLE_ITEM *attributes)
{
    NTSTATUS status = STATUS_NO_MATCH;
    struct ks_range_walk own;

    ks_range_walk_begin(&own, &query->type->PinDescriptor);
    while (status == STATUS_NO_MATCH && ks_range_walk_next(&own)) {
        if (ks_range_matches(own.range, caller) && ks_attributes_match(own.attributes, attributes))
            status = intersect_pair(query, caller, &own);
    }
    return status;
}

static NTSTATUS intersect_all(struct intersection *query, struct ks_caller_walk *walk)
{
    const KSMULTIPLE_ITEM *attributes;
    NTSTATUS status = STATUS_NO_MATCH;
    PKSDATARANGE caller;

    while (status == STATUS_NO_MATCH && walk->left != 0) {
        if (!ks_caller_walk_next(walk, &caller, &attributes))
            return STATUS_INVALID_PARAMETER;
        status = intersect_range(query, caller, attributes);
    }
    return status;
}

NTSTATUS NTAPI ks_get_intersection(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG request_bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    PKSP_PIN pin = (PKSP_PIN)(void *)Request;
    struct ks_filter *filter = ks_filter_of(KsGetFilterFromIrp(Irp));
    const KSPIN_DESCRIPTOR_EX *type = ks_filter_pin_descriptor(filter, pin->PinId);
    struct ks_caller_walk walk;
    struct intersection *query;
    NTSTATUS status;

    if (type == NULL || !ks_caller_walk_begin(&walk, pin, request_bytes))
        return STATUS_INVALID_PARAMETER;
    query = ks_allocate(sizeof *query);
    if (query == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    query->irp = Irp;
    query->filter = filter;
    query->type = type;
    query->request = pin;
    query->data = Data;
    query->room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    status = intersect_all(query, &walk);
    Irp->IoStatus.Information = NT_ERROR(status) ? 0 : query->answer_bytes;
    ks_free(query);
    return status;
}
