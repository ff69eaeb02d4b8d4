/* SPDX-License-Identifier: MIT */
/* Each AVStream object has a bag. Items are freed with the routine given for them, or else with
 * ExFreePool, when their last bag of the device lets go of them. KsEdit builds on this: a
 * descriptor that is not in the bag is the driver's constant data and is copied before the first
 * change. Object Bags; KsAddItemToObjectBag; KsRemoveItemFromObjectBag; _KsEdit.
 * UNDOC: what lies
 * behind the old size in an edited block. It is zero. */
#include "ks/bag.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/device.h"
#include "ks/object.h"
#include "ks/room.h"

static const uint64_t bag_magic = 0x6b73626167676167u;

/* One item of the device, however many bags hold it. */
struct shelf_item {
    LIST_ENTRY link;
    PVOID item;
    PFNKSFREE free;
    ULONG count;
};

struct bag_entry {
    LIST_ENTRY link;
    struct shelf_item *shelved;
};

void ks_bag_shelf_init(struct ks_bag_shelf *shelf)
{
    KeInitializeSpinLock(&shelf->lock);
    InitializeListHead(&shelf->items);
}

void ks_bag_init(struct ks_bag *bag, struct ks_bag_shelf *shelf, struct ks_object *owner)
{
    bag->magic = bag_magic;
    bag->shelf = shelf;
    bag->owner = owner;
    InitializeListHead(&bag->entries);
}

static void free_item(struct shelf_item *shelved)
{
    if (shelved->free != NULL)
        KE_CALL(shelved->free, KE_ARG(shelved->item));
    else
        ExFreePool(shelved->item);
    ks_free(shelved);
}

/* Takes the entry out; returns how many bags held the item before. */
static ULONG remove_entry(struct ks_bag *bag, struct bag_entry *entry, bool give_free)
{
    struct shelf_item *shelved = entry->shelved;
    ULONG before;
    KIRQL irql;

    KeAcquireSpinLock(&bag->shelf->lock, &irql);
    before = shelved->count--;
    RemoveEntryList(&entry->link);
    if (before == 1)
        RemoveEntryList(&shelved->link);
    KeReleaseSpinLock(&bag->shelf->lock, irql);
    ks_free(entry);
    if (before == 1) {
        if (give_free)
            free_item(shelved);
        else
            ks_free(shelved);
    }
    return before;
}

void ks_bag_fini(struct ks_bag *bag)
{
    while (!IsListEmpty(&bag->entries))
        remove_entry(bag, CONTAINING_RECORD(bag->entries.Blink, struct bag_entry, link), true);
    bag->magic = 0;
}

static struct ks_bag *bag_of(KSOBJECT_BAG handle)
{
    struct ks_bag *bag = handle;

    if (bag == NULL || bag->magic != bag_magic)
        ks_not_an_object(handle);
    return bag;
}

static struct shelf_item *find_shelved(struct ks_bag_shelf *shelf, const void *item)
{
    for (PLIST_ENTRY link = shelf->items.Flink; link != &shelf->items; link = link->Flink) {
        struct shelf_item *shelved = CONTAINING_RECORD(link, struct shelf_item, link);

        if (shelved->item == item)
            return shelved;
    }
    return NULL;
}

static struct bag_entry *find_entry(struct ks_bag *bag, const void *item)
{
    for (PLIST_ENTRY link = bag->entries.Flink; link != &bag->entries; link = link->Flink) {
        struct bag_entry *entry = CONTAINING_RECORD(link, struct bag_entry, link);

        if (entry->shelved->item == item)
            return entry;
    }
    return NULL;
}

NTSTATUS NTAPI KsAddItemToObjectBag(KSOBJECT_BAG ObjectBag, PVOID Item, PFNKSFREE Free)
{
    struct ks_bag *bag = bag_of(ObjectBag);
    struct bag_entry *entry = ks_allocate(sizeof *entry);
    struct shelf_item *fresh = ks_allocate(sizeof *fresh);
    KIRQL irql;

    if (entry == NULL || fresh == NULL) {
        ks_free(entry);
        ks_free(fresh);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&bag->shelf->lock, &irql);
    entry->shelved = find_shelved(bag->shelf, Item);
    if (entry->shelved == NULL) {
        fresh->item = Item;
        fresh->free = Free;
        InsertTailList(&bag->shelf->items, &fresh->link);
        entry->shelved = fresh;
        fresh = NULL;
    }
    entry->shelved->count++;
    InsertTailList(&bag->entries, &entry->link);
    KeReleaseSpinLock(&bag->shelf->lock, irql);
    ks_free(fresh);
    return STATUS_SUCCESS;
}

ULONG NTAPI KsRemoveItemFromObjectBag(KSOBJECT_BAG ObjectBag, PVOID Item, BOOLEAN Free)
{
    struct ks_bag *bag = bag_of(ObjectBag);
    struct bag_entry *entry = find_entry(bag, Item);

    return entry == NULL ? 0 : remove_entry(bag, entry, Free);
}

NTSTATUS NTAPI KsAllocateObjectBag(PKSDEVICE Device, KSOBJECT_BAG *ObjectBag)
{
    struct ks_device *device = ks_device_of(Device);
    struct ks_bag *bag = ks_allocate(sizeof *bag);

    if (bag == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_bag_init(bag, &device->shelf, NULL);
    *ObjectBag = bag;
    return STATUS_SUCCESS;
}

void NTAPI KsFreeObjectBag(KSOBJECT_BAG ObjectBag)
{
    struct ks_bag *bag = bag_of(ObjectBag);

    ks_bag_fini(bag);
    ks_free(bag);
}

NTSTATUS NTAPI KsCopyObjectBagItems(KSOBJECT_BAG ObjectBagDestination, KSOBJECT_BAG ObjectBagSource)
{
    struct ks_bag *source = bag_of(ObjectBagSource);
    NTSTATUS status = STATUS_SUCCESS;

    for (PLIST_ENTRY link = source->entries.Flink; link != &source->entries && NT_SUCCESS(status);
         link = link->Flink) {
        struct shelf_item *shelved = CONTAINING_RECORD(link, struct bag_entry, link)->shelved;

        status = KsAddItemToObjectBag(ObjectBagDestination, shelved->item, shelved->free);
    }
    return status;
}

NTSTATUS NTAPI _KsEdit(KSOBJECT_BAG ObjectBag, PVOID *PointerToPointerToItem, ULONG NewSize,
                       ULONG OldSize, ULONG Tag)
{
    struct ks_bag *bag = bag_of(ObjectBag);
    PVOID old = *PointerToPointerToItem;
    bool ours = old != NULL && find_entry(bag, old) != NULL;
    PVOID edited;
    NTSTATUS status;

    if (ours && NewSize <= OldSize)
        return STATUS_SUCCESS;
    edited = ExAllocatePoolWithTag(PagedPool, NewSize, Tag);
    if (edited == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(edited, 0, NewSize);
    if (old != NULL)
        memcpy(edited, old, OldSize < NewSize ? OldSize : NewSize);
    status = KsAddItemToObjectBag(ObjectBag, edited, NULL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(edited, Tag);
        return status;
    }
    *PointerToPointerToItem = edited;
    if (ours)
        KsRemoveItemFromObjectBag(ObjectBag, old, TRUE);
    return STATUS_SUCCESS;
}
