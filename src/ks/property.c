/* SPDX-License-Identifier: MIT */
/* A property request names a set, an id and a verb. GET and SET go to the item's handlers;
 * BASICSUPPORT, SETSUPPORT and RELATIONS are answered from the item unless a support handler does
 * it. Sets that nobody has give STATUS_PROPSET_NOT_FOUND, ids and verbs that nobody has
 * STATUS_NOT_FOUND. KS Properties; KsPropertyHandlerWithAllocator; KSPROPERTY_ITEM;
 * KSPROPERTY_DESCRIPTION.
 * UNDOC: a request shorter than MinProperty. STATUS_INVALID_BUFFER_SIZE.
 * UNDOC: Information when a GET handler leaves it alone. It is the size of the requester's buffer.
 * UNDOC: a verb that is a combination, or none. STATUS_NOT_FOUND. */
#include "ks/property.h"

#include <string.h>

#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/room.h"

/* ---- Lookup ---------------------------------------------------------------------------------- */

static const KSPROPERTY_ITEM *find_item(const KSPROPERTY_SET *set, ULONG item_bytes, ULONG id)
{
    for (ULONG i = 0; i < set->PropertiesCount; i++) {
        const KSPROPERTY_ITEM *item = ks_item_at(set->PropertyItem, i, item_bytes, sizeof *item);

        if (item->PropertyId == id)
            return item;
    }
    return NULL;
}

static PFNKSHANDLER handler_of(const KSPROPERTY_ITEM *item, ULONG verb)
{
    PFNKSHANDLER handler = verb == KSPROPERTY_TYPE_GET ? item->GetPropertyHandler
                                                       : item->SetPropertyHandler;

    return KE_ARG(handler) > TRUE ? handler : NULL; /* the union's BOOLEAN is no handler */
}

static bool item_serves(const KSPROPERTY_ITEM *item, ULONG verb)
{
    if (verb == KSPROPERTY_TYPE_GET || verb == KSPROPERTY_TYPE_SET)
        return handler_of(item, verb) != NULL;
    return true;
}

struct ks_property_lookup ks_property_find(const struct ks_property_source *source,
                                           const KSIDENTIFIER *request, ULONG verb)
{
    struct ks_property_lookup found = {0};

    for (ULONG t = 0; t < source->count; t++) {
        for (ULONG i = 0; i < source->table[t].set_count; i++) {
            const KSPROPERTY_SET *set = &source->table[t].sets[i];
            const KSPROPERTY_ITEM *item;

            if (!IsEqualGUID(set->Set, &request->Set))
                continue;
            found.set = set;
            item = find_item(set, source->table[t].item_bytes, request->Id);
            if (item == NULL || !item_serves(item, verb))
                continue;
            found.item = item;
            return found;
        }
    }
    return found;
}

/* ---- Support --------------------------------------------------------------------------------- */

static NTSTATUS list_sets(const struct ks_property_source *source, PIRP irp)
{
    ULONG count = 0;
    NTSTATUS status;
    GUID *out;

    for (ULONG t = 0; t < source->count; t++)
        count += source->table[t].set_count;
    status = ks_answer_size(irp, count * (ULONG)sizeof(GUID));
    if (status != STATUS_SUCCESS)
        return status;
    out = irp->AssociatedIrp.SystemBuffer;
    for (ULONG t = 0; t < source->count; t++) {
        for (ULONG i = 0; i < source->table[t].set_count; i++)
            *out++ = *source->table[t].sets[i].Set;
    }
    return STATUS_SUCCESS;
}

static ULONG access_flags(const struct ks_property_source *source, const KSIDENTIFIER *request)
{
    ULONG flags = 0;

    if (ks_property_find(source, request, KSPROPERTY_TYPE_GET).item != NULL)
        flags |= KSPROPERTY_TYPE_GET;
    if (ks_property_find(source, request, KSPROPERTY_TYPE_SET).item != NULL)
        flags |= KSPROPERTY_TYPE_SET;
    return flags;
}

/* "The size of the array can be determined by multiplying MembersCount by MembersSize"
 * (KSPROPERTY_MEMBERSHEADER, Remarks). UNDOC: drivers give a default value's size as its count too;
 * that is one value. Test: "a description has every channel's range". */
static ULONG list_bytes(const KSPROPERTY_MEMBERSHEADER *head)
{
    bool one_value =
        head->MembersFlags == KSPROPERTY_MEMBER_VALUES && head->MembersCount == head->MembersSize;

    return one_value ? head->MembersSize : head->MembersSize * head->MembersCount;
}

/* DEFAULTVALUES shows the lists that are marked as defaults, BASICSUPPORT all. */
static bool shows(const KSPROPERTY_MEMBERSLIST *list, ULONG verb)
{
    return verb != KSPROPERTY_TYPE_DEFAULTVALUES ||
           (list->MembersHeader.Flags & KSPROPERTY_MEMBER_FLAG_DEFAULT) != 0;
}

static ULONG members_bytes(const KSPROPERTY_VALUES *values, ULONG verb, ULONG *count)
{
    ULONG bytes = 0;

    *count = 0;
    for (ULONG i = 0; values != NULL && i < values->MembersListCount; i++) {
        if (!shows(&values->MembersList[i], verb))
            continue;
        bytes += (ULONG)sizeof(KSPROPERTY_MEMBERSHEADER) +
                 list_bytes(&values->MembersList[i].MembersHeader);
        (*count)++;
    }
    return bytes;
}

static void write_members(const KSPROPERTY_VALUES *values, ULONG verb, UCHAR *at)
{
    for (ULONG i = 0; i < values->MembersListCount; i++) {
        const KSPROPERTY_MEMBERSLIST *list = &values->MembersList[i];

        if (!shows(list, verb))
            continue;
        memcpy(at, &list->MembersHeader, sizeof list->MembersHeader);
        at += sizeof list->MembersHeader;
        memcpy(at, list->Members, list_bytes(&list->MembersHeader));
        at += list_bytes(&list->MembersHeader);
    }
}

/* A ULONG of access flags, a description, or a description with its members, as the room allows. */
static NTSTATUS describe(PIRP irp, const KSPROPERTY_ITEM *item, ULONG flags, ULONG verb, ULONG room)
{
    const KSPROPERTY_VALUES *values = item->Values;
    KSPROPERTY_DESCRIPTION description = {.AccessFlags = flags};
    ULONG whole =
        (ULONG)sizeof description + members_bytes(values, verb, &description.MembersListCount);

    description.DescriptionSize = whole;
    if (values != NULL)
        description.PropTypeSet = values->PropTypeSet;
    if (room < sizeof description && room >= sizeof flags)
        return ks_answer(irp, &flags, sizeof flags);
    if (room < sizeof description)
        return ks_answer_size(irp, whole);
    ks_answer(irp, &description, sizeof description);
    if (values == NULL || room < whole)
        return STATUS_SUCCESS;
    write_members(values, verb, (UCHAR *)irp->AssociatedIrp.SystemBuffer + sizeof description);
    irp->IoStatus.Information = whole;
    return STATUS_SUCCESS;
}

static NTSTATUS support(const struct ks_property_source *source, PIRP irp,
                        const struct ks_exchange *exchange, const struct ks_property_lookup *found,
                        ULONG verb)
{
    NTSTATUS status = STATUS_SOME_NOT_MAPPED;

    if (found->item->SupportHandler != NULL)
        status = (NTSTATUS)KE_CALL(found->item->SupportHandler, KE_ARG(irp),
                                   KE_ARG(exchange->request), KE_ARG(exchange->data));
    if (status != STATUS_SOME_NOT_MAPPED)
        return status;
    return describe(irp, found->item, access_flags(source, exchange->request), verb,
                    exchange->data_bytes);
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static NTSTATUS check_sizes(PIRP irp, const KSPROPERTY_ITEM *item, ULONG verb,
                            const struct ks_exchange *exchange)
{
    if (exchange->request_bytes < item->MinProperty)
        return STATUS_INVALID_BUFFER_SIZE;
    if (exchange->data_bytes >= item->MinData)
        return STATUS_SUCCESS;
    return verb == KSPROPERTY_TYPE_GET ? ks_answer_size(irp, item->MinData)
                                       : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS ks_property_call(PIRP irp, const struct ks_property_lookup *found, ULONG verb,
                          PKSIDENTIFIER request, PVOID data)
{
    KSPROPERTY_SET_IRP_STORAGE(irp) = ks_visible(found->set);
    KSPROPERTY_ITEM_IRP_STORAGE(irp) = ks_visible(found->item);
    return (NTSTATUS)KE_CALL(handler_of(found->item, verb), KE_ARG(irp), KE_ARG(request),
                             KE_ARG(data));
}

static NTSTATUS call_handler(PIRP irp, const struct ks_exchange *exchange,
                             const struct ks_property_lookup *found, ULONG verb)
{
    NTSTATUS status = check_sizes(irp, found->item, verb, exchange);

    if (status != STATUS_SUCCESS)
        return status;
    irp->IoStatus.Information = verb == KSPROPERTY_TYPE_GET ? exchange->data_bytes : 0;
    return ks_property_call(irp, found, verb, exchange->request, exchange->data);
}

/* The format is the driver's own, and its support handler the only one who knows it. */
static NTSTATUS serve_raw(PIRP irp, const struct ks_exchange *exchange,
                          const struct ks_property_lookup *found)
{
    if (found->item->SupportHandler == NULL)
        return STATUS_NOT_FOUND;
    KSPROPERTY_SET_IRP_STORAGE(irp) = ks_visible(found->set);
    KSPROPERTY_ITEM_IRP_STORAGE(irp) = ks_visible(found->item);
    return (NTSTATUS)KE_CALL(found->item->SupportHandler, KE_ARG(irp), KE_ARG(exchange->request),
                             KE_ARG(exchange->data));
}

static NTSTATUS serve_item(const struct ks_property_source *source, PIRP irp,
                           const struct ks_exchange *exchange,
                           const struct ks_property_lookup *found, ULONG verb)
{
    switch (verb) {
    case KSPROPERTY_TYPE_GET:
    case KSPROPERTY_TYPE_SET:
        return call_handler(irp, exchange, found, verb);
    case KSPROPERTY_TYPE_BASICSUPPORT:
    case KSPROPERTY_TYPE_DEFAULTVALUES:
        return support(source, irp, exchange, found, verb);
    case KSPROPERTY_TYPE_RELATIONS:
        return KsHandleSizedListQuery(irp, found->item->RelationsCount, sizeof(KSPROPERTY),
                                      found->item->Relations);
    case KSPROPERTY_TYPE_SERIALIZESIZE:
        return ks_property_serialized_size(irp, found);
    case KSPROPERTY_TYPE_SERIALIZERAW:
    case KSPROPERTY_TYPE_UNSERIALIZERAW:
        return serve_raw(irp, exchange, found);
    default:
        return STATUS_NOT_FOUND;
    }
}

static NTSTATUS serve(const struct ks_property_source *source, PIRP irp,
                      const struct ks_exchange *exchange)
{
    ULONG verb = exchange->request->Flags & ~(ULONG)KSPROPERTY_TYPE_TOPOLOGY;
    struct ks_property_lookup found = ks_property_find(source, exchange->request, verb);

    if (verb == KSPROPERTY_TYPE_SETSUPPORT && IsEqualGUID(&exchange->request->Set, &GUID_NULL))
        return list_sets(source, irp);
    if (found.set == NULL)
        return STATUS_PROPSET_NOT_FOUND;
    switch (verb) {
    case KSPROPERTY_TYPE_SETSUPPORT:
        return STATUS_SUCCESS;
    case KSPROPERTY_TYPE_SERIALIZESET:
        return ks_property_serialize(source, irp, exchange);
    case KSPROPERTY_TYPE_UNSERIALIZESET:
        return ks_property_unserialize(source, irp, exchange);
    default:
        return found.item != NULL ? serve_item(source, irp, exchange, &found, verb)
                                  : STATUS_NOT_FOUND;
    }
}

/* Verbs that change what is there, and give nothing back. */
enum {
    ONE_WAY = KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_UNSERIALIZESET | KSPROPERTY_TYPE_UNSERIALIZERAW
};

static NTSTATUS run(const struct ks_property_source *source, PIRP irp, PFNKSALLOCATOR allocator)
{
    struct ks_exchange exchange;
    NTSTATUS status = ks_exchange_capture_into(irp, allocator, ONE_WAY, &exchange);

    if (!NT_SUCCESS(status))
        return status;
    status = serve(source, irp, &exchange);
    if (status != STATUS_PENDING)
        ks_exchange_settle(irp);
    return status;
}

NTSTATUS ks_property_request(const struct ks_file *file, PIRP irp)
{
    struct ks_property_source source = {0};
    struct ks_tables tables;
    NTSTATUS status = ks_tables_of(file, KsGetNodeIdFromIrp(irp), &tables);

    if (!NT_SUCCESS(status))
        return status;
    for (ULONG i = 0; i < tables.count; i++) {
        source.table[i].set_count = tables.table[i]->PropertySetsCount;
        source.table[i].item_bytes = tables.table[i]->PropertyItemSize;
        source.table[i].sets = tables.table[i]->PropertySets;
    }
    source.count = tables.count;
    return run(&source, irp, NULL);
}

void ks_property_settle(PIRP irp)
{
    ks_exchange_settle(irp);
}

/* ---- For drivers ----------------------------------------------------------------------------- */

NTSTATUS NTAPI KsPropertyHandlerWithAllocator(PIRP Irp, ULONG PropertySetsCount,
                                              const KSPROPERTY_SET *PropertySet,
                                              PFNKSALLOCATOR Allocator, ULONG PropertyItemSize)
{
    struct ks_property_source source = {.count = 1};

    if (PropertyItemSize % 8 != 0 ||
        (PropertyItemSize != 0 && PropertyItemSize < sizeof(KSPROPERTY_ITEM)))
        return STATUS_INVALID_PARAMETER;
    source.table[0].set_count = PropertySetsCount;
    source.table[0].item_bytes = PropertyItemSize;
    source.table[0].sets = PropertySet;
    return run(&source, Irp, Allocator);
}

NTSTATUS NTAPI KsPropertyHandler(PIRP Irp, ULONG PropertySetsCount,
                                 const KSPROPERTY_SET *PropertySet)
{
    return KsPropertyHandlerWithAllocator(Irp, PropertySetsCount, PropertySet, NULL, 0);
}

static NTSTATUS dispatch_specific(PIRP irp, PFNKSHANDLER handler)
{
    struct ks_exchange exchange;
    NTSTATUS status = ks_exchange_capture(irp, &exchange);

    if (!NT_SUCCESS(status))
        return status;
    status =
        (NTSTATUS)KE_CALL(handler, KE_ARG(irp), KE_ARG(exchange.request), KE_ARG(exchange.data));
    if (status != STATUS_PENDING)
        ks_exchange_settle(irp);
    return status;
}

NTSTATUS NTAPI KsDispatchSpecificProperty(PIRP Irp, PFNKSHANDLER Handler)
{
    return dispatch_specific(Irp, Handler);
}

NTSTATUS NTAPI KsDispatchSpecificMethod(PIRP Irp, PFNKSHANDLER Handler)
{
    return dispatch_specific(Irp, Handler);
}
