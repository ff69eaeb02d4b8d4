/* SPDX-License-Identifier: MIT */
/* device -> filter factory -> filter -> pin: each object knows its parent, its children in order of
 * creation, and starts with its parent's Context. A driver walks the tree under the device mutex,
 * below filters under the filter's control mutex. AVStream Object Hierarchy; KsGetParent;
 * KsGetFirstChild. Our reading: all pins of a filter are its children; those of one pin type are
 * told by their Id. */
#include "ks/object.h"

#include <string.h>

#include "ks/device.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

static const uint64_t object_magic = 0x6b736f626a656374u;

void ks_object_init(struct ks_object *object, KSOBJECTTYPE type, PVOID public,
                    struct ks_device *device, struct ks_object *parent)
{
    struct ks_public_head *head = public;

    object->magic = object_magic;
    object->type = type;
    object->id = ++ks_room()->next_object_id;
    object->public = public;
    object->device = device;
    object->parent = parent;
    InitializeListHead(&object->children);
    InitializeListHead(&object->sibling);
    ks_bag_init(&object->bag, &device->shelf, object);
    ks_unknown_init(&object->unknown, object);
    ks_events_init(&object->events);
    head->Bag = &object->bag;
    if (parent == NULL)
        return;
    head->Context = ((struct ks_public_head *)parent->public)->Context;
    InsertTailList(&parent->children, &object->sibling);
}

void ks_object_fini(struct ks_object *object)
{
    RemoveEntryList(&object->sibling);
    InitializeListHead(&object->sibling);
    ks_unknown_fini(&object->unknown);
    ks_bag_fini(&object->bag);
    object->magic = 0;
}

struct ks_object *ks_object_of(PVOID public)
{
    struct ks_public_head *head = public;
    struct ks_bag *bag = head != NULL ? head->Bag : NULL;

    if (bag == NULL || bag->owner == NULL || bag->owner->magic != object_magic ||
        bag->owner->public != public)
        ks_not_an_object(public);
    return bag->owner;
}

struct ks_object *ks_object_of_type(PVOID public, KSOBJECTTYPE type)
{
    struct ks_object *object = ks_object_of(public);

    if (object->type != type)
        ks_not_an_object(public);
    return object;
}

static PVOID object_at(PLIST_ENTRY head, PLIST_ENTRY link)
{
    return link == head ? NULL : CONTAINING_RECORD(link, struct ks_object, sibling)->public;
}

PVOID NTAPI KsGetParent(PVOID Object)
{
    struct ks_object *object = ks_object_of(Object);

    return object->parent != NULL ? object->parent->public : NULL;
}

PVOID NTAPI KsGetFirstChild(PVOID Object)
{
    struct ks_object *object = ks_object_of(Object);

    return object_at(&object->children, object->children.Flink);
}

PVOID NTAPI KsGetNextSibling(PVOID Object)
{
    struct ks_object *object = ks_object_of(Object);

    if (object->parent == NULL)
        return NULL;
    return object_at(&object->parent->children, object->sibling.Flink);
}

PKSDEVICE NTAPI KsGetDevice(PVOID Object)
{
    return &ks_object_of(Object)->device->public;
}

PKSFILTER NTAPI KsPinGetParentFilter(PKSPIN Pin)
{
    return &ks_pin_of(Pin)->filter->public;
}

/* The first pin with this id among link and what follows it. */
static PKSPIN pin_with_id(PLIST_ENTRY head, PLIST_ENTRY link, ULONG id)
{
    for (; link != head; link = link->Flink) {
        PKSPIN pin = CONTAINING_RECORD(link, struct ks_object, sibling)->public;

        if (pin->Id == id)
            return pin;
    }
    return NULL;
}

PKSPIN NTAPI KsFilterGetFirstChildPin(PKSFILTER Filter, ULONG PinId)
{
    struct ks_object *filter = ks_object_of_type(Filter, KsObjectTypeFilter);

    return pin_with_id(&filter->children, filter->children.Flink, PinId);
}

PKSPIN NTAPI KsPinGetNextSiblingPin(PKSPIN Pin)
{
    struct ks_object *pin = ks_object_of_type(Pin, KsObjectTypePin);

    return pin_with_id(&pin->parent->children, pin->sibling.Flink, Pin->Id);
}

ULONG NTAPI KsFilterGetChildPinCount(PKSFILTER Filter, ULONG PinId)
{
    ULONG count = 0;

    for (PKSPIN pin = KsFilterGetFirstChildPin(Filter, PinId); pin != NULL;
         pin = KsPinGetNextSiblingPin(pin))
        count++;
    return count;
}
