/* SPDX-License-Identifier: MIT */
/* Executive resources: many readers or one writer. Who owns and who waits is kept beside the
 * ERESOURCE; its public fields are kept true for those who look.
 * A released resource goes to waiters by hand: the last reader gives it to the first writer, a
 * writer gives it to all readers that wait, else to the next writer. New readers queue behind a
 * waiting writer unless they own the resource already or asked to starve writers.
 * "Introduction to ERESOURCE Routines". Releasing what one does not own is bug check 0xE3.
 * Not here: priority boosts. */
#include <stdlib.h>

#include "ex/ex.h"
#include "ex/state.h"

enum { RESOURCE_NOT_OWNED = 0xE3, OWNED_EXCLUSIVE = 0x80 };

struct owner {
    ERESOURCE_THREAD thread;
    ULONG count;
};

/* On the stack of the thread that waits. */
struct waiter {
    struct list_node link;
    ERESOURCE_THREAD thread;
    bool exclusive;
    KEVENT granted;
};

struct resource {
    PERESOURCE public;
    struct list_node link;
    bool exclusive;
    ARRAY(struct owner) owners;
    struct list_node waiters; /* oldest first */
};

static struct resource *find(PERESOURCE public)
{
    struct resource *resource = map_get(&ex_of(ke_current())->resources, KE_ARG(public));

    if (resource == NULL)
        ke_bug_check(RESOURCE_NOT_OWNED, KE_ARG(public), KE_ARG(KeGetCurrentThread()), 0, 0);
    return resource;
}

static ERESOURCE_THREAD self(void)
{
    return (ERESOURCE_THREAD)KeGetCurrentThread();
}

static struct owner *owner_of(struct resource *resource, ERESOURCE_THREAD thread)
{
    struct owner *owner;

    array_for_each(owner, &resource->owners) {
        if (owner->thread == thread)
            return owner;
    }
    return NULL;
}

static void show(struct resource *resource)
{
    PERESOURCE public = resource->public;
    struct list_node *node;

    public->NumberOfSharedWaiters = 0;
    public->NumberOfExclusiveWaiters = 0;
    list_for_each(node, &resource->waiters) {
        if (list_entry(node, struct waiter, link)->exclusive)
            public->NumberOfExclusiveWaiters++;
        else
            public->NumberOfSharedWaiters++;
    }
    public->Flag = resource->exclusive ? OWNED_EXCLUSIVE : 0;
    public->ActiveEntries = (ULONG)resource->owners.count;
    public->ActiveCount = (SHORT)(resource->owners.count != 0);
    public->OwnerEntry.OwnerThread = resource->owners.count ? resource->owners.items[0].thread : 0;
    public->OwnerEntry.OwnerCount = resource->owners.count ? resource->owners.items[0].count : 0;
}

static void grant(struct resource *resource, ERESOURCE_THREAD thread, bool exclusive)
{
    struct owner *owner = owner_of(resource, thread);

    resource->exclusive = exclusive;
    if (owner != NULL)
        owner->count++;
    else
        weir_assert(array_push(&resource->owners, ((struct owner){thread, 1})) == 0);
}

static void wake(struct resource *resource, struct waiter *waiter)
{
    list_remove(&waiter->link);
    grant(resource, waiter->thread, waiter->exclusive);
    KeSetEvent(&waiter->granted, EVENT_INCREMENT, FALSE);
}

static struct waiter *first_waiter(struct resource *resource, bool exclusive)
{
    struct list_node *node;

    list_for_each(node, &resource->waiters) {
        if (list_entry(node, struct waiter, link)->exclusive == exclusive)
            return list_entry(node, struct waiter, link);
    }
    return NULL;
}

/* Nobody owns it any more, or readers do who may be joined. */
static void pass_on(struct resource *resource, bool was_exclusive)
{
    struct waiter *reader = first_waiter(resource, false);
    struct waiter *writer = first_waiter(resource, true);

    if (writer != NULL && (!was_exclusive || reader == NULL)) {
        wake(resource, writer);
        return;
    }
    for (; reader != NULL; reader = first_waiter(resource, false))
        wake(resource, reader);
}

static void wait_for(struct resource *resource, bool exclusive)
{
    struct waiter waiter = {.thread = self(), .exclusive = exclusive};

    resource->public->ContentionCount++;
    KeInitializeEvent(&waiter.granted, NotificationEvent, FALSE);
    list_insert_tail(&resource->waiters, &waiter.link);
    show(resource);
    KeWaitForSingleObject(&waiter.granted, WrResource, KernelMode, FALSE, NULL);
}

/* ---- Life ------------------------------------------------------------------------------------ */

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE public)
{
    struct ex *ex = ex_of(ke_current());
    struct resource *resource = calloc(1, sizeof *resource);

    if (resource == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExDeleteResourceLite(public);
    if (map_set(&ex->resources, KE_ARG(public), resource) != 0) {
        free(resource);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list_init(&resource->waiters);
    list_insert_tail(&ex->resource_list, &resource->link);
    resource->public = public;
    __builtin_memset(public, 0, sizeof *public);
    InitializeListHead(&public->SystemResourcesList);
    show(resource);
    return STATUS_SUCCESS;
}

static void resource_free(struct resource *resource)
{
    list_remove(&resource->link);
    array_fini(&resource->owners);
    free(resource);
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE public)
{
    struct resource *resource = map_remove(&ex_of(ke_current())->resources, KE_ARG(public));

    if (resource != NULL)
        resource_free(resource);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE public)
{
    struct resource *resource = find(public);

    array_clear(&resource->owners);
    resource->exclusive = false;
    public->ContentionCount = 0;
    show(resource);
    return STATUS_SUCCESS;
}

void ex_resources_fini(struct ex *ex)
{
    struct list_node *node;

    while ((node = list_first(&ex->resource_list)) != NULL)
        resource_free(list_entry(node, struct resource, link));
    map_fini(&ex->resources);
}

/* ---- Taking ---------------------------------------------------------------------------------- */

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE public, BOOLEAN wait)
{
    struct resource *resource = find(public);

    if (resource->owners.count == 0 ||
        (resource->exclusive && owner_of(resource, self()) != NULL))
        grant(resource, self(), true);
    else if (wait)
        wait_for(resource, true);
    else
        return FALSE;
    show(resource);
    return TRUE;
}

enum { BEHIND_WRITERS, STARVE_WRITERS, BEHIND_WRITERS_ALWAYS };

static BOOLEAN acquire_shared(PERESOURCE public, BOOLEAN wait, int manner)
{
    struct resource *resource = find(public);
    bool mine = owner_of(resource, self()) != NULL;
    bool writer_waits = first_waiter(resource, true) != NULL;
    bool joinable = !resource->exclusive || mine;

    if (manner == BEHIND_WRITERS && writer_waits && !mine)
        joinable = false;
    if (manner == BEHIND_WRITERS_ALWAYS && writer_waits && !(mine && resource->exclusive))
        joinable = false;
    if (resource->owners.count == 0 || joinable)
        grant(resource, self(), resource->owners.count != 0 && resource->exclusive);
    else if (wait)
        wait_for(resource, false);
    else
        return FALSE;
    show(resource);
    return TRUE;
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE public, BOOLEAN wait)
{
    return acquire_shared(public, wait, BEHIND_WRITERS);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE public, BOOLEAN wait)
{
    return acquire_shared(public, wait, STARVE_WRITERS);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE public, BOOLEAN wait)
{
    return acquire_shared(public, wait, BEHIND_WRITERS_ALWAYS);
}

/* ---- Giving back ----------------------------------------------------------------------------- */

void NTAPI ExReleaseResourceForThreadLite(PERESOURCE public, ERESOURCE_THREAD thread)
{
    struct resource *resource = find(public);
    struct owner *owner = owner_of(resource, thread);
    bool was_exclusive = resource->exclusive;

    if (owner == NULL)
        ke_bug_check(RESOURCE_NOT_OWNED, KE_ARG(public), thread, 0, 0);
    if (--owner->count == 0)
        array_remove_at(&resource->owners, (size_t)(owner - resource->owners.items));
    if (resource->owners.count == 0) {
        resource->exclusive = false;
        pass_on(resource, was_exclusive);
    }
    show(resource);
}

void NTAPI ExReleaseResourceLite(PERESOURCE public)
{
    ExReleaseResourceForThreadLite(public, self());
}

void NTAPI ExConvertExclusiveToSharedLite(PERESOURCE public)
{
    struct resource *resource = find(public);
    struct waiter *reader;

    resource->exclusive = false;
    while ((reader = first_waiter(resource, false)) != NULL)
        wake(resource, reader);
    show(resource);
}

void NTAPI ExSetResourceOwnerPointer(PERESOURCE public, PVOID owner_pointer)
{
    struct owner *owner = owner_of(find(public), self());

    if (owner != NULL)
        owner->thread = (ERESOURCE_THREAD)owner_pointer;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE public)
{
    struct resource *resource = find(public);

    return resource->exclusive && owner_of(resource, self()) != NULL;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE public)
{
    struct owner *owner = owner_of(find(public), self());

    return owner != NULL ? owner->count : 0;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE public)
{
    return public->NumberOfExclusiveWaiters;
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE public)
{
    return public->NumberOfSharedWaiters;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE public)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(public, TRUE);
    return NULL;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE public)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(public, TRUE);
    return NULL;
}

void NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE public)
{
    ExReleaseResourceLite(public);
    KeLeaveCriticalRegion();
}
