/* SPDX-License-Identifier: MIT */
/* A pin's format is set when it is created and may be set again. The new format is in
 * Pin->ConnectionFormat already when the driver's SetDataFormat runs; at creation the old one is
 * NULL. The callback runs for each of the pin's ranges that the format fits, until one says
 * STATUS_SUCCESS or anything but STATUS_NO_MATCH. KStrPinSetDataFormat; KS Data Formats and Data
 * Ranges. Old memory stays valid until the callback has returned. */
#include "ks/format.h"

#include <string.h>

#include "ks/device.h"
#include "ks/pin.h"
#include "ks/room.h"

void ks_range_walk_begin(struct ks_range_walk *walk, const KSPIN_DESCRIPTOR *descriptor)
{
    memset(walk, 0, sizeof *walk);
    walk->ranges = descriptor->DataRanges;
    walk->count = descriptor->DataRangesCount;
}

bool ks_range_walk_next(struct ks_range_walk *walk)
{
    if (walk->index >= walk->count)
        return false;
    walk->range = walk->ranges[walk->index++];
    walk->attributes = NULL;
    if ((walk->range->Flags & KSDATARANGE_ATTRIBUTES) != 0 && walk->index < walk->count)
        walk->attributes = (const KSATTRIBUTE_LIST *)(const void *)walk->ranges[walk->index++];
    return true;
}

static bool guid_fits(const GUID *a, const GUID *b)
{
    return IsEqualGUID(a, &GUID_NULL) || IsEqualGUID(b, &GUID_NULL) || IsEqualGUID(a, b);
}

bool ks_range_matches(const KSDATARANGE *a, const KSDATARANGE *b)
{
    return guid_fits(&a->MajorFormat, &b->MajorFormat) && guid_fits(&a->SubFormat, &b->SubFormat) &&
           guid_fits(&a->Specifier, &b->Specifier);
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static bool has_attribute(const KSMULTIPLE_ITEM *given, const GUID *wanted)
{
    const UCHAR *at = (const UCHAR *)(given + 1);
    const UCHAR *end = (const UCHAR *)given + given->Size;

    for (ULONG i = 0; i < given->Count && at + sizeof(KSATTRIBUTE) <= end; i++) {
        const KSATTRIBUTE *attribute = (const KSATTRIBUTE *)(const void *)at;

        if (IsEqualGUID(&attribute->Attribute, wanted))
            return true;
        if (attribute->Size < sizeof *attribute)
            return false;
        at += ALIGN_UP_BY(attribute->Size, 8);
    }
    return false;
}

bool ks_attributes_match(const KSATTRIBUTE_LIST *range, const KSMULTIPLE_ITEM *given)
{
    for (ULONG i = 0; range != NULL && i < range->Count; i++) {
        const KSATTRIBUTE *attribute = range->Attributes[i];

        if ((attribute->Flags & KSATTRIBUTE_REQUIRED) != 0 &&
            (given == NULL || !has_attribute(given, &attribute->Attribute)))
            return false;
    }
    return true;
}

NTSTATUS ks_format_check(const KSDATAFORMAT *format, ULONG bytes, PKSMULTIPLE_ITEM *attributes)
{
    ULONG end;
    PKSMULTIPLE_ITEM list;

    *attributes = NULL;
    if (bytes < sizeof *format || format->FormatSize < sizeof *format || format->FormatSize > bytes)
        return STATUS_INVALID_BUFFER_SIZE;
    if ((format->Flags & KSDATAFORMAT_ATTRIBUTES) == 0)
        return STATUS_SUCCESS;
    end = (ULONG)ALIGN_UP_BY(format->FormatSize, 8);
    if (end < format->FormatSize || bytes < end || bytes - end < sizeof *list)
        return STATUS_INVALID_BUFFER_SIZE;
    list = (PKSMULTIPLE_ITEM)(ULONG_PTR)((const UCHAR *)format + end);
    if (list->Size < sizeof *list || list->Size > bytes - end)
        return STATUS_INVALID_BUFFER_SIZE;
    *attributes = list;
    return STATUS_SUCCESS;
}

/* ---- Setting --------------------------------------------------------------------------------- */

static NTSTATUS call_driver(struct ks_pin *pin, PKSDATAFORMAT old, PKSMULTIPLE_ITEM old_attributes,
                            const struct ks_range_walk *walk)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;
    NTSTATUS status;

    if (dispatch == NULL || dispatch->SetDataFormat == NULL)
        return STATUS_SUCCESS;
    status = (NTSTATUS)KE_CALL(dispatch->SetDataFormat, KE_ARG(&pin->public), KE_ARG(old),
                               KE_ARG(old_attributes), KE_ARG(walk->range),
                               KE_ARG(walk->attributes));
    return ks_check_status(status);
}

static NTSTATUS try_ranges(struct ks_pin *pin, PKSDATAFORMAT old, PKSMULTIPLE_ITEM old_attributes)
{
    NTSTATUS status = STATUS_NO_MATCH;
    struct ks_range_walk walk;

    ks_range_walk_begin(&walk, &pin->public.Descriptor->PinDescriptor);
    while (status == STATUS_NO_MATCH && ks_range_walk_next(&walk)) {
        if (ks_range_matches(walk.range, pin->public.ConnectionFormat) &&
            ks_attributes_match(walk.attributes, pin->public.AttributeList))
            status = call_driver(pin, old, old_attributes, &walk);
    }
    return status;
}

static void *copy_block(const void *from, ULONG bytes)
{
    void *copy = ks_allocate(bytes);

    if (copy != NULL)
        memcpy(copy, from, bytes);
    return copy;
}

NTSTATUS ks_format_set(struct ks_pin *pin, const KSDATAFORMAT *format,
                       const KSMULTIPLE_ITEM *attributes)
{
    PKSDATAFORMAT old = pin->public.ConnectionFormat;
    PKSMULTIPLE_ITEM old_attributes = pin->public.AttributeList;
    PKSDATAFORMAT fresh = copy_block(format, format->FormatSize);
    PKSMULTIPLE_ITEM fresh_attributes =
        attributes != NULL ? copy_block(attributes, attributes->Size) : NULL;
    NTSTATUS status;

    if (fresh == NULL || (attributes != NULL && fresh_attributes == NULL)) {
        ks_free(fresh);
        ks_free(fresh_attributes);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pin->public.ConnectionFormat = fresh;
    pin->public.AttributeList = fresh_attributes;
    status = try_ranges(pin, old, old_attributes);
    if (NT_SUCCESS(status)) {
        ks_free(old);
        ks_free(old_attributes);
    } else {
        pin->public.ConnectionFormat = old;
        pin->public.AttributeList = old_attributes;
        ks_free(fresh);
        ks_free(fresh_attributes);
    }
    return status;
}

void ks_format_free(struct ks_pin *pin)
{
    ks_free(pin->public.ConnectionFormat);
    ks_free(pin->public.AttributeList);
    pin->public.ConnectionFormat = NULL;
    pin->public.AttributeList = NULL;
}
