/* SPDX-License-Identifier: MIT */
/* The default allocator, made by a driver below its file and used by kernel clients. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

/* What the driver adds to the default. */
struct external {
    PVOID context;
    PFNKSDEFAULTALLOCATE allocate;
    PFNKSDEFAULTFREE free;
    PFNKSINITIALIZEALLOCATOR initialize;
    PFNKSDELETEALLOCATOR delete;
};

static struct external external;
static bool extended;

static NTSTATUS NTAPI create_allocator(PDEVICE_OBJECT device, PIRP irp)
{
    PKSALLOCATOR_FRAMING framing = NULL;
    NTSTATUS valid = KsValidateAllocatorCreateRequest(irp, &framing);
    NTSTATUS status =
        extended ? KsCreateDefaultAllocatorEx(irp, external.context, external.allocate,
                                              external.free, external.initialize, external.delete)
                 : KsCreateDefaultAllocator(irp);

    (void)device;
    if (NT_SUCCESS(valid))
        assert_int_equal((ULONG_PTR)framing % 8, 0);
    else
        assert_int_equal(status, valid);
    return legacy_finish(irp, status);
}

static PFILE_OBJECT file, allocator;
static HANDLE parent, handle;

/* In pool: requests that wait keep addresses of it. */
struct shared {
    KSMETHOD method;
    KSPROPERTY property;
    KSEVENT event;
    KSEVENTDATA event_data;
    KEVENT told;
    PVOID frame;
    KSSTREAMALLOCATOR_FUNCTIONTABLE table;
    KSSTREAMALLOCATOR_STATUS status;
};
static struct shared *shared;

static void begin(void)
{
    external = (struct external){0};
    extended = false;
    legacy.child_count = 1;
    legacy.children[0] = legacy_item((PWSTR)(ULONG_PTR)KSSTRING_Allocator, 0);
    legacy.children[0].Create = create_allocator;
    legacy_begin();
    file = legacy_open();
    assert_int_equal(io_file_handle(file, &parent), STATUS_SUCCESS);
    shared = ExAllocatePoolWithTag(NonPagedPool, sizeof *shared, 'tseT');
    memset(shared, 0, sizeof *shared);
}

static void end(void)
{
    ExFreePoolWithTag(shared, 'tseT');
    assert_int_equal(ZwClose(parent), STATUS_SUCCESS);
    io_file_close(file);
    legacy_end();
}

static KSALLOCATOR_FRAMING a_framing(void)
{
    return (KSALLOCATOR_FRAMING){.OptionsFlags = KSALLOCATOR_OPTIONF_SYSTEM_MEMORY,
                                 .PoolType = NonPagedPool,
                                 .Frames = 2,
                                 .FrameSize = 1000,
                                 .FileAlignment = 63};
}

static NTSTATUS try_open(KSALLOCATOR_FRAMING framing)
{
    NTSTATUS status = KsCreateAllocator(parent, &framing, &handle);

    if (NT_SUCCESS(status))
        assert_int_equal(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode,
                                                   (PVOID *)&allocator, NULL), STATUS_SUCCESS);
    return status;
}

static void close_it(void)
{
    ObDereferenceObject(allocator);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
}

static NTSTATUS call(ULONG id, PVOID *frame)
{
    ULONG bytes;
    NTSTATUS status;

    shared->method = (KSMETHOD){{{KSMETHODSETID_StreamAllocator, id, KSMETHOD_TYPE_WRITE}}};
    shared->frame = *frame;
    status = KsSynchronousIoControlDevice(allocator, KernelMode, IOCTL_KS_METHOD, &shared->method,
                                          sizeof shared->method, &shared->frame,
                                          sizeof shared->frame, &bytes);
    *frame = shared->frame;
    return status;
}

static NTSTATUS get(ULONG id, PVOID data, ULONG bytes)
{
    ULONG got;

    shared->property = (KSPROPERTY){{{KSPROPSETID_StreamAllocator, id, KSPROPERTY_TYPE_GET}}};
    return KsSynchronousIoControlDevice(allocator, KernelMode, IOCTL_KS_PROPERTY, &shared->property,
                                        sizeof shared->property, data, bytes, &got);
}

/* ---- Framing --------------------------------------------------------------------------------- */

static void framing_body(void)
{
    KSALLOCATOR_FRAMING framing;

    begin();
    assert_int_equal(try_open(a_framing()), STATUS_SUCCESS);
    assert_int_equal(get(KSPROPERTY_STREAMALLOCATOR_STATUS, &shared->status, sizeof shared->status),
                     STATUS_SUCCESS);
    assert_int_equal(shared->status.Framing.FrameSize, 1000);
    assert_int_equal(shared->status.AllocatedFrames, 0);
    close_it();
    framing = a_framing();
    framing.Frames = 0;
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    framing = a_framing();
    framing.FrameSize = 0;
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    framing = a_framing();
    framing.FileAlignment = 5; /* not a mask */
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    framing.FileAlignment = 0x1fff; /* more than a page */
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    framing = a_framing();
    framing.OptionsFlags |= 0x10;
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    framing.OptionsFlags = 0; /* memory of a device, which pool is not */
    assert_int_equal(try_open(framing), STATUS_INVALID_PARAMETER);
    end();
}

static void an_allocator_is_made_for_framing_it_can_meet(void **state)
{
    (void)state;
    world_live(&plain, framing_body);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static void free_later(void *ctx)
{
    PVOID frame = ctx;
    struct shared *own = ExAllocatePoolWithTag(NonPagedPool, sizeof *own, 'tseT');
    ULONG bytes;

    sleep_ms(5);
    own->method = (KSMETHOD){{{KSMETHODSETID_StreamAllocator, KSMETHOD_STREAMALLOCATOR_FREE,
                               KSMETHOD_TYPE_READ}}};
    own->frame = frame;
    assert_int_equal(KsSynchronousIoControlDevice(allocator, KernelMode, IOCTL_KS_METHOD,
                                                  &own->method, sizeof own->method, &own->frame,
                                                  sizeof own->frame, &bytes), STATUS_SUCCESS);
    ExFreePoolWithTag(own, 'tseT');
}

static void frames_body(void)
{
    PVOID first = NULL;
    PVOID second = NULL;
    PVOID third = NULL;
    PVOID wrong = &wrong;

    begin();
    assert_int_equal(try_open(a_framing()), STATUS_SUCCESS);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_ALLOC, &first), STATUS_SUCCESS);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_ALLOC, &second), STATUS_SUCCESS);
    assert_non_null(first);
    assert_ptr_not_equal(first, second);
    assert_int_equal((ULONG_PTR)first % 64, 0);
    assert_int_equal((ULONG_PTR)second % 64, 0);
    memset(first, 1, 1000);
    assert_int_equal(get(KSPROPERTY_STREAMALLOCATOR_STATUS, &shared->status, sizeof shared->status),
                     STATUS_SUCCESS);
    assert_int_equal(shared->status.AllocatedFrames, 2);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_FREE, &wrong), STATUS_INVALID_PARAMETER);
    assert_int_equal(ke_thread_start(world->ke, "free", free_later, second, NULL), 0);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_ALLOC, &third), STATUS_SUCCESS); /* waits */
    assert_non_null(third);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_FREE, &third), STATUS_SUCCESS);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_FREE, &third), STATUS_INVALID_PARAMETER);
    sleep_ms(10);
    close_it(); /* the first goes with it */
    end();
}

static void frames_are_given_out_until_there_are_none_and_then_waited_for(void **state)
{
    (void)state;
    world_live(&plain, frames_body);
}

static void table_body(void)
{
    KSSTREAMALLOCATOR_FUNCTIONTABLE *table;
    KSALLOCATOR_FRAMING framing;
    PVOID *frame;
    NTSTATUS status;
    ULONG bytes;
    KIRQL irql;

    begin();
    table = &shared->table;
    assert_int_equal(try_open(a_framing()), STATUS_SUCCESS);
    assert_int_equal(get(KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE, table, sizeof *table),
                     STATUS_SUCCESS);
    KeInitializeEvent(&shared->told, NotificationEvent, FALSE);
    shared->event = (KSEVENT){{{KSEVENTSETID_StreamAllocator, KSEVENT_STREAMALLOCATOR_FREEFRAME,
                                KSEVENT_TYPE_ENABLE}}};
    shared->event_data = (KSEVENTDATA){.NotificationType = KSEVENTF_EVENT_OBJECT,
                                       .EventObject = {.Event = &shared->told}};
    assert_int_equal(KsSynchronousIoControlDevice(allocator, KernelMode, IOCTL_KS_ENABLE_EVENT,
                                                  &shared->event, sizeof shared->event,
                                                  &shared->event_data, sizeof shared->event_data,
                                                  &bytes), STATUS_SUCCESS);
    frame = ExAllocatePoolWithTag(NonPagedPool, 3 * sizeof *frame, 'tseT');
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (unsigned i = 0; i < 3; i++) {
        status = (NTSTATUS)KE_CALL(table->AllocateFrame, KE_ARG(allocator), KE_ARG(&frame[i]));
        assert_int_equal(status, i < 2 ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
    }
    assert_int_equal(KeReadStateEvent(&shared->told), 0);
    KE_CALL(table->FreeFrame, KE_ARG(allocator), KE_ARG(frame[0]));
    KE_CALL(table->FreeFrame, KE_ARG(allocator), KE_ARG(frame[1]));
    KeLowerIrql(irql);
    assert_int_equal(KeReadStateEvent(&shared->told), 1);
    ExFreePoolWithTag(frame, 'tseT');
    close_it();
    framing = a_framing();
    framing.PoolType = PagedPool;
    assert_int_equal(try_open(framing), STATUS_SUCCESS);
    assert_int_equal(get(KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE, table, sizeof *table),
                     STATUS_INVALID_DEVICE_REQUEST); /* not at DISPATCH_LEVEL */
    close_it();
    end();
}

static void functions_of_an_allocator_work_at_dispatch_level(void **state)
{
    (void)state;
    world_live(&plain, table_body);
}

static void user_body(void)
{
    KSMETHOD method = {{{KSMETHODSETID_StreamAllocator, KSMETHOD_STREAMALLOCATOR_ALLOC,
                         KSMETHOD_TYPE_WRITE}}};
    KSPROPERTY property = {{{KSPROPSETID_StreamAllocator, KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE,
                             KSPROPERTY_TYPE_GET}}};
    KSSTREAMALLOCATOR_FUNCTIONTABLE table;
    PVOID frame = NULL;

    begin();
    assert_int_equal(try_open(a_framing()), STATUS_SUCCESS);
    assert_int_equal(legacy_request(allocator, IOCTL_KS_METHOD, &method, sizeof method, &frame,
                                    sizeof frame, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(legacy_request(allocator, IOCTL_KS_PROPERTY, &property, sizeof property,
                                    &table, sizeof table, NULL), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(legacy_request(allocator, IOCTL_KS_RESET_STATE, &frame, 4, NULL, 0, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    close_it();
    end();
}

static void frames_are_not_for_applications(void **state)
{
    (void)state;
    world_live(&plain, user_body);
}

/* ---- A driver's memory ----------------------------------------------------------------------- */

static char given;
static UCHAR board[4][1000];
static unsigned board_used;
static NTSTATUS initialize_status;

static NTSTATUS NTAPI initialize(PVOID context, PKSALLOCATOR_FRAMING framing, PVOID *out)
{
    assert_ptr_equal(context, &given);
    assert_int_equal(framing->FrameSize, 1000);
    world_note("Initialize");
    *out = board;
    return initialize_status;
}

static PVOID NTAPI board_allocate(PVOID context)
{
    assert_ptr_equal(context, board);
    return board_used < 1 ? board[board_used++] : NULL;
}

static void NTAPI board_free(PVOID context, PVOID frame)
{
    assert_ptr_equal(context, board);
    assert_ptr_equal(frame, board[0]);
    board_used--;
}

static void NTAPI board_delete(PVOID context)
{
    assert_ptr_equal(context, board);
    world_note("Delete");
}

static void external_body(void)
{
    KSALLOCATOR_FRAMING framing = a_framing();
    PVOID frame = NULL;

    begin();
    extended = true;
    board_used = 0;
    framing.OptionsFlags = 0; /* a device's memory */
    external = (struct external){.context = &given};
    assert_int_equal(try_open(a_framing()), STATUS_INVALID_PARAMETER); /* for whom? */
    external = (struct external){.allocate = board_allocate};
    assert_int_equal(try_open(a_framing()), STATUS_INVALID_PARAMETER);
    external = (struct external){.free = board_free};
    assert_int_equal(try_open(a_framing()), STATUS_INVALID_PARAMETER);
    external = (struct external){.initialize = initialize};
    assert_int_equal(try_open(a_framing()), STATUS_INVALID_PARAMETER);
    external = (struct external){.delete = board_delete};
    assert_int_equal(try_open(a_framing()), STATUS_INVALID_PARAMETER);
    external = (struct external){&given, board_allocate, board_free, initialize, board_delete};
    world->log[0] = 0;
    initialize_status = STATUS_DEVICE_BUSY;
    assert_int_equal(try_open(framing), STATUS_DEVICE_BUSY);
    world_expect_log("Initialize ");
    initialize_status = STATUS_SUCCESS;
    assert_int_equal(try_open(framing), STATUS_SUCCESS);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_ALLOC, &frame), STATUS_SUCCESS);
    assert_ptr_equal(frame, board[0]);
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_ALLOC, &frame), STATUS_INSUFFICIENT_RESOURCES);
    frame = board[0];
    assert_int_equal(call(KSMETHOD_STREAMALLOCATOR_FREE, &frame), STATUS_SUCCESS);
    assert_int_equal(board_used, 0);
    close_it();
    world_expect_log("Initialize Delete ");
    extended = true;
    external = (struct external){0}; /* as the plain one */
    assert_int_equal(try_open(a_framing()), STATUS_SUCCESS);
    close_it();
    end();
}

static void an_allocator_may_have_the_driver_s_memory(void **state)
{
    (void)state;
    world_live(&plain, external_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocator_is_made_for_framing_it_can_meet),
        cmocka_unit_test(frames_are_given_out_until_there_are_none_and_then_waited_for),
        cmocka_unit_test(functions_of_an_allocator_work_at_dispatch_level),
        cmocka_unit_test(frames_are_not_for_applications),
        cmocka_unit_test(an_allocator_may_have_the_driver_s_memory),
    };

    return cmocka_run_group_tests_name("allocator", tests, NULL, NULL);
}
