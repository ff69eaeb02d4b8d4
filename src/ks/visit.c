/* SPDX-License-Identifier: MIT */
/* Factories in the order of their making, filters and pins in the order of their opening: Device
 * Mutex in AVStream; Filter Control Mutex in AVStream. */
#include "ks/visit.h"

#include "ks/device.h"
#include "ks/factory.h"
#include "ks/filter.h"
#include "ks/pin.h"

static void visit_filter(struct ks_filter *filter, ks_pin_visit *visit)
{
    PLIST_ENTRY head = &filter->object.children;

    ks_mutex_acquire(&filter->control);
    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        visit(ks_pin_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public));
    ks_mutex_release(&filter->control);
}

static void visit_factory(struct ks_factory *factory, ks_pin_visit *visit)
{
    PLIST_ENTRY head = &factory->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        visit_filter(ks_filter_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public),
                     visit);
}

void ks_visit_pins(struct ks_device *device, ks_pin_visit *visit)
{
    PLIST_ENTRY head = &device->object.children;

    KsAcquireDevice(&device->public);
    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        visit_factory(ks_factory_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public),
                      visit);
    KsReleaseDevice(&device->public);
}
