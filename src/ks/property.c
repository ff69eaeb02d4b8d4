/* SPDX-License-Identifier: MIT */
/* A property request names a set, an id and a verb. GET and SET go to the item's handlers;
 * BASICSUPPORT, SETSUPPORT and RELATIONS are answered from the item unless a support handler does
 * it. Sets that nobody has give STATUS_PROPSET_NOT_FOUND, ids and verbs that nobody has
 * STATUS_NOT_FOUND. KS Properties; KsPropertyHandlerWithAllocator; KSPROPERTY_ITEM;
 * KSPROPERTY_DESCRIPTION.
 * UNDOC: a request shorter than MinProperty. STATUS_INVALID_BUFFER_SIZE.
 * UNDOC: Information when a GET handler leaves it alone. It is the size of the requester's buffer.
 * Left out: serialising sets. */
#include "ks/property.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/room.h"

/* Sets with the item size of the table they come from. */
struct source {
    ULONG count;
    struct {
        ULONG set_count;
        ULONG item_bytes;
        const KSPROPERTY_SET *sets;
    } table[KS_TABLES_MAX];
};

struct lookup {
    const KSPROPERTY_SET *set; /* NULL: nobody has the set */
    const KSPROPERTY_ITEM *item; /* NULL: nobody has the id, or not with this verb */
};

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

static struct lookup look_up(const struct source *source, const KSIDENTIFIER *request, ULONG verb)
{
    struct lookup found = {0};

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

static NTSTATUS list_sets(const struct source *source, PIRP irp)
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

static ULONG access_flags(const struct source *source, const KSIDENTIFIER *request)
{
    ULONG flags = 0;

    if (look_up(source, request, KSPROPERTY_TYPE_GET).item != NULL)
        flags |= KSPROPERTY_TYPE_GET;
    if (look_up(source, request, KSPROPERTY_TYPE_SET).item != NULL)
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

static ULONG members_bytes(const KSPROPERTY_VALUES *values)
{
    ULONG bytes = 0;

    for (ULONG i = 0; values != NULL && i < values->MembersListCount; i++)
        bytes += (ULONG)sizeof(KSPROPERTY_MEMBERSHEADER) +
                 list_bytes(&values->MembersList[i].MembersHeader);
    return bytes;
}

static void write_members(const KSPROPERTY_VALUES *values, UCHAR *at)
{
    for (ULONG i = 0; i < values->MembersListCount; i++) {
        const KSPROPERTY_MEMBERSLIST *list = &values->MembersList[i];

        memcpy(at, &list->MembersHeader, sizeof list->MembersHeader);
        at += sizeof list->MembersHeader;
        memcpy(at, list->Members, list_bytes(&list->MembersHeader));
        at += list_bytes(&list->MembersHeader);
    }
}

/* A ULONG of access flags, a description, or a description with its members, as the room allows. */
static NTSTATUS describe(PIRP irp, const KSPROPERTY_ITEM *item, ULONG flags, ULONG room)
{
    const KSPROPERTY_VALUES *values = item->Values;
    KSPROPERTY_DESCRIPTION description = {
        .AccessFlags = flags, .DescriptionSize = (ULONG)sizeof description + members_bytes(values)};
    ULONG whole = description.DescriptionSize;

    if (values != NULL) {
        description.PropTypeSet = values->PropTypeSet;
        description.MembersListCount = values->MembersListCount;
    }
    if (room < sizeof description && room >= sizeof flags)
        return ks_answer(irp, &flags, sizeof flags);
    if (room < sizeof description)
        return ks_answer_size(irp, whole);
    ks_answer(irp, &description, sizeof description);
    if (values == NULL || room < whole)
        return STATUS_SUCCESS;
    write_members(values, (UCHAR *)irp->AssociatedIrp.SystemBuffer + sizeof description);
    irp->IoStatus.Information = whole;
    return STATUS_SUCCESS;
}

static NTSTATUS support(const struct source *source, PIRP irp, const struct ks_exchange *exchange,
                        const struct lookup *found)
{
    NTSTATUS status = STATUS_SOME_NOT_MAPPED;

    if (found->item->SupportHandler != NULL)
        status = (NTSTATUS)KE_CALL(found->item->SupportHandler, KE_ARG(irp),
                                   KE_ARG(exchange->request), KE_ARG(exchange->data));
    if (status != STATUS_SOME_NOT_MAPPED)
        return status;
    return describe(irp, found->item, access_flags(source, exchange->request),
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

static NTSTATUS call_handler(PIRP irp, const struct ks_exchange *exchange,
                             const struct lookup *found, ULONG verb)
{
    NTSTATUS status = check_sizes(irp, found->item, verb, exchange);

    if (status != STATUS_SUCCESS)
        return status;
    KSPROPERTY_SET_IRP_STORAGE(irp) = ks_visible(found->set);
    KSPROPERTY_ITEM_IRP_STORAGE(irp) = ks_visible(found->item);
    irp->IoStatus.Information = verb == KSPROPERTY_TYPE_GET ? exchange->data_bytes : 0;
    return (NTSTATUS)KE_CALL(handler_of(found->item, verb), KE_ARG(irp), KE_ARG(exchange->request),
                             KE_ARG(exchange->data));
}

static NTSTATUS serve(const struct source *source, PIRP irp, const struct ks_exchange *exchange)
{
    ULONG verb = exchange->request->Flags & ~(ULONG)KSPROPERTY_TYPE_TOPOLOGY;
    struct lookup found = look_up(source, exchange->request, verb);

    if (verb == KSPROPERTY_TYPE_SETSUPPORT) {
        if (IsEqualGUID(&exchange->request->Set, &GUID_NULL))
            return list_sets(source, irp);
        return found.set != NULL ? STATUS_SUCCESS : STATUS_PROPSET_NOT_FOUND;
    }
    if (found.set == NULL)
        return STATUS_PROPSET_NOT_FOUND;
    if (found.item == NULL)
        return STATUS_NOT_FOUND;
    switch (verb) {
    case KSPROPERTY_TYPE_GET:
    case KSPROPERTY_TYPE_SET:
        return call_handler(irp, exchange, &found, verb);
    case KSPROPERTY_TYPE_BASICSUPPORT:
        return support(source, irp, exchange, &found);
    case KSPROPERTY_TYPE_RELATIONS:
        return KsHandleSizedListQuery(irp, found.item->RelationsCount, sizeof(KSPROPERTY),
                                      found.item->Relations);
    default:
        if (found.item->SerializedSize != 0)
            weir_not_implemented("serialised properties");
        return STATUS_NOT_FOUND;
    }
}

static NTSTATUS run(const struct source *source, PIRP irp)
{
    struct ks_exchange exchange;
    NTSTATUS status = ks_exchange_capture(irp, &exchange);

    if (!NT_SUCCESS(status))
        return status;
    status = serve(source, irp, &exchange);
    if (status != STATUS_PENDING)
        ks_exchange_settle(irp);
    return status;
}

NTSTATUS ks_property_request(const struct ks_file *file, PIRP irp)
{
    struct source source = {0};
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
    return run(&source, irp);
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
    struct source source = {.count = 1};

    if (PropertyItemSize % 8 != 0 ||
        (PropertyItemSize != 0 && PropertyItemSize < sizeof(KSPROPERTY_ITEM)))
        return STATUS_INVALID_PARAMETER;
    if (Allocator != NULL)
        weir_not_implemented("KsPropertyHandlerWithAllocator with an allocator");
    source.table[0].set_count = PropertySetsCount;
    source.table[0].item_bytes = PropertyItemSize;
    source.table[0].sets = PropertySet;
    return run(&source, Irp);
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
