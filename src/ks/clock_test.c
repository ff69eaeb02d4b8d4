/* SPDX-License-Identifier: MIT */
/* Clocks as clients ask them, and as drivers make them: the properties of a clock's file, events of
 * its time, clocks of a driver's own, and drivers' timers and time bases. */
#include "ks/ks_world.h"

static const struct world_config shows_clock = {.windows = KE_WINDOWS_10,
                                                .pin_flags = KSPIN_FLAG_IMPLEMENT_CLOCK};

enum { MS = 10000 /* in 100 ns */ };

/* ---- Files ----------------------------------------------------------------------------------- */

static PFILE_OBJECT open_pin_clock(void)
{
    static const WCHAR class[] = KSSTRING_Clock u"\\\0";
    UNICODE_STRING name = {.Buffer = (PWCH)(ULONG_PTR) class, .Length = sizeof class};
    PFILE_OBJECT file;

    assert_int_equal(io_file_open(world->io, world->pin_file, &name, FILE_READ_DATA, &file),
                     STATUS_SUCCESS);
    return file;
}

static NTSTATUS ask(PFILE_OBJECT clock, ULONG id, void *value, ULONG bytes)
{
    KSPROPERTY request = {{{KSPROPSETID_Clock, id, KSPROPERTY_TYPE_GET}}};

    return world_property(clock, &request, sizeof request, value, bytes, NULL);
}

static LONGLONG time_of(PFILE_OBJECT clock)
{
    LONGLONG time;

    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_TIME, &time, sizeof time), STATUS_SUCCESS);
    return time;
}

static void properties(void)
{
    KSPROPERTY request = {{{KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, KSPROPERTY_TYPE_SET}}};
    LONGLONG physical, later, time;
    KSCLOCK_FUNCTIONTABLE table;
    KSCORRELATED_TIME pair;
    KSRESOLUTION resolution;
    PFILE_OBJECT clock;
    KSSTATE state;

    world_begin();
    clock = open_pin_clock();
    assert_int_equal(time_of(clock), 0);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_PHYSICALTIME, &physical, sizeof physical),
                     STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(20);
    assert_in_range(time_of(clock), 19 * MS, 25 * MS);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_PHYSICALTIME, &later, sizeof later),
                     STATUS_SUCCESS);
    assert_true(later - physical >= 20 * MS);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_CORRELATEDTIME, &pair, sizeof pair),
                     STATUS_SUCCESS);
    time = pair.Time;
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME, &pair, sizeof pair),
                     STATUS_SUCCESS);
    assert_int_equal(pair.Time, pair.SystemTime); /* the counter is its time base */
    assert_in_range(pair.Time - time, physical - MS, physical + MS);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_RESOLUTION, &resolution, sizeof resolution),
                     STATUS_SUCCESS);
    assert_int_equal(resolution.Granularity, 1);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_STATE, &state, sizeof state), STATUS_SUCCESS);
    assert_int_equal(state, KSSTATE_RUN);
    /* Addresses of kernel functions are not for applications. */
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_FUNCTIONTABLE, &table, sizeof table),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_TIME, &time, 4), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(ask(clock, 77, &time, sizeof time), STATUS_NOT_FOUND);
    assert_int_equal(world_property(clock, &request, sizeof request, &time, sizeof time, NULL),
                     STATUS_NOT_FOUND);
    io_file_close(clock);
    world_end();
}

static void a_clocks_file_tells_time_state_and_resolution(void **state)
{
    (void)state;
    world_live(&shows_clock, properties);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static struct {
    PKEVENT event;
    HANDLE handle;
    uint64_t va; /* of the request; the event data behind it */
} mark;

enum { DATA_OFFSET = 64 };

static void begin_marks(void)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, u"\\BaseNamedObjects\\KsTest");
    mark.event = IoCreateSynchronizationEvent(&name, &mark.handle);
    assert_non_null(mark.event);
    KeClearEvent(mark.event);
    assert_int_equal(mm_user_allocate(world->mm, 4096, 0, &mark.va), 0);
}

static void end_marks(void)
{
    ZwClose(mark.handle);
    mm_user_free(world->mm, mark.va);
}

static NTSTATUS enable(PFILE_OBJECT clock, ULONG id, LONGLONG time, LONGLONG interval, ULONG bytes)
{
    KSEVENT request = {{{KSEVENTSETID_Clock, id, KSEVENT_TYPE_ENABLE}}};
    KSEVENT_TIME_INTERVAL data = {.EventData = {.NotificationType = KSEVENTF_EVENT_HANDLE,
                                                .EventHandle = {.Event = mark.handle}},
                                  .TimeBase = time,
                                  .Interval = interval};
    ULONG_PTR information;

    assert_true(mm_copy_to_va(world->mm, mark.va, &request, sizeof request));
    assert_true(mm_copy_to_va(world->mm, mark.va + DATA_OFFSET, &data, sizeof data));
    return io_file_control_wait(clock, IOCTL_KS_ENABLE_EVENT, mark.va, sizeof request,
                                mark.va + DATA_OFFSET, bytes, &information);
}

static NTSTATUS enable_position(PFILE_OBJECT clock, LONGLONG time)
{
    return enable(clock, KSEVENT_CLOCK_POSITION_MARK, time, 0, sizeof(KSEVENT_TIME_MARK));
}

static NTSTATUS disable(PFILE_OBJECT clock)
{
    ULONG_PTR information;

    return io_file_control_wait(clock, IOCTL_KS_DISABLE_EVENT, mark.va + DATA_OFFSET,
                                sizeof(KSEVENTDATA), 0, 0, &information);
}

/* The event is a synchronization event: reading it takes it. */
static bool told(void)
{
    bool is = KeReadStateEvent(mark.event) != 0;

    KeClearEvent(mark.event);
    return is;
}

static void position_marks(void)
{
    PFILE_OBJECT clock;

    world_begin();
    begin_marks();
    clock = open_pin_clock();
    assert_int_equal(enable_position(clock, 50 * MS), STATUS_SUCCESS);
    sleep_ms(100);
    assert_false(told()); /* the clock does not run */
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(30);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    sleep_ms(100);
    assert_false(told()); /* nor in PAUSE */
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(18);
    assert_false(told());
    sleep_ms(5);
    assert_true(told());
    sleep_ms(100);
    assert_false(told()); /* once */
    assert_int_equal(disable(clock), STATUS_SUCCESS);
    assert_int_equal(disable(clock), STATUS_UNSUCCESSFUL);
    assert_int_equal(enable_position(clock, 10 * MS), STATUS_SUCCESS);
    sleep_ms(2);
    assert_true(told()); /* behind us already */
    io_file_close(clock);
    end_marks();
    world_end();
}

static void a_position_mark_is_told_once_when_stream_time_reaches_it(void **state)
{
    (void)state;
    world_live(&shows_clock, position_marks);
}

static void interval_marks(void)
{
    ULONG whole = sizeof(KSEVENT_TIME_INTERVAL);
    unsigned count = 0;
    PFILE_OBJECT clock;

    world_begin();
    begin_marks();
    clock = open_pin_clock();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(enable(clock, KSEVENT_CLOCK_INTERVAL_MARK, 30 * MS, 20 * MS, whole),
                     STATUS_SUCCESS);
    sleep_ms(25);
    assert_false(told());
    for (unsigned ms = 25; ms < 125; ms += 5) { /* 30, 50, 70, 90, 110 */
        sleep_ms(5);
        count += told();
    }
    assert_int_equal(count, 5);
    KsPinSetPinClockTime(world->pin, 991 * MS); /* 130 to 990 at once; then 1010 */
    sleep_ms(2);
    assert_true(told());
    sleep_ms(10);
    assert_false(told());
    sleep_ms(10);
    assert_true(told());
    assert_int_equal(disable(clock), STATUS_SUCCESS);
    sleep_ms(100);
    assert_false(told());
    io_file_close(clock);
    end_marks();
    world_end();
}

static void an_interval_mark_is_told_every_so_much_time_until_disabled(void **state)
{
    (void)state;
    world_live(&shows_clock, interval_marks);
}

static void refused_marks(void)
{
    ULONG whole = sizeof(KSEVENT_TIME_INTERVAL);
    PFILE_OBJECT clock, other;

    world_begin();
    begin_marks();
    clock = open_pin_clock();
    other = open_pin_clock();
    assert_int_equal(enable(clock, 7, 0, 0, whole), STATUS_NOT_FOUND);
    assert_int_equal(enable(clock, KSEVENT_CLOCK_INTERVAL_MARK, 0, 0, whole),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(enable(clock, KSEVENT_CLOCK_INTERVAL_MARK, 0, MS, whole - 8),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(enable(clock, KSEVENT_CLOCK_POSITION_MARK, 0, 0, sizeof(KSEVENTDATA)),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(enable_position(world->pin_file, 0), STATUS_PROPSET_NOT_FOUND);
    assert_int_equal(enable_position(clock, 5 * MS), STATUS_SUCCESS);
    assert_int_equal(disable(other), STATUS_UNSUCCESSFUL); /* it is not that file's */
    io_file_close(clock); /* takes its events along */
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(20);
    assert_false(told());
    io_file_close(other);
    end_marks();
    world_end();
}

static void marks_that_make_no_sense_are_refused_and_go_with_their_file(void **state)
{
    (void)state;
    world_live(&shows_clock, refused_marks);
}

/* ---- A driver's time base and timers --------------------------------------------------------- */

static struct {
    LONGLONG time;
    unsigned set, cancelled;
    LARGE_INTEGER due;
    PKDPC dpc;
    PVOID context;
} timer;

static BOOLEAN NTAPI note_set(PVOID Context, PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    (void)Timer;
    timer.set++;
    timer.context = Context;
    timer.due = DueTime;
    timer.dpc = Dpc;
    return FALSE;
}

static BOOLEAN NTAPI note_cancel(PVOID Context, PKTIMER Timer)
{
    (void)Context;
    (void)Timer;
    timer.cancelled++;
    return FALSE;
}

static LONGLONG FASTCALL slow_time(PVOID Context, PLONGLONG SystemTime)
{
    (void)Context;
    *SystemTime = 1; /* what a pin's clock gives; for another it is the frequency */
    return timer.time;
}

static void NTAPI coarse(PKSPIN Pin, PKSRESOLUTION Resolution)
{
    (void)Pin;
    *Resolution = (KSRESOLUTION){.Granularity = 333, .Error = 7};
}

static const KSCLOCK_DISPATCH driver_clock = {
    .SetTimer = (PFNKSPINSETTIMER)(void (*)(void))note_set,
    .CancelTimer = (PFNKSPINCANCELTIMER)(void (*)(void))note_cancel,
    .CorrelatedTime = (PFNKSPINCORRELATEDTIME)(void (*)(void))slow_time,
    .Resolution = coarse,
};

static void expire(void)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KE_CALL(timer.dpc->DeferredRoutine, KE_ARG(timer.dpc), KE_ARG(timer.dpc->DeferredContext), 0,
            0);
    KeLowerIrql(irql);
}

static void driver_timer(void)
{
    KSRESOLUTION resolution;
    KSCORRELATED_TIME pair;
    PFILE_OBJECT clock;

    memset(&timer, 0, sizeof timer);
    timer.time = 5000;
    world_begin();
    begin_marks();
    clock = open_pin_clock();
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_RESOLUTION, &resolution, sizeof resolution),
                     STATUS_SUCCESS);
    assert_int_equal(resolution.Granularity, 333);
    assert_int_equal(resolution.Error, 7);
    assert_int_equal(enable_position(clock, 1000), STATUS_SUCCESS);
    assert_int_equal(timer.set, 0);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(timer.set, 1);
    assert_ptr_equal(timer.context, world->pin);
    assert_int_equal(timer.due.QuadPart, -1000); /* from now */
    timer.time += 400;
    assert_int_equal(time_of(clock), 400);
    assert_int_equal(ask(clock, KSPROPERTY_CLOCK_CORRELATEDTIME, &pair, sizeof pair),
                     STATUS_SUCCESS);
    assert_int_equal(pair.Time, 400);
    assert_int_equal(pair.SystemTime, 1);
    expire(); /* too early */
    assert_false(told());
    assert_int_equal(timer.set, 2);
    assert_int_equal(timer.due.QuadPart, -600);
    timer.time += 600;
    expire();
    assert_true(told());
    assert_int_equal(timer.set, 2);
    io_file_close(clock);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    end_marks();
    world_end();
}

static void a_drivers_time_base_and_timers_are_used(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_IMPLEMENT_CLOCK,
                                               .clock = &driver_clock};

    (void)state;
    world_live(&config, driver_timer);
}

/* ---- Clocks of a driver's own ---------------------------------------------------------------- */

static PKSDEFAULTCLOCK own;

static NTSTATUS NTAPI create_own(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    NTSTATUS status = KsCreateDefaultClock(Irp, own);

    (void)DeviceObject;
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static void offer_clock(PDRIVER_DISPATCH create)
{
    KSOBJECT_CREATE_ITEM item = {.Create = create, .ObjectClass = RTL_CONSTANT_STRING(u"clock")};

    assert_int_equal(
        KsAllocateObjectCreateItem(
            *(KSDEVICE_HEADER *)world->device->FunctionalDeviceObject->DeviceExtension, &item,
            TRUE, NULL),
        STATUS_SUCCESS);
}

/* Under the device, beside the filters: "\\device#...\\clock". */
static PFILE_OBJECT open_own_clock(void)
{
    const UNICODE_STRING *link = world_link();
    UNICODE_STRING name;
    PFILE_OBJECT file;
    WCHAR path[200];
    USHORT end = link->Length / sizeof(WCHAR);

    while (link->Buffer[end - 1] != u'\\')
        end--;
    assert_true(end + 8 < (int)ARRAYSIZE(path));
    memcpy(path, link->Buffer, end * sizeof(WCHAR));
    memcpy(path + end, u"clock", sizeof u"clock");
    RtlInitUnicodeString(&name, path);
    assert_int_equal(io_file_open(world->io, NULL, &name, FILE_READ_DATA, &file), STATUS_SUCCESS);
    return file;
}

static PIRP irp_for(PFILE_OBJECT file, void *buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION stack;

    assert_non_null(irp);
    IoSetNextIrpStackLocation(irp);
    stack = IoGetCurrentIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack->FileObject = file;
    stack->Parameters.DeviceIoControl.OutputBufferLength = bytes;
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->RequestorMode = mode;
    return irp;
}

typedef NTSTATUS NTAPI handler(PIRP Irp, PKSPROPERTY Property, PVOID Value);
typedef void routine(void);

/* A handler as a driver's own table would call it; then without room, and with too little. */
static void answers(routine *of_clock, PFILE_OBJECT file, void *value, ULONG bytes)
{
    KSPROPERTY request = {{{KSPROPSETID_Clock, 0, KSPROPERTY_TYPE_GET}}};
    const struct {
        ULONG room;
        NTSTATUS status;
        ULONG information;
    } cases[] = {{bytes, STATUS_SUCCESS, bytes},
                 {0, STATUS_BUFFER_OVERFLOW, bytes},
                 {2, STATUS_BUFFER_TOO_SMALL, 0}};

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        PIRP irp = irp_for(file, value, cases[i].room, KernelMode);

        assert_int_equal(((handler *)of_clock)(irp, &request, value), cases[i].status);
        assert_int_equal(irp->IoStatus.Information, cases[i].information);
        IoFreeIrp(irp);
    }
}

static void handlers(PFILE_OBJECT file)
{
    KSPROPERTY request = {{{KSPROPSETID_Clock, 0, KSPROPERTY_TYPE_GET}}};
    const KSEVENT_ITEM item = {.EventId = KSEVENT_CLOCK_INTERVAL_MARK};
    KSEVENT_ENTRY entry = {.EventItem = &item};
    KSEVENT_TIME_INTERVAL never = {.TimeBase = 1};
    KSCLOCK_FUNCTIONTABLE functions;
    LONGLONG time, physical;
    KSCORRELATED_TIME pair;
    KSRESOLUTION resolution;
    KSSTATE shown;
    PIRP irp;

    answers((routine *)KsiPropertyDefaultClockGetTime, file, &time, sizeof time);
    assert_in_range(time, 10 * MS, 20 * MS);
    answers((routine *)KsiPropertyDefaultClockGetPhysicalTime, file, &physical, sizeof physical);
    assert_true(physical >= time);
    answers((routine *)KsiPropertyDefaultClockGetCorrelatedTime, file, &pair, sizeof pair);
    assert_in_range(pair.Time, time, time + MS);
    answers((routine *)KsiPropertyDefaultClockGetCorrelatedPhysicalTime, file, &pair, sizeof pair);
    assert_in_range(pair.Time, physical, physical + MS);
    answers((routine *)KsiPropertyDefaultClockGetResolution, file, &resolution, sizeof resolution);
    assert_int_equal(resolution.Error, 0);
    answers((routine *)KsiPropertyDefaultClockGetState, file, &shown, sizeof shown);
    assert_int_equal(shown, KSSTATE_RUN);
    answers((routine *)KsiPropertyDefaultClockGetFunctionTable, file, &functions, sizeof functions);
    assert_in_range(KE_CALL(functions.GetTime, KE_ARG(file)), time, time + MS);
    assert_in_range(KE_CALL(functions.GetPhysicalTime, KE_ARG(file)), physical, physical + MS);
    assert_in_range(KE_CALL(functions.GetCorrelatedTime, KE_ARG(file), KE_ARG(&physical)), time,
                    time + MS);
    assert_in_range(KE_CALL(functions.GetCorrelatedPhysicalTime, KE_ARG(file), KE_ARG(&time)),
                    physical, physical + MS);
    irp = irp_for(file, &functions, sizeof functions, UserMode);
    assert_int_equal(KsiPropertyDefaultClockGetFunctionTable(irp, &request, &functions),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(KsiDefaultClockAddMarkEvent(irp, &never, &entry), STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
}

static void own_default_clock(void)
{
    KSPROPERTY follow = {
        {{KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET}}};
    PIKSREFERENCECLOCK clock;
    PFILE_OBJECT file, second;
    HANDLE handle;

    world_begin();
    begin_marks();
    assert_int_equal(KsAllocateDefaultClock(&own), STATUS_SUCCESS);
    offer_clock(create_own);
    file = open_own_clock();
    second = open_own_clock(); /* many files, one clock */
    assert_int_equal(enable_position(second, 5 * MS), STATUS_SUCCESS);
    KsSetDefaultClockState(own, KSSTATE_RUN);
    sleep_ms(10);
    assert_true(told());
    handlers(file);
    assert_int_equal(time_of(second) / MS, time_of(file) / MS);
    /* A pin follows it as it would any other clock. */
    assert_int_equal(io_file_handle(file, &handle), STATUS_SUCCESS);
    assert_int_equal(
        world_property(world->pin_file, &follow, sizeof follow, &handle, sizeof handle, NULL),
        STATUS_SUCCESS);
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_SUCCESS);
    KsSetDefaultClockTime(own, 9000 * MS);
    assert_in_range(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 9000 * MS, 9001 * MS);
    KE_CALL(clock->lpVtbl->Release, KE_ARG(clock));
    ZwClose(handle);
    KsFreeDefaultClock(own); /* the files keep it */
    assert_true(time_of(second) >= 9000 * MS);
    io_file_close(second);
    io_file_close(file);
    end_marks();
    world_end();
}

static void a_driver_shows_a_clock_of_its_own_to_many_files(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10};

    (void)state;
    world_live(&config, own_default_clock);
}

/* ---- A clock without AVStream ---------------------------------------------------------------- */

static KSOBJECT_HEADER *foreign; /* of the one file there is, in pool */

static LONGLONG FASTCALL always(PFILE_OBJECT FileObject)
{
    (void)FileObject;
    return 4711;
}

static NTSTATUS NTAPI foreign_functions(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    KSCLOCK_FUNCTIONTABLE *table = Data;

    (void)Request;
    table->GetTime = always;
    Irp->IoStatus.Information = sizeof *table;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI foreign_resolution(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    (void)Request;
    *(PKSRESOLUTION)Data = (KSRESOLUTION){.Granularity = 12, .Error = 34};
    Irp->IoStatus.Information = sizeof(KSRESOLUTION);
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM foreign_items[] = {
    {.PropertyId = KSPROPERTY_CLOCK_FUNCTIONTABLE, .GetPropertyHandler = foreign_functions,
     .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof(KSCLOCK_FUNCTIONTABLE)},
    {.PropertyId = KSPROPERTY_CLOCK_RESOLUTION, .GetPropertyHandler = foreign_resolution,
     .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof(KSRESOLUTION)},
};
static const KSPROPERTY_SET foreign_sets[] = {
    {&KSPROPSETID_Clock, ARRAY_LEN(foreign_items), foreign_items, 0, NULL}};

static NTSTATUS end(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI foreign_control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    return end(Irp, KsPropertyHandler(Irp, ARRAY_LEN(foreign_sets), foreign_sets));
}

static NTSTATUS NTAPI foreign_close(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    KsFreeObjectHeader(*foreign);
    ExFreePoolWithTag(foreign, 'tseT');
    foreign = NULL;
    return end(Irp, STATUS_SUCCESS);
}

static const KSDISPATCH_TABLE foreign_table = {.DeviceIoControl = foreign_control,
                                               .Close = foreign_close};

static NTSTATUS NTAPI create_foreign(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)DeviceObject;
    foreign = ExAllocatePoolWithTag(NonPagedPool, sizeof *foreign, 'tseT');
    assert_non_null(foreign);
    IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext = foreign;
    return end(Irp, KsAllocateObjectHeader(foreign, 0, NULL, Irp, &foreign_table));
}

static void follow_foreign(void)
{
    KSPROPERTY follow = {
        {{KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET}}};
    KSRESOLUTION resolution = {0};
    PIKSREFERENCECLOCK clock;
    PFILE_OBJECT file;
    HANDLE handle, none = NULL;
    KSSTATE shown;

    world_begin();
    offer_clock(create_foreign);
    file = open_own_clock();
    assert_int_equal(io_file_handle(file, &handle), STATUS_SUCCESS);
    assert_int_equal(
        world_property(world->pin_file, &follow, sizeof follow, &handle, sizeof handle, NULL),
        STATUS_SUCCESS);
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_SUCCESS);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 4711);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetResolution, KE_ARG(clock), KE_ARG(&resolution)),
                     STATUS_SUCCESS);
    assert_int_equal(resolution.Granularity, 12);
    assert_int_equal(resolution.Error, 34);
    /* It has no state to tell. */
    assert_int_equal((NTSTATUS)KE_CALL(clock->lpVtbl->GetState, KE_ARG(clock), KE_ARG(&shown)),
                     STATUS_NOT_FOUND);
    KE_CALL(clock->lpVtbl->Release, KE_ARG(clock));
    ZwClose(handle);
    io_file_close(file);
    assert_non_null(foreign); /* the pin holds it */
    assert_int_equal(
        world_property(world->pin_file, &follow, sizeof follow, &none, sizeof none, NULL),
        STATUS_SUCCESS);
    assert_null(foreign);
    world_end();
}

static void a_clock_of_any_driver_is_followed_by_its_function_table(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10};

    (void)state;
    world_live(&config, follow_foreign);
}

/* ---- A master in the same filter ------------------------------------------------------------- */

static void one_follows_the_other(void)
{
    KSPROPERTY follow = {
        {{KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_TYPE_SET}}};
    struct world_connection connection = world_default_connection();
    KSRESOLUTION resolution = {0};
    PIKSREFERENCECLOCK clock;
    PFILE_OBJECT file, second;
    KSSTATE shown = KSSTATE_STOP;
    HANDLE handle;

    world_begin();
    file = open_pin_clock();
    assert_int_equal(world_try_pin(&connection, &second), STATUS_SUCCESS);
    assert_int_equal(io_file_handle(file, &handle), STATUS_SUCCESS);
    assert_int_equal(
        world_property(second, &follow, sizeof follow, &handle, sizeof handle, NULL),
        STATUS_SUCCESS);
    ZwClose(handle);
    io_file_close(file); /* the second pin has a reference */
    assert_int_equal(KsPinGetReferenceClockInterface(world->pin, &clock), STATUS_SUCCESS);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS); /* of the first */
    sleep_ms(10);
    assert_in_range(KE_CALL(clock->lpVtbl->GetTime, KE_ARG(clock)), 9 * MS, 20 * MS);
    assert_int_equal(
        KE_CALL(clock->lpVtbl->GetResolution, KE_ARG(clock), KE_ARG(&resolution)),
        STATUS_SUCCESS);
    assert_int_equal(resolution.Granularity, 1);
    assert_int_equal(KE_CALL(clock->lpVtbl->GetState, KE_ARG(clock), KE_ARG(&shown)),
                     STATUS_SUCCESS);
    assert_int_equal(shown, KSSTATE_RUN);
    KE_CALL(clock->lpVtbl->Release, KE_ARG(clock));
    world_close_pin(); /* its file stays as long as the clock's does */
    io_file_close(second);
    world_end();
}

static void pins_of_one_filter_follow_each_other_and_close_in_any_order(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .pin_flags = KSPIN_FLAG_IMPLEMENT_CLOCK, .instances = 2};

    (void)state;
    world_live(&config, one_follows_the_other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clocks_file_tells_time_state_and_resolution),
        cmocka_unit_test(a_position_mark_is_told_once_when_stream_time_reaches_it),
        cmocka_unit_test(an_interval_mark_is_told_every_so_much_time_until_disabled),
        cmocka_unit_test(marks_that_make_no_sense_are_refused_and_go_with_their_file),
        cmocka_unit_test(a_drivers_time_base_and_timers_are_used),
        cmocka_unit_test(a_driver_shows_a_clock_of_its_own_to_many_files),
        cmocka_unit_test(a_clock_of_any_driver_is_followed_by_its_function_table),
        cmocka_unit_test(pins_of_one_filter_follow_each_other_and_close_in_any_order),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
