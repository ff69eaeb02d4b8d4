/* SPDX-License-Identifier: MIT */
/* A driver describes what an object can do in a KSAUTOMATION_TABLE; the runtime has one of its own
 * for filters, pins and clocks. An item of the driver's replaces the runtime's item of the same set
 * and id, which here comes from the order of asking. Defining Automation Tables;
 * KSAUTOMATION_TABLE. KsMergeAutomationTables makes one table of two, into a bag. */
#include "ks/automation.h"

#include <string.h>

#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

static void add_table(struct ks_tables *tables, const KSAUTOMATION_TABLE *table)
{
    if (table != NULL)
        tables->table[tables->count++] = table;
}

static const struct ks_filter *filter_of_file(const struct ks_file *file)
{
    struct ks_object *object = file->object;

    return ks_filter_of(object->type == KsObjectTypePin ? object->parent->public : object->public);
}

NTSTATUS ks_tables_of(const struct ks_file *file, ULONG node_id, struct ks_tables *tables)
{
    tables->count = 0;
    if (file->kind == KS_FILE_NODE)
        node_id = file->node_id;
    if (node_id != KSFILTER_NODE) {
        const KSNODE_DESCRIPTOR *node = ks_filter_node_descriptor(filter_of_file(file), node_id);

        if (node == NULL)
            return STATUS_INVALID_PARAMETER;
        add_table(tables, node->AutomationTable);
        return STATUS_SUCCESS;
    }
    if (file->kind == KS_FILE_PIN) {
        const KSPIN_DESCRIPTOR_EX *pin = ks_pin_of(file->object->public)->public.Descriptor;

        add_table(tables, pin->AutomationTable);
        add_table(tables, &ks_pin_table);
        if ((pin->Flags & KSPIN_FLAG_GENERATE_EOS_EVENTS) != 0)
            add_table(tables, &ks_pin_eos_table);
    } else if (file->kind == KS_FILE_FILTER) {
        add_table(tables, ks_filter_of(file->object->public)->public.Descriptor->AutomationTable);
        add_table(tables, &ks_filter_table);
    } else if (file->kind == KS_FILE_CLOCK) {
        add_table(tables, &ks_clock_table);
    }
    return STATUS_SUCCESS;
}

const void *ks_item_at(const void *items, ULONG index, ULONG item_bytes, ULONG base_bytes)
{
    return (const UCHAR *)items + (SIZE_T)index * (item_bytes != 0 ? item_bytes : base_bytes);
}

/* ---- Kinds of sets --------------------------------------------------------------------------- */

/* Property, method and event tables have one shape: sets of GUID, count and items, items that begin
 * with an id. These numbers tell them apart. */
struct kind {
    SIZE_T set_bytes;
    SIZE_T items_offset; /* of the items pointer in a set; the count is at 8 in all of them */
    ULONG base_bytes; /* of an item */
    SIZE_T triple_offset; /* of count, item size and sets in a table */
};

static const struct kind kinds[] = {
    [KS_PROPERTY_SETS] = {sizeof(KSPROPERTY_SET), offsetof(KSPROPERTY_SET, PropertyItem),
                          sizeof(KSPROPERTY_ITEM), offsetof(KSAUTOMATION_TABLE, PropertySetsCount)},
    [KS_METHOD_SETS] = {sizeof(KSMETHOD_SET), offsetof(KSMETHOD_SET, MethodItem),
                        sizeof(KSMETHOD_ITEM), offsetof(KSAUTOMATION_TABLE, MethodSetsCount)},
    [KS_EVENT_SETS] = {sizeof(KSEVENT_SET), offsetof(KSEVENT_SET, EventItem), sizeof(KSEVENT_ITEM),
                       offsetof(KSAUTOMATION_TABLE, EventSetsCount)},
};

struct triple {
    ULONG count;
    ULONG item_bytes;
    const UCHAR *sets;
};

static struct triple triple_of(const KSAUTOMATION_TABLE *table, const struct kind *kind)
{
    struct triple triple;

    memcpy(&triple, (const UCHAR *)table + kind->triple_offset, sizeof triple);
    if (triple.item_bytes == 0)
        triple.item_bytes = kind->base_bytes;
    return triple;
}

static const UCHAR *set_at(const struct triple *triple, const struct kind *kind, ULONG index)
{
    return triple->sets + index * kind->set_bytes;
}

static ULONG set_count(const UCHAR *set)
{
    ULONG count;

    memcpy(&count, set + sizeof(PVOID), sizeof count);
    return count;
}

static const UCHAR *set_items(const UCHAR *set, const struct kind *kind)
{
    const UCHAR *items;

    memcpy(&items, set + kind->items_offset, sizeof items);
    return items;
}

static const UCHAR *find_set(const struct triple *triple, const struct kind *kind, const GUID *guid)
{
    for (ULONG i = 0; i < triple->count; i++) {
        const GUID *set_guid;

        memcpy(&set_guid, set_at(triple, kind, i), sizeof set_guid);
        if (IsEqualGUID(set_guid, guid))
            return set_at(triple, kind, i);
    }
    return NULL;
}

/* ---- Which sets there are -------------------------------------------------------------------- */

static const GUID *set_guid_at(const struct triple *triple, const struct kind *kind, ULONG index)
{
    const GUID *guid;

    memcpy(&guid, set_at(triple, kind, index), sizeof guid);
    return guid;
}

static bool has_set(const struct ks_tables *tables, ULONG count, const struct kind *kind,
                    const GUID *set)
{
    for (ULONG i = 0; i < count; i++) {
        struct triple triple = triple_of(tables->table[i], kind);

        if (find_set(&triple, kind, set) != NULL)
            return true;
    }
    return false;
}

/* Both tables may have a set; the first one speaks for it. out is NULL to count only. */
static ULONG list_sets(const struct ks_tables *tables, const struct kind *kind, GUID *out)
{
    ULONG count = 0;

    for (ULONG t = 0; t < tables->count; t++) {
        struct triple triple = triple_of(tables->table[t], kind);

        for (ULONG i = 0; i < triple.count; i++) {
            const GUID *set = set_guid_at(&triple, kind, i);

            if (has_set(tables, t, kind, set))
                continue;
            if (out != NULL)
                out[count] = *set;
            count++;
        }
    }
    return count;
}

NTSTATUS ks_tables_set_support(const struct ks_tables *tables, enum ks_set_kind kind,
                               const GUID *set, PIRP irp)
{
    NTSTATUS status;

    if (!IsEqualGUID(set, &GUID_NULL))
        return has_set(tables, tables->count, &kinds[kind], set) ? STATUS_SUCCESS
                                                                 : STATUS_PROPSET_NOT_FOUND;
    status = ks_answer_size(irp, list_sets(tables, &kinds[kind], NULL) * (ULONG)sizeof(GUID));
    if (status == STATUS_SUCCESS)
        list_sets(tables, &kinds[kind], irp->AssociatedIrp.SystemBuffer);
    return status;
}

/* ---- Merging --------------------------------------------------------------------------------- */

static bool has_id(const UCHAR *set, const struct kind *kind, ULONG item_bytes, ULONG id)
{
    for (ULONG i = 0; set != NULL && i < set_count(set); i++) {
        ULONG other;

        memcpy(&other, set_items(set, kind) + (SIZE_T)i * item_bytes, sizeof other);
        if (other == id)
            return true;
    }
    return false;
}

/* Everything merged so far, laid out behind the table: sets first, then items. */
struct merge {
    const struct kind *kind;
    struct triple a, b;
    ULONG item_bytes;
    UCHAR *sets; /* NULL while only counting */
    UCHAR *items;
    ULONG set_total;
    ULONG item_total;
};

static void put_items(struct merge *merge, const UCHAR *set, ULONG item_bytes,
                      const UCHAR *stronger, ULONG *count)
{
    for (ULONG i = 0; i < set_count(set); i++) {
        const UCHAR *item = set_items(set, merge->kind) + (SIZE_T)i * item_bytes;
        ULONG id;

        memcpy(&id, item, sizeof id);
        if (has_id(stronger, merge->kind, merge->a.item_bytes, id))
            continue;
        if (merge->items != NULL)
            memcpy(merge->items + (SIZE_T)merge->item_total * merge->item_bytes, item, item_bytes);
        merge->item_total++;
        (*count)++;
    }
}

static void put_set(struct merge *merge, const UCHAR *a_set, const UCHAR *b_set)
{
    const UCHAR *first_item = merge->items + (SIZE_T)merge->item_total *
                                                 (merge->items != NULL ? merge->item_bytes : 0);
    ULONG count = 0;
    UCHAR *set;

    if (a_set != NULL)
        put_items(merge, a_set, merge->a.item_bytes, NULL, &count);
    if (b_set != NULL)
        put_items(merge, b_set, merge->b.item_bytes, a_set, &count);
    if (merge->sets != NULL) {
        set = merge->sets + merge->set_total * merge->kind->set_bytes;
        memcpy(set, a_set != NULL ? a_set : b_set, merge->kind->set_bytes);
        memcpy(set + sizeof(PVOID), &count, sizeof count);
        memcpy(set + merge->kind->items_offset, &first_item, sizeof first_item);
    }
    merge->set_total++;
}

static void put_all(struct merge *merge)
{
    for (ULONG i = 0; i < merge->a.count; i++) {
        const UCHAR *set = set_at(&merge->a, merge->kind, i);
        const GUID *guid;

        memcpy(&guid, set, sizeof guid);
        put_set(merge, set, find_set(&merge->b, merge->kind, guid));
    }
    for (ULONG i = 0; i < merge->b.count; i++) {
        const UCHAR *set = set_at(&merge->b, merge->kind, i);
        const GUID *guid;

        memcpy(&guid, set, sizeof guid);
        if (find_set(&merge->a, merge->kind, guid) == NULL)
            put_set(merge, NULL, set);
    }
}

static void begin_merge(struct merge *merge, const struct kind *kind, const KSAUTOMATION_TABLE *a,
                        const KSAUTOMATION_TABLE *b)
{
    memset(merge, 0, sizeof *merge);
    merge->kind = kind;
    merge->a = triple_of(a, kind);
    merge->b = triple_of(b, kind);
    merge->item_bytes = merge->a.item_bytes > merge->b.item_bytes ? merge->a.item_bytes
                                                                  : merge->b.item_bytes;
}

static SIZE_T merged_bytes(const KSAUTOMATION_TABLE *a, const KSAUTOMATION_TABLE *b)
{
    SIZE_T bytes = sizeof(KSAUTOMATION_TABLE);

    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        struct merge merge;

        begin_merge(&merge, &kinds[i], a, b);
        put_all(&merge);
        bytes += merge.set_total * kinds[i].set_bytes + (SIZE_T)merge.item_total * merge.item_bytes;
    }
    return bytes;
}

static void fill_merged(KSAUTOMATION_TABLE *out, const KSAUTOMATION_TABLE *a,
                        const KSAUTOMATION_TABLE *b)
{
    UCHAR *free = (UCHAR *)(out + 1);

    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        struct merge merge;
        struct triple triple;

        begin_merge(&merge, &kinds[i], a, b);
        put_all(&merge);
        triple = (struct triple){merge.set_total, merge.item_bytes, free};
        merge.sets = free;
        merge.items = free + merge.set_total * kinds[i].set_bytes;
        free = merge.items + (SIZE_T)merge.item_total * merge.item_bytes;
        merge.set_total = 0;
        merge.item_total = 0;
        put_all(&merge);
        memcpy((UCHAR *)out + kinds[i].triple_offset, &triple, sizeof triple);
    }
}

NTSTATUS NTAPI KsMergeAutomationTables(PKSAUTOMATION_TABLE *AutomationTableAB,
                                       PKSAUTOMATION_TABLE AutomationTableA,
                                       PKSAUTOMATION_TABLE AutomationTableB, KSOBJECT_BAG Bag)
{
    static const KSAUTOMATION_TABLE none;
    const KSAUTOMATION_TABLE *a = AutomationTableA != NULL ? AutomationTableA : &none;
    const KSAUTOMATION_TABLE *b = AutomationTableB != NULL ? AutomationTableB : &none;
    SIZE_T bytes = merged_bytes(a, b);
    KSAUTOMATION_TABLE *merged;
    NTSTATUS status;

    if (AutomationTableA == NULL && AutomationTableB == NULL)
        return STATUS_SUCCESS;
    merged = ExAllocatePoolWithTag(PagedPool, bytes, 0x7441734b);
    if (merged == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(merged, 0, bytes);
    fill_merged(merged, a, b);
    if (Bag != NULL) {
        status = KsAddItemToObjectBag(Bag, merged, NULL);
        if (!NT_SUCCESS(status)) {
            ExFreePool(merged);
            return status;
        }
        KsRemoveItemFromObjectBag(Bag, AutomationTableA, TRUE);
        KsRemoveItemFromObjectBag(Bag, AutomationTableB, TRUE);
    }
    *AutomationTableAB = merged;
    return STATUS_SUCCESS;
}
