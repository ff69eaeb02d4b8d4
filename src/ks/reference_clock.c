/* SPDX-License-Identifier: MIT */
/* IKsReferenceClock, as KsPinGetReferenceClockInterface hands it out: time from the master clock's
 * function table, or from the pin's own clock. The driver releases it, normally on ACQUIRE->STOP;
 * the clock behind it stays that long. Callable up to DISPATCH_LEVEL, since drivers stamp frames in
 * DPCs. IKsReferenceClock and the pages of its methods. */
#include "ks/clock.h"
#include "ks/pin.h"
#include "ks/room.h"

/* What a driver holds. */
struct reference_clock {
    PVOID *vtable; /* first */
    LONG references;
    struct ks_default_clock *own; /* NULL when there is a master */
    PFILE_OBJECT master;
    KSCLOCK_FUNCTIONTABLE functions;
};

static ULONG NTAPI add_ref(struct reference_clock *This)
{
    return (ULONG)InterlockedIncrement(&This->references);
}

static ULONG NTAPI release(struct reference_clock *This)
{
    LONG left = InterlockedDecrement(&This->references);

    if (left != 0)
        return (ULONG)left;
    if (This->master != NULL)
        ObDereferenceObjectDeferDelete(This->master); /* we may be in SetDeviceState; see clock.c */
    ks_default_clock_unref(This->own);
    ks_free(This);
    return 0;
}

static NTSTATUS NTAPI query_interface(struct reference_clock *This, REFIID InterfaceId,
                                      PVOID *Interface)
{
    if (!IsEqualGUID(InterfaceId, &IID_IUnknown) &&
        !IsEqualGUID(InterfaceId, &IID_IKsReferenceClock))
        return STATUS_NOINTERFACE;
    add_ref(This);
    *Interface = This;
    return STATUS_SUCCESS;
}

static LONGLONG NTAPI get_time(struct reference_clock *This)
{
    if (This->own != NULL)
        return ks_default_clock_time(This->own, NULL);
    return (LONGLONG)KE_CALL(This->functions.GetTime, KE_ARG(This->master));
}

static LONGLONG NTAPI get_physical_time(struct reference_clock *This)
{
    if (This->own != NULL)
        return ks_default_clock_physical(This->own, NULL);
    return (LONGLONG)KE_CALL(This->functions.GetPhysicalTime, KE_ARG(This->master));
}

static LONGLONG NTAPI get_correlated_time(struct reference_clock *This, PLONGLONG SystemTime)
{
    if (This->own != NULL)
        return ks_default_clock_time(This->own, SystemTime);
    return (LONGLONG)KE_CALL(This->functions.GetCorrelatedTime, KE_ARG(This->master),
                             KE_ARG(SystemTime));
}

static LONGLONG NTAPI get_correlated_physical_time(struct reference_clock *This,
                                                   PLONGLONG SystemTime)
{
    if (This->own != NULL)
        return ks_default_clock_physical(This->own, SystemTime);
    return (LONGLONG)KE_CALL(This->functions.GetCorrelatedPhysicalTime, KE_ARG(This->master),
                             KE_ARG(SystemTime));
}

/* The function table has times only: these ask the clock's file. PASSIVE_LEVEL. */
static NTSTATUS NTAPI get_resolution(struct reference_clock *This, PKSRESOLUTION Resolution)
{
    if (This->own == NULL)
        return ks_clock_ask(This->master, KSPROPERTY_CLOCK_RESOLUTION, Resolution,
                            sizeof *Resolution);
    *Resolution = This->own->resolution;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_state(struct reference_clock *This, KSSTATE *State)
{
    if (This->own == NULL)
        return ks_clock_ask(This->master, KSPROPERTY_CLOCK_STATE, State, sizeof *State);
    *State = This->own->state;
    return STATUS_SUCCESS;
}

NTSTATUS ks_clock_make_vtable(struct ks *room)
{
    static const struct {
        const void *function;
        const char *name;
    } slots[] = {
        {(const void *)query_interface, "IKsReferenceClock::QueryInterface"},
        {(const void *)add_ref, "IKsReferenceClock::AddRef"},
        {(const void *)release, "IKsReferenceClock::Release"},
        {(const void *)get_time, "IKsReferenceClock::GetTime"},
        {(const void *)get_physical_time, "IKsReferenceClock::GetPhysicalTime"},
        {(const void *)get_correlated_time, "IKsReferenceClock::GetCorrelatedTime"},
        {(const void *)get_correlated_physical_time,
         "IKsReferenceClock::GetCorrelatedPhysicalTime"},
        {(const void *)get_resolution, "IKsReferenceClock::GetResolution"},
        {(const void *)get_state, "IKsReferenceClock::GetState"},
    };
    PVOID *table;

    if (room->vtables[KS_VTABLE_CLOCK] != NULL)
        return STATUS_SUCCESS;
    table = ks_allocate(ARRAY_LEN(slots) * sizeof *table);
    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < ARRAY_LEN(slots); i++)
        table[i] = ke_thunk(slots[i].function, slots[i].name, 0);
    room->vtables[KS_VTABLE_CLOCK] = table;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsPinGetReferenceClockInterface(PKSPIN Pin, PIKSREFERENCECLOCK *Interface)
{
    struct ks_pin *pin = ks_pin_of(Pin);
    struct reference_clock *clock;

    if (pin->clock.master == NULL && pin->clock.shown == NULL)
        return STATUS_DEVICE_NOT_READY;
    clock = ks_allocate(sizeof *clock);
    if (clock == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    clock->vtable = ks_room()->vtables[KS_VTABLE_CLOCK];
    clock->references = 1;
    if (pin->clock.master != NULL) {
        clock->master = pin->clock.master;
        clock->functions = pin->clock.master_functions;
        ObReferenceObject(clock->master);
    } else {
        clock->own = pin->clock.shown;
        ks_default_clock_ref(clock->own);
    }
    *Interface = (PIKSREFERENCECLOCK)(void *)clock;
    return STATUS_SUCCESS;
}
