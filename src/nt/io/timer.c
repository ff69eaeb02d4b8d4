/* SPDX-License-Identifier: MIT */
/* The I/O timer: one routine a device, called once a second at DISPATCH_LEVEL while it is started.
 * One timer of the system serves all devices, in the order in which they were created. */
#include "io/state.h"

enum { PERIOD_MS = 1000 };
#define PERIOD_100NS 10000000ll

static void set_system_timer(struct io *io)
{
    LARGE_INTEGER due = {.QuadPart = -PERIOD_100NS};

    KeSetTimerEx(&io->second->timer, due, PERIOD_MS, &io->second->dpc);
}

void NTAPI io_timer_expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct io *io = io_of(ke_current());
    struct io_device *device;
    struct io_device *following;

    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    list_for_each_entry_safe(device, following, &io->devices, link) {
        if (device->timer_running)
            KE_CALL(device->timer_routine, KE_ARG(device->object), KE_ARG(device->timer_context));
    }
}

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT object, PIO_TIMER_ROUTINE routine, PVOID context)
{
    struct io_device *device = io_device_of(io_of(ke_current()), object);

    if (device == NULL)
        return STATUS_INVALID_PARAMETER;
    device->timer_routine = routine;
    device->timer_context = context;
    return STATUS_SUCCESS;
}

void NTAPI IoStartTimer(PDEVICE_OBJECT object)
{
    struct io *io = io_of(ke_current());
    struct io_device *device = io_device_of(io, object);

    if (device == NULL || device->timer_routine == NULL || device->timer_running)
        return;
    device->timer_running = true;
    if (io->timers_running++ == 0)
        set_system_timer(io);
}

void NTAPI IoStopTimer(PDEVICE_OBJECT object)
{
    struct io *io = io_of(ke_current());
    struct io_device *device = io_device_of(io, object);

    if (device == NULL || !device->timer_running)
        return;
    device->timer_running = false;
    if (--io->timers_running == 0)
        KeCancelTimer(&io->second->timer);
}
