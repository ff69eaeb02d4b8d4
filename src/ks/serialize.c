/* SPDX-License-Identifier: MIT */
/* A whole property set in one buffer: KSPROPERTY_SERIALHDR, then for each property that is meant to
 * be kept a KSPROPERTY_SERIAL and its value, all at multiples of four. One request is broken up
 * into a GET or SET of each property, for which the IRP shows the handler a request and a buffer of
 * that property alone. An item's SerializedSize is the size of its value, 1 says that the value
 * begins with a KSMULTIPLE_ITEM and has to be asked, 0 that it is not kept. KSPROPERTY;
 * KSPROPERTY_SERIALHDR; KSPROPERTY_SERIAL.
 * UNDOC: a value that does not fit its buffer, a length beyond the buffer:
 * STATUS_INVALID_BUFFER_SIZE; another set than the request's: STATUS_INVALID_PARAMETER; an id
 * nobody can set: STATUS_NOT_FOUND.
 * UNDOC: the first property that fails ends it, with its status; those before it stay set.
 * Left out: a property that pends stops the run by name. */
#include <string.h>

#include "base/fatal.h"
#include "ks/exchange.h"
#include "ks/property.h"
#include "ks/room.h"

enum { SIZE_UNKNOWN = 1, SERIAL_ALIGNMENT = 4 };

/* One property's request and buffer, in the IRP of the whole set. */
struct part {
    PIRP irp;
    PVOID buffer;
    ULONG in, out;
    PKSPROPERTY request; /* pool, since a handler reads it */
};

static bool part_begin(struct part *part, PIRP irp, const KSIDENTIFIER *whole)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    part->irp = irp;
    part->buffer = irp->AssociatedIrp.SystemBuffer;
    part->in = stack->Parameters.DeviceIoControl.InputBufferLength;
    part->out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    part->request = ks_allocate(sizeof *part->request);
    if (part->request == NULL)
        return false;
    part->request->Set = whole->Set;
    return true;
}

static void part_end(struct part *part)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(part->irp);

    part->irp->AssociatedIrp.SystemBuffer = part->buffer;
    stack->Parameters.DeviceIoControl.InputBufferLength = part->in;
    stack->Parameters.DeviceIoControl.OutputBufferLength = part->out;
    ks_free(part->request);
}

static NTSTATUS part_call(struct part *part, const struct ks_property_lookup *found, ULONG verb,
                          PVOID data, ULONG bytes)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(part->irp);
    NTSTATUS status;

    part->request->Id = found->item->PropertyId;
    part->request->Flags = verb;
    part->irp->AssociatedIrp.SystemBuffer = data;
    stack->Parameters.DeviceIoControl.InputBufferLength = sizeof *part->request;
    stack->Parameters.DeviceIoControl.OutputBufferLength = bytes;
    part->irp->IoStatus.Information = verb == KSPROPERTY_TYPE_GET ? bytes : 0;
    status =
        ks_property_call(part->irp, found, verb, (PKSIDENTIFIER)(void *)part->request, data);
    if (status == STATUS_PENDING)
        weir_not_implemented("a property that pends while its set is serialised");
    return status;
}

static NTSTATUS value_bytes(struct part *part, const struct ks_property_lookup *found, ULONG *bytes)
{
    NTSTATUS status;

    *bytes = found->item->SerializedSize;
    if (*bytes != SIZE_UNKNOWN)
        return STATUS_SUCCESS;
    status = part_call(part, found, KSPROPERTY_TYPE_GET, NULL, 0);
    *bytes = (ULONG)part->irp->IoStatus.Information;
    return status == STATUS_BUFFER_OVERFLOW ? STATUS_SUCCESS : status;
}

/* ---- Walking the set ------------------------------------------------------------------------- */

typedef NTSTATUS property_visitor(struct part *part, const struct ks_property_lookup *found,
                                  void *context);

static NTSTATUS visit_set(const struct ks_property_source *source, struct part *part, ULONG table,
                          const KSPROPERTY_SET *set, property_visitor *visit, void *context)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; i < set->PropertiesCount && NT_SUCCESS(status); i++) {
        const KSPROPERTY_ITEM *item = ks_item_at(
            set->PropertyItem, i, source->table[table].item_bytes, sizeof *item);
        struct ks_property_lookup found;

        part->request->Id = item->PropertyId;
        found = ks_property_find(source, (PKSIDENTIFIER)(void *)part->request, KSPROPERTY_TYPE_GET);
        if (item->SerializedSize != 0 && found.item == item)
            status = visit(part, &found, context);
    }
    return status;
}

/* Every property of the set that is kept and can be read. */
static NTSTATUS visit_all(const struct ks_property_source *source, struct part *part,
                          property_visitor *visit, void *context)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG t = 0; t < source->count; t++) {
        for (ULONG i = 0; i < source->table[t].set_count && NT_SUCCESS(status); i++) {
            const KSPROPERTY_SET *set = &source->table[t].sets[i];

            if (IsEqualGUID(set->Set, &part->request->Set))
                status = visit_set(source, part, t, set, visit, context);
        }
    }
    return status;
}

struct total {
    ULONG bytes;
    ULONG count;
};

static NTSTATUS add_to_total(struct part *part, const struct ks_property_lookup *found,
                             void *context)
{
    struct total *total = context;
    ULONG bytes;
    NTSTATUS status = value_bytes(part, found, &bytes);

    total->count++;
    total->bytes = (ULONG)ALIGN_UP_BY(total->bytes, SERIAL_ALIGNMENT) +
                   (ULONG)sizeof(KSPROPERTY_SERIAL) + bytes;
    return status;
}

/* Where the next property goes; nothing is written beyond end. */
struct writer {
    UCHAR *start, *at, *end;
};

static NTSTATUS write_property(struct part *part, const struct ks_property_lookup *found,
                               void *context)
{
    KSPROPERTY_SERIAL serial = {.Id = found->item->PropertyId};
    struct writer *writer = context;
    UCHAR *at = writer->start + ALIGN_UP_BY(writer->at - writer->start, SERIAL_ALIGNMENT);
    NTSTATUS status = value_bytes(part, found, &serial.PropertyLength);
    PVOID value;

    if (!NT_SUCCESS(status))
        return status;
    if ((SIZE_T)(writer->end - at) < sizeof serial + serial.PropertyLength)
        return STATUS_INVALID_BUFFER_SIZE; /* it has grown since it was measured */
    value = ks_allocate((SIZE_T)serial.PropertyLength + 1); /* a list may be empty */
    if (value == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = part_call(part, found, KSPROPERTY_TYPE_GET, value, serial.PropertyLength);
    if (found->item->Values != NULL)
        serial.PropTypeSet = found->item->Values->PropTypeSet;
    memcpy(at, &serial, sizeof serial);
    memcpy(at + sizeof serial, value, serial.PropertyLength);
    ks_free(value);
    writer->at = at + sizeof serial + serial.PropertyLength;
    return status;
}

NTSTATUS ks_property_serialize(const struct ks_property_source *source, PIRP irp,
                               const struct ks_exchange *exchange)
{
    KSPROPERTY_SERIALHDR head = {.PropertySet = exchange->request->Set};
    struct total total = {.bytes = sizeof head};
    struct writer writer;
    struct part part;
    NTSTATUS status;

    if (!part_begin(&part, irp, exchange->request))
        return STATUS_INSUFFICIENT_RESOURCES;
    status = visit_all(source, &part, add_to_total, &total);
    if (NT_SUCCESS(status) && exchange->data_bytes >= total.bytes) {
        head.Count = total.count;
        memcpy(exchange->data, &head, sizeof head);
        writer = (struct writer){exchange->data, (UCHAR *)exchange->data + sizeof head,
                                 (UCHAR *)exchange->data + exchange->data_bytes};
        status = visit_all(source, &part, write_property, &writer);
    }
    part_end(&part);
    if (!NT_SUCCESS(status)) {
        irp->IoStatus.Information = 0;
        return status;
    }
    return ks_answer_size(irp, total.bytes);
}

/* ---- Back ------------------------------------------------------------------------------------ */

static NTSTATUS set_property(const struct ks_property_source *source, struct part *part,
                             const KSPROPERTY_SERIAL *serial, const UCHAR *bytes)
{
    struct ks_property_lookup found;
    NTSTATUS status;
    PVOID value;

    part->request->Id = serial->Id;
    found = ks_property_find(source, (PKSIDENTIFIER)(void *)part->request, KSPROPERTY_TYPE_SET);
    if (found.item == NULL)
        return STATUS_NOT_FOUND;
    if (serial->PropertyLength < found.item->MinData)
        return STATUS_BUFFER_TOO_SMALL;
    value = ks_allocate(serial->PropertyLength != 0 ? serial->PropertyLength : 1);
    if (value == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(value, bytes, serial->PropertyLength);
    status = part_call(part, &found, KSPROPERTY_TYPE_SET, value, serial->PropertyLength);
    ks_free(value);
    return status;
}

static NTSTATUS set_all(const struct ks_property_source *source, struct part *part, ULONG count,
                        const UCHAR *start, ULONG size)
{
    NTSTATUS status = STATUS_SUCCESS;
    SIZE_T at = sizeof(KSPROPERTY_SERIALHDR);

    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++) {
        KSPROPERTY_SERIAL serial;

        at = ALIGN_UP_BY(at, SERIAL_ALIGNMENT);
        if (at + sizeof serial > size)
            return STATUS_INVALID_BUFFER_SIZE;
        memcpy(&serial, start + at, sizeof serial);
        at += sizeof serial;
        if (serial.PropertyLength > size - at)
            return STATUS_INVALID_BUFFER_SIZE;
        status = set_property(source, part, &serial, start + at);
        at += serial.PropertyLength;
    }
    return status;
}

NTSTATUS ks_property_unserialize(const struct ks_property_source *source, PIRP irp,
                                 const struct ks_exchange *exchange)
{
    KSPROPERTY_SERIALHDR head;
    struct part part;
    NTSTATUS status;

    irp->IoStatus.Information = 0;
    if (exchange->data_bytes < sizeof head)
        return STATUS_INVALID_BUFFER_SIZE;
    memcpy(&head, exchange->data, sizeof head);
    if (!IsEqualGUID(&head.PropertySet, &exchange->request->Set))
        return STATUS_INVALID_PARAMETER;
    if (!part_begin(&part, irp, exchange->request))
        return STATUS_INSUFFICIENT_RESOURCES;
    status = set_all(source, &part, head.Count, exchange->data, exchange->data_bytes);
    part_end(&part);
    irp->IoStatus.Information = 0;
    return status;
}

NTSTATUS ks_property_serialized_size(PIRP irp, const struct ks_property_lookup *found)
{
    return ks_answer(irp, &found->item->SerializedSize, sizeof found->item->SerializedSize);
}
