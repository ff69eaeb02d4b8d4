/* SPDX-License-Identifier: MIT */
/* A method request carries data in, out, or both, and runs one handler. KS Methods; KSMETHOD_ITEM;
 * KsMethodHandlerWithAllocator. Unknown sets give STATUS_PROPSET_NOT_FOUND, unknown ids
 * STATUS_NOT_FOUND. The item's Flags say which way data goes; here one system buffer serves all. */
#include "ks/automation.h"
#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/property.h"
#include "ks/room.h"

struct lookup {
    const KSMETHOD_SET *set;
    const KSMETHOD_ITEM *item;
};

static void look_up(ULONG set_count, const KSMETHOD_SET *sets, ULONG item_bytes,
                    const KSIDENTIFIER *request, struct lookup *found)
{
    for (ULONG i = 0; i < set_count && found->item == NULL; i++) {
        if (!IsEqualGUID(sets[i].Set, &request->Set))
            continue;
        found->set = &sets[i];
        for (ULONG m = 0; m < sets[i].MethodsCount && found->item == NULL; m++) {
            const KSMETHOD_ITEM *item = ks_item_at(sets[i].MethodItem, m, item_bytes, sizeof *item);

            if (item->MethodId == request->Id)
                found->item = item;
        }
    }
}

static NTSTATUS call_handler(PIRP irp, const struct ks_exchange *exchange,
                             const struct lookup *found)
{
    const KSMETHOD_ITEM *item = found->item;

    if (KE_ARG(item->MethodHandler) <= TRUE)
        return STATUS_NOT_FOUND;
    if (exchange->request_bytes < item->MinMethod)
        return STATUS_INVALID_BUFFER_SIZE;
    if (exchange->data_bytes < item->MinData)
        return ks_answer_size(irp, item->MinData);
    KSMETHOD_SET_IRP_STORAGE(irp) = ks_visible(found->set);
    KSMETHOD_ITEM_IRP_STORAGE(irp) = ks_visible(item);
    KSMETHOD_TYPE_IRP_STORAGE(irp) = item->Flags;
    irp->IoStatus.Information = exchange->data_bytes;
    return (NTSTATUS)KE_CALL(item->MethodHandler, KE_ARG(irp), KE_ARG(exchange->request),
                             KE_ARG(exchange->data));
}

static NTSTATUS serve(PIRP irp, const struct ks_exchange *exchange, const struct lookup *found)
{
    ULONG verb = exchange->request->Flags & ~(ULONG)KSMETHOD_TYPE_TOPOLOGY;

    if (found->set == NULL)
        return STATUS_PROPSET_NOT_FOUND;
    if (verb == KSMETHOD_TYPE_SETSUPPORT)
        return STATUS_SUCCESS;
    if (found->item == NULL)
        return STATUS_NOT_FOUND;
    if (verb != KSMETHOD_TYPE_BASICSUPPORT)
        return call_handler(irp, exchange, found);
    if (found->item->SupportHandler != NULL)
        return (NTSTATUS)KE_CALL(found->item->SupportHandler, KE_ARG(irp),
                                 KE_ARG(exchange->request), KE_ARG(exchange->data));
    return ks_answer(irp, &found->item->Flags, sizeof found->item->Flags);
}

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    if (status != STATUS_PENDING)
        ks_exchange_settle(irp);
    return status;
}

/* UNDOC: GUID_NULL. It lists the sets, as it does for properties and events. */
static bool asks_for_sets(const struct ks_exchange *exchange)
{
    return (exchange->request->Flags & ~(ULONG)KSMETHOD_TYPE_TOPOLOGY) == KSMETHOD_TYPE_SETSUPPORT;
}

NTSTATUS ks_method_request(const struct ks_file *file, PIRP irp)
{
    struct lookup found = {0};
    struct ks_exchange exchange;
    struct ks_tables tables;
    NTSTATUS status = ks_tables_of(file, KsGetNodeIdFromIrp(irp), &tables);

    if (NT_SUCCESS(status))
        status = ks_exchange_capture(irp, &exchange);
    if (!NT_SUCCESS(status))
        return status;
    if (asks_for_sets(&exchange))
        return finish(irp, ks_tables_set_support(&tables, KS_METHOD_SETS, &exchange.request->Set,
                                                 irp));
    for (ULONG i = 0; i < tables.count; i++)
        look_up(tables.table[i]->MethodSetsCount, tables.table[i]->MethodSets,
                tables.table[i]->MethodItemSize, exchange.request, &found);
    return finish(irp, serve(irp, &exchange, &found));
}

NTSTATUS NTAPI KsMethodHandlerWithAllocator(PIRP Irp, ULONG MethodSetsCount,
                                            const KSMETHOD_SET *MethodSet, PFNKSALLOCATOR Allocator,
                                            ULONG MethodItemSize)
{
    struct lookup found = {0};
    struct ks_exchange exchange;
    NTSTATUS status;

    if (MethodItemSize % 8 != 0 || (MethodItemSize != 0 && MethodItemSize < sizeof(KSMETHOD_ITEM)))
        return STATUS_INVALID_PARAMETER;
    status = ks_exchange_capture_into(Irp, Allocator, 0, &exchange);
    if (!NT_SUCCESS(status))
        return status;
    look_up(MethodSetsCount, MethodSet, MethodItemSize, exchange.request, &found);
    return finish(Irp, serve(Irp, &exchange, &found));
}

NTSTATUS NTAPI KsMethodHandler(PIRP Irp, ULONG MethodSetsCount, const KSMETHOD_SET *MethodSet)
{
    return KsMethodHandlerWithAllocator(Irp, MethodSetsCount, MethodSet, NULL, 0);
}
