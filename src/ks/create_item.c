/* SPDX-License-Identifier: MIT */
/* A driver opens no door of its own: each create item names a class of objects and the routine that
 * makes one. An item without a routine is an empty slot, to be filled later. A wildcard answers for
 * every name that no other item has, wherever it stands in the list; an item with NOPARAMETERS
 * wants a name with nothing behind it. KSOBJECT_CREATE_ITEM; KsAllocateObjectCreateItem;
 * KsAddObjectCreateItemToDeviceHeader.
 * UNDOC: a name with parameters that its item does not allow. It is as unknown as one without an
 * item.
 * UNDOC: a free callback for an item that was not copied. Its page allows none; it is not called.
 * Left out: security descriptors of items are kept, not enforced. */
#include "ks/create_item.h"

#include <string.h>

#include "ks/room.h"

struct ks_create_item {
    LIST_ENTRY link;
    PKSOBJECT_CREATE_ITEM item; /* own, or what the driver gave */
    KSOBJECT_CREATE_ITEM own;
    PFNKSITEMFREECALLBACK freed;
};

void ks_create_list_init(struct ks_create_list *list)
{
    KeInitializeSpinLock(&list->lock);
    InitializeListHead(&list->items);
}

static void free_item(struct ks_create_list *list, struct ks_create_item *entry)
{
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    RemoveEntryList(&entry->link);
    KeReleaseSpinLock(&list->lock, irql);
    if (entry->freed != NULL)
        KE_CALL(entry->freed, KE_ARG(entry->item));
    ks_free(entry);
}

void ks_create_list_fini(struct ks_create_list *list)
{
    while (!IsListEmpty(&list->items))
        free_item(list, CONTAINING_RECORD(list->items.Flink, struct ks_create_item, link));
}

static struct ks_create_item *make_item(PKSOBJECT_CREATE_ITEM item, bool copy)
{
    SIZE_T name_bytes = copy ? item->ObjectClass.Length : 0;
    struct ks_create_item *entry = ks_allocate(sizeof *entry + name_bytes);

    if (entry == NULL)
        return NULL;
    entry->item = item;
    if (!copy)
        return entry;
    entry->own = *item;
    entry->own.ObjectClass.Buffer = (PWCH)(entry + 1);
    entry->own.ObjectClass.MaximumLength = item->ObjectClass.Length;
    memcpy(entry + 1, item->ObjectClass.Buffer, name_bytes);
    entry->item = &entry->own;
    return entry;
}

NTSTATUS ks_create_list_add(struct ks_create_list *list, PKSOBJECT_CREATE_ITEM item, bool copy,
                            PFNKSITEMFREECALLBACK freed)
{
    struct ks_create_item *entry = make_item(item, copy);
    KIRQL irql;

    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->freed = copy ? freed : NULL;
    KeAcquireSpinLock(&list->lock, &irql);
    InsertTailList(&list->items, &entry->link);
    KeReleaseSpinLock(&list->lock, irql);
    return STATUS_SUCCESS;
}

NTSTATUS ks_create_list_add_all(struct ks_create_list *list, ULONG count,
                                PKSOBJECT_CREATE_ITEM items)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++)
        status = ks_create_list_add(list, &items[i], false, NULL);
    return status;
}

NTSTATUS ks_create_list_fill(struct ks_create_list *list, const KSOBJECT_CREATE_ITEM *item)
{
    for (PLIST_ENTRY link = list->items.Flink; link != &list->items; link = link->Flink) {
        PKSOBJECT_CREATE_ITEM slot = CONTAINING_RECORD(link, struct ks_create_item, link)->item;

        if (slot->Create != NULL)
            continue;
        *slot = *item;
        return STATUS_SUCCESS;
    }
    return STATUS_ALLOTTED_SPACE_EXCEEDED;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static bool matches(const KSOBJECT_CREATE_ITEM *item, const UNICODE_STRING *name)
{
    UNICODE_STRING class = *name;
    USHORT length = item->ObjectClass.Length;

    if (name->Length < length)
        return false;
    if (name->Length > length && (name->Buffer[length / sizeof(WCHAR)] != u'\\' ||
                                  (item->Flags & KSCREATE_ITEM_NOPARAMETERS) != 0))
        return false;
    class.Length = length;
    return RtlEqualUnicodeString(&class, (PUNICODE_STRING)(ULONG_PTR)&item->ObjectClass, TRUE);
}

PKSOBJECT_CREATE_ITEM ks_create_list_find(struct ks_create_list *list, const UNICODE_STRING *name)
{
    PKSOBJECT_CREATE_ITEM wildcard = NULL;

    for (PLIST_ENTRY link = list->items.Flink; link != &list->items; link = link->Flink) {
        PKSOBJECT_CREATE_ITEM item = CONTAINING_RECORD(link, struct ks_create_item, link)->item;

        if (item->Create == NULL)
            continue;
        if ((item->Flags & KSCREATE_ITEM_WILDCARD) != 0)
            wildcard = item;
        else if (matches(item, name))
            return item;
    }
    return wildcard;
}

bool ks_create_list_free(struct ks_create_list *list, ks_create_filter *fits, const void *wanted)
{
    PLIST_ENTRY link = list->items.Flink;
    bool found = false;

    while (link != &list->items) {
        struct ks_create_item *entry = CONTAINING_RECORD(link, struct ks_create_item, link);

        link = link->Flink;
        if (!fits(entry->item, wanted))
            continue;
        found = true;
        free_item(list, entry);
    }
    return found;
}
