/* SPDX-License-Identifier: MIT */
/* A graph has one master clock. A client opens a clock on a pin that implements one and gives its
 * handle to KSPROPERTY_STREAM_MASTERCLOCK of other pins, in STOP. Drivers stamp frames with the
 * clock that KsPinGetReferenceClockInterface gives them (reference_clock.c): the master, else the
 * pin's own, else none. AVStream Clocks; KSPROPERTY_STREAM_MASTERCLOCK;
 * KSPROPERTY_CLOCK_FUNCTIONTABLE.
 * UNDOC: reading MASTERCLOCK. It succeeds with a NULL handle; the
 * status tells of support. */
#include "ks/clock.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/clock_marks.h"
#include "ks/device.h"
#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/filter.h"
#include "ks/handlers.h"
#include "ks/pin.h"
#include "ks/room.h"

/* A clock that a client has opened on a pin. */
struct clock_file {
    struct ks_file file; /* first */
    struct ks_default_clock *clock;
};

/* ---- The pin's clock ------------------------------------------------------------------------- */

static void use_driver_functions(struct ks_pin *pin, const KSCLOCK_DISPATCH *dispatch)
{
    struct ks_default_clock *clock = pin->clock.shown;

    clock->context = &pin->public;
    clock->pin_semantics = true;
    clock->correlated_time = (PFNKSCORRELATEDTIME)(void (*)(void))dispatch->CorrelatedTime;
    clock->set_timer = (PFNKSSETTIMER)(void (*)(void))dispatch->SetTimer;
    clock->cancel_timer = (PFNKSCANCELTIMER)(void (*)(void))dispatch->CancelTimer;
    if (dispatch->Resolution != NULL)
        KE_CALL(dispatch->Resolution, KE_ARG(&pin->public), KE_ARG(&clock->resolution));
}

NTSTATUS ks_pin_clock_init(struct ks_pin *pin)
{
    const KSPIN_DESCRIPTOR_EX *descriptor = pin->public.Descriptor;

    if ((descriptor->Flags & KSPIN_FLAG_IMPLEMENT_CLOCK) == 0)
        return STATUS_SUCCESS;
    pin->clock.shown = ks_default_clock_create();
    if (pin->clock.shown == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (descriptor->Dispatch != NULL && descriptor->Dispatch->Clock != NULL)
        use_driver_functions(pin, descriptor->Dispatch->Clock);
    return STATUS_SUCCESS;
}

PFILE_OBJECT ks_pin_clock_take_master(struct ks_pin *pin)
{
    PFILE_OBJECT master = pin->clock.master;

    pin->clock.master = NULL;
    return master;
}

void ks_clock_drop_master(PFILE_OBJECT master)
{
    if (master != NULL)
        ObDereferenceObject(master);
}

void ks_pin_clock_fini(struct ks_pin *pin)
{
    weir_assert(pin->clock.master == NULL);
    if (pin->clock.shown != NULL) {
        pin->clock.shown->correlated_time = NULL; /* the pin it takes goes; an open clock stays */
        ks_clock_marks_orphan(pin->clock.shown);
    }
    ks_default_clock_unref(pin->clock.shown);
    pin->clock.shown = NULL;
}

void ks_pin_clock_state(struct ks_pin *pin, KSSTATE state)
{
    if (pin->clock.shown != NULL)
        ks_default_clock_set_state(pin->clock.shown, state);
}

void NTAPI KsPinSetPinClockTime(PKSPIN Pin, LONGLONG Time)
{
    struct ks_pin *pin = ks_pin_of(Pin);

    if (pin->clock.shown != NULL)
        ks_default_clock_set_time(pin->clock.shown, Time);
}

/* ---- Clock files ----------------------------------------------------------------------------- */

/* parent is NULL for a clock that no pin of AVStream shows. */
static NTSTATUS open_clock(struct ks_object *parent, PIRP irp, struct ks_default_clock *shown)
{
    struct clock_file *clock = ks_allocate(sizeof *clock);

    if (clock == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_file_init(&clock->file, KS_FILE_CLOCK, parent, irp);
    clock->clock = shown;
    clock->file.events = &shown->marks;
    ks_default_clock_ref(shown);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsCreateDefaultClock(PIRP Irp, PKSDEFAULTCLOCK DefaultClock)
{
    return open_clock(NULL, Irp, ks_default_clock_of(DefaultClock));
}

NTSTATUS ks_clock_create(struct ks_pin *pin, PIRP irp, const void *parameters, ULONG bytes)
{
    KSCLOCK_CREATE create;

    if (bytes < sizeof create)
        return STATUS_INVALID_PARAMETER;
    memcpy(&create, parameters, sizeof create);
    if (create.CreateFlags != 0)
        return STATUS_INVALID_PARAMETER;
    if (pin->clock.shown == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return open_clock(&pin->object, irp, pin->clock.shown);
}

void ks_clock_close(struct ks_file *file, PIRP irp)
{
    struct clock_file *clock = (struct clock_file *)file;

    ks_events_free(file->events, IoGetCurrentIrpStackLocation(irp)->FileObject);
    ks_clock_marks_update(clock->clock);
    IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext = NULL;
    ks_default_clock_unref(clock->clock);
    ks_file_fini(file);
    ks_free(clock);
}

static struct ks_default_clock *clock_of_file(PFILE_OBJECT file_object)
{
    struct ks_file *file = ks_file_of(file_object);

    if (file == NULL || file->kind != KS_FILE_CLOCK)
        ks_not_an_object(file_object);
    return ((struct clock_file *)file)->clock;
}

struct ks_default_clock *ks_clock_of_irp(PIRP irp)
{
    return clock_of_file(IoGetCurrentIrpStackLocation(irp)->FileObject);
}

/* ---- KSPROPSETID_Clock ----------------------------------------------------------------------- */

NTSTATUS NTAPI ks_get_clock_time(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    LONGLONG time = ks_default_clock_time(ks_clock_of_irp(Irp), NULL);

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &time, sizeof time);
}

NTSTATUS NTAPI ks_get_clock_physical_time(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    LONGLONG time = ks_default_clock_physical(ks_clock_of_irp(Irp), NULL);

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &time, sizeof time);
}

NTSTATUS NTAPI ks_get_clock_correlated_time(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSCORRELATED_TIME pair;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    pair.Time = ks_default_clock_time(ks_clock_of_irp(Irp), &pair.SystemTime);
    return ks_answer(Irp, &pair, sizeof pair);
}

NTSTATUS NTAPI ks_get_clock_correlated_physical_time(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSCORRELATED_TIME pair;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    pair.Time = ks_default_clock_physical(ks_clock_of_irp(Irp), &pair.SystemTime);
    return ks_answer(Irp, &pair, sizeof pair);
}

NTSTATUS NTAPI ks_get_clock_resolution(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &ks_clock_of_irp(Irp)->resolution, sizeof(KSRESOLUTION));
}

NTSTATUS NTAPI ks_get_clock_state(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &ks_clock_of_irp(Irp)->state, sizeof(KSSTATE));
}

static LONGLONG FASTCALL file_time(PFILE_OBJECT FileObject)
{
    return ks_default_clock_time(clock_of_file(FileObject), NULL);
}

static LONGLONG FASTCALL file_physical_time(PFILE_OBJECT FileObject)
{
    return ks_default_clock_physical(clock_of_file(FileObject), NULL);
}

static LONGLONG FASTCALL file_correlated_time(PFILE_OBJECT FileObject, PLONGLONG SystemTime)
{
    return ks_default_clock_time(clock_of_file(FileObject), SystemTime);
}

static LONGLONG FASTCALL file_correlated_physical_time(PFILE_OBJECT FileObject,
                                                       PLONGLONG SystemTime)
{
    return ks_default_clock_physical(clock_of_file(FileObject), SystemTime);
}

static void fill_functions(KSCLOCK_FUNCTIONTABLE *table)
{
    table->GetTime = ke_thunk((const void *)file_time, "KsClockGetTime", 0);
    table->GetPhysicalTime =
        ke_thunk((const void *)file_physical_time, "KsClockGetPhysicalTime", 0);
    table->GetCorrelatedTime =
        ke_thunk((const void *)file_correlated_time, "KsClockGetCorrelatedTime", 0);
    table->GetCorrelatedPhysicalTime = ke_thunk((const void *)file_correlated_physical_time,
                                                "KsClockGetCorrelatedPhysicalTime", 0);
}

NTSTATUS NTAPI ks_get_clock_functions(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSCLOCK_FUNCTIONTABLE table;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (Irp->RequestorMode != KernelMode)
        return STATUS_INVALID_DEVICE_REQUEST;
    fill_functions(&table);
    return ks_answer(Irp, &table, sizeof table);
}

static const KSPROPERTY_ITEM clock_items[] = {
    KS_GET(KSPROPERTY_CLOCK_TIME, ks_get_clock_time, sizeof(KSPROPERTY), sizeof(LONGLONG)),
    KS_GET(KSPROPERTY_CLOCK_PHYSICALTIME, ks_get_clock_physical_time, sizeof(KSPROPERTY),
           sizeof(LONGLONG)),
    KS_GET(KSPROPERTY_CLOCK_CORRELATEDTIME, ks_get_clock_correlated_time, sizeof(KSPROPERTY),
           sizeof(KSCORRELATED_TIME)),
    KS_GET(KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME, ks_get_clock_correlated_physical_time,
           sizeof(KSPROPERTY), sizeof(KSCORRELATED_TIME)),
    KS_GET(KSPROPERTY_CLOCK_RESOLUTION, ks_get_clock_resolution, sizeof(KSPROPERTY),
           sizeof(KSRESOLUTION)),
    KS_GET(KSPROPERTY_CLOCK_STATE, ks_get_clock_state, sizeof(KSPROPERTY), sizeof(KSSTATE)),
    KS_GET(KSPROPERTY_CLOCK_FUNCTIONTABLE, ks_get_clock_functions, sizeof(KSPROPERTY),
           sizeof(KSCLOCK_FUNCTIONTABLE)),
};

static const KSPROPERTY_SET clock_sets[] = {
    {&KSPROPSETID_Clock, ARRAY_LEN(clock_items), clock_items, 0, NULL},
};

static const KSEVENT_ITEM clock_events[] = {
    {.EventId = KSEVENT_CLOCK_INTERVAL_MARK, .DataInput = sizeof(KSEVENT_TIME_INTERVAL),
     .AddHandler = (PFNKSADDEVENT)(void (*)(void))KsiDefaultClockAddMarkEvent},
    {.EventId = KSEVENT_CLOCK_POSITION_MARK, .DataInput = sizeof(KSEVENT_TIME_MARK),
     .AddHandler = (PFNKSADDEVENT)(void (*)(void))KsiDefaultClockAddMarkEvent},
};

static const KSEVENT_SET clock_event_sets[] = {
    {&KSEVENTSETID_Clock, ARRAY_LEN(clock_events), clock_events},
};

const KSAUTOMATION_TABLE ks_clock_table = {
    .PropertySetsCount = ARRAY_LEN(clock_sets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = clock_sets,
    .EventSetsCount = ARRAY_LEN(clock_event_sets),
    .EventItemSize = sizeof(KSEVENT_ITEM),
    .EventSets = clock_event_sets,
};

/* The same handlers under the names by which drivers of KS1 style put them into tables of their
 * own. */
NTSTATUS NTAPI KsiPropertyDefaultClockGetTime(PIRP Irp, PKSPROPERTY Property, PLONGLONG Time)
{
    return ks_get_clock_time(Irp, Property, Time);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetPhysicalTime(PIRP Irp, PKSPROPERTY Property,
                                                      PLONGLONG Time)
{
    return ks_get_clock_physical_time(Irp, Property, Time);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetCorrelatedTime(PIRP Irp, PKSPROPERTY Property,
                                                        PKSCORRELATED_TIME Time)
{
    return ks_get_clock_correlated_time(Irp, Property, Time);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetCorrelatedPhysicalTime(PIRP Irp, PKSPROPERTY Property,
                                                                PKSCORRELATED_TIME Time)
{
    return ks_get_clock_correlated_physical_time(Irp, Property, Time);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetResolution(PIRP Irp, PKSPROPERTY Property,
                                                    PKSRESOLUTION Resolution)
{
    return ks_get_clock_resolution(Irp, Property, Resolution);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetState(PIRP Irp, PKSPROPERTY Property, KSSTATE *State)
{
    return ks_get_clock_state(Irp, Property, State);
}

NTSTATUS NTAPI KsiPropertyDefaultClockGetFunctionTable(PIRP Irp, PKSPROPERTY Property,
                                                       PKSCLOCK_FUNCTIONTABLE FunctionTable)
{
    return ks_get_clock_functions(Irp, Property, FunctionTable);
}

/* ---- The master clock ------------------------------------------------------------------------ */

/* The request's buffers lie in the pool, as any driver's would. */
NTSTATUS ks_clock_ask(PFILE_OBJECT clock, ULONG id, PVOID answer, ULONG bytes)
{
    KSPROPERTY *property = ks_allocate(sizeof *property + bytes);
    ULONG returned;
    NTSTATUS status;

    if (property == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    property->Set = KSPROPSETID_Clock;
    property->Id = id;
    property->Flags = KSPROPERTY_TYPE_GET;
    status = KsSynchronousIoControlDevice(clock, KernelMode, IOCTL_KS_PROPERTY, property,
                                          sizeof *property, property + 1, bytes, &returned);
    if (NT_SUCCESS(status))
        memcpy(answer, property + 1, bytes);
    ks_free(property);
    return status;
}

static NTSTATUS functions_of(PFILE_OBJECT clock, KSCLOCK_FUNCTIONTABLE *table)
{
    struct ks_file *file = ks_file_of(clock);

    if (file != NULL && file->kind == KS_FILE_CLOCK) {
        fill_functions(table);
        return STATUS_SUCCESS;
    }
    return ks_clock_ask(clock, KSPROPERTY_CLOCK_FUNCTIONTABLE, table, sizeof *table);
}

/* old: what the pin followed until now, to be dropped when no mutex is held. */
static NTSTATUS follow(struct ks_pin *pin, HANDLE handle, KPROCESSOR_MODE mode, PFILE_OBJECT *old)
{
    KSCLOCK_FUNCTIONTABLE functions;
    PFILE_OBJECT clock;
    NTSTATUS status;

    if (pin->public.ClientState != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    if (handle == NULL) {
        *old = ks_pin_clock_take_master(pin);
        return STATUS_SUCCESS;
    }
    status = ObReferenceObjectByHandle(handle, FILE_READ_DATA, *IoFileObjectType, mode,
                                       (PVOID *)&clock, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = functions_of(clock, &functions);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(clock);
        return status;
    }
    *old = ks_pin_clock_take_master(pin);
    pin->clock.master = clock;
    pin->clock.master_functions = functions;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ks_set_master_clock(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    struct ks_pin *pin = ks_pin_of(KsGetPinFromIrp(Irp));
    PFILE_OBJECT old = NULL;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Request);
    ks_mutex_acquire(&pin->filter->control);
    status = follow(pin, *(HANDLE *)Data, Irp->RequestorMode, &old);
    ks_mutex_release(&pin->filter->control);
    ks_clock_drop_master(old);
    return status;
}

NTSTATUS NTAPI ks_get_master_clock(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    HANDLE none = NULL;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return ks_answer(Irp, &none, sizeof none);
}
