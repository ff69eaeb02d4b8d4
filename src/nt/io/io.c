/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <errno.h>
#include <stdlib.h>

#include "io/state.h"
#include "rtl/rtl.h"

static const uint64_t io_magic = 0x7765697220696f00u;

/* Our functions whose addresses end up in IRPs, driver objects and DPCs. */
static void make_thunks(struct io *io)
{
    io->invalid_request = ke_thunk(io_invalid_request, "IopInvalidDeviceRequest", 0);
    io->signal_completion = ke_thunk(io_signal_completion, "IopSignalCompletion", 0);
    io->run_work_item = ke_thunk(io_run_work_item, "IopRunWorkItem", 0);
    io->timer_expired = ke_thunk(io_timer_expired, "IopTimerExpired", 0);
    io->csq_cancel = ke_thunk(io_csq_cancel, "IopCsqCancel", 0);
}

int io_create(struct ke *ke, struct io **out)
{
    static const WCHAR database[] = u"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM";
    struct io *io = calloc(1, sizeof *io);

    if (io == NULL)
        return -ENOMEM;
    io->magic = io_magic;
    io->ke = ke;
    io->mm = mm_of(ke);
    io->ob = ob_of(ke);
    list_init(&io->drivers);
    list_init(&io->devices);
    list_init(&io->nodes);
    list_init(&io->interfaces);
    list_init(&io->notifications);
    list_init(&io->shutdown);
    KeInitializeSpinLock(&io->cancel_lock);
    io->second = ExAllocatePoolWithTag(NonPagedPool, sizeof *io->second, IO_TAG_BUFFER);
    if (io->second == NULL ||
        !NT_SUCCESS(rtl_string_create(database, ARRAY_LEN(database) - 1, IO_TAG_DRIVER,
                                      &io->hardware_database))) {
        free(io);
        return -ENOMEM;
    }
    ke_set_room(ke, KE_ROOM_IO, io);
    make_thunks(io);
    KeInitializeTimer(&io->second->timer);
    KeInitializeDpc(&io->second->dpc, io->timer_expired, NULL);
    *out = io;
    return 0;
}

/* Events of those who send a request and wait for it. They lie in pool, because their addresses
 * stand in IRPs that drivers read. */
PKEVENT io_event_take(struct io *io)
{
    PKEVENT event;

    if (io->events.count != 0)
        event = array_pop(&io->events);
    else
        event = ExAllocatePoolWithTag(NonPagedPool, sizeof *event, IO_TAG_BUFFER);
    if (event != NULL)
        KeInitializeEvent(event, NotificationEvent, FALSE);
    return event;
}

void io_event_give(struct io *io, PKEVENT event)
{
    if (array_push(&io->events, event) != 0)
        ExFreePoolWithTag(event, IO_TAG_BUFFER);
}

static void free_nodes(struct list_node *head)
{
    struct list_node *node;

    while ((node = list_pop_head(head)) != NULL)
        free(node); /* the link is first in each of these */
}

void io_destroy(struct io *io)
{
    struct list_node *node;
    struct list_node *following;

    if (io == NULL)
        return;
    weir_assert(io->magic == io_magic);
    io_notifications_fini(io);
    io_interfaces_fini(io);
    io_nodes_fini(io);
    io_irps_fini(io);
    array_fini(&io->interrupts);
    array_fini(&io->queued_work);
    free_nodes(&io->shutdown);
    /* What is left of devices and drivers belongs to a machine that stopped in the middle. */
    list_for_each_safe(node, following, &io->devices)
        free(list_entry(node, struct io_device, link));
    list_for_each_safe(node, following, &io->drivers) {
        struct io_driver *driver = list_entry(node, struct io_driver, link);

        free(driver->name);
        free(driver);
    }
    array_fini(&io->events); /* their memory goes with mm */
    ke_set_room(io->ke, KE_ROOM_IO, NULL);
    io->magic = 0;
    free(io);
}

struct io *io_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_IO);
}

void io_set_pnp_ops(struct io *io, const struct io_pnp_ops *ops, void *ctx)
{
    io->pnp_ops = ops;
    io->pnp_ctx = ctx;
}
