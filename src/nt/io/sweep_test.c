/* SPDX-License-Identifier: MIT */
/* Fails the first, second, third ... allocation from pool, or the first lock of pages, until the
 * whole operation gets through: each failure is told as a status, leaves nothing behind that
 * hinders the next try, and harms nobody. */
#include "io/nt_test.h"

enum { TRIES_MAX = 60 };
#define IOCTL(method) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, FILE_ANY_ACCESS)

static struct nt *machine;
static PFILE_OBJECT file;
static PDEVICE_OBJECT device;
static uint64_t client_va;

static bool is_refusal(NTSTATUS status)
{
    return status == STATUS_INSUFFICIENT_RESOURCES || status == STATUS_NO_MEMORY;
}

/* Runs the operation until it succeeds although a failure is armed for a later passage. */
static unsigned sweep(const char *point, NTSTATUS (*operation)(void), void (*undo)(void))
{
    unsigned nth;

    for (nth = 1; nth <= TRIES_MAX; nth++) {
        NTSTATUS status;

        assert_int_equal(sim_fault_arm(machine->world.sim, point, nth), 0);
        status = operation();
        (void)sim_fault_arm(machine->world.sim, point, 0);
        if (NT_SUCCESS(status)) {
            undo();
            return nth - 1; /* failures that were survived */
        }
        if (!is_refusal(status))
            fail_msg("%s %u ended with %08x", point, nth, (unsigned)status);
    }
    fail_msg("%s never gets through", point);
    return 0;
}

static void nothing(void)
{
}

/* ---- Operations ------------------------------------------------------------------------------ */

static PDRIVER_OBJECT driver;

static NTSTATUS create_driver(void)
{
    return io_driver_create(machine->io, "swept", 0, 0, 0, &driver);
}

static void destroy_driver(void)
{
    io_driver_destroy(driver);
}

static NTSTATUS create_device(void)
{
    UNICODE_STRING name = nt_string(u"\\Device\\Swept");
    PDEVICE_OBJECT made;
    NTSTATUS status = IoCreateDevice(machine->driver, 64, &name, 0, 0, FALSE, &made);

    if (NT_SUCCESS(status))
        IoDeleteDevice(made);
    return status;
}

static NTSTATUS open_file(void)
{
    UNICODE_STRING path = nt_string(u"\\Device\\Sweep\\name");

    return io_file_open(machine->io, NULL, &path, FILE_READ_DATA, &file);
}

static void close_file(void)
{
    io_file_close(file);
}

static NTSTATUS control(ULONG method)
{
    return io_file_control_wait(file, IOCTL(method), client_va, 100, client_va, 8000, NULL);
}

static NTSTATUS control_buffered(void)
{
    return control(METHOD_BUFFERED);
}

static NTSTATUS control_direct(void)
{
    return control(METHOD_OUT_DIRECT);
}

static NTSTATUS build_direct(void)
{
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, 8000, 'pewS');
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL(METHOD_OUT_DIRECT), device, NULL, 0, buffer, 8000,
                                        FALSE, &event, &iosb);
    if (irp != NULL)
        assert_int_equal(IofCallDriver(device, irp), STATUS_SUCCESS);
    ExFreePoolWithTag(buffer, 'pewS');
    return irp != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS open_key(void)
{
    UNICODE_STRING path = nt_string(u"\\Registry\\Machine\\Swept\\Key");
    HANDLE key;
    NTSTATUS status = cm_open(machine->cm, &path, true, KEY_ALL_ACCESS, &key);

    if (NT_SUCCESS(status))
        ZwClose(key);
    return status;
}

static NTSTATUS query_values(void)
{
    ULONG number = 0;
    UNICODE_STRING text = {0};
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Number", &number, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Text", &text, REG_NONE, NULL, 0},
        {NULL, 0, NULL, NULL, REG_NONE, NULL, 0},
    };
    NTSTATUS status;

    cm_set_number(machine->cm, CM_SERVICES "\\swept", "Number", 5);
    cm_set_string(machine->cm, CM_SERVICES "\\swept", "Text", "abc");
    status = RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"swept", table, NULL, NULL);
    if (NT_SUCCESS(status))
        RtlFreeUnicodeString(&text);
    return status;
}

static NTSTATUS make_event(void)
{
    HANDLE handle;
    NTSTATUS status = ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE);

    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

static void NTAPI thread_main(PVOID context)
{
    (void)context;
}

static NTSTATUS make_thread(void)
{
    HANDLE handle;
    NTSTATUS status = PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, thread_main, NULL);

    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

static NTSTATUS make_work_item(void)
{
    PIO_WORKITEM item = IoAllocateWorkItem(device);

    if (item == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeWorkItem(item);
    return STATUS_SUCCESS;
}

/* ---- The tests ------------------------------------------------------------------------------- */

static NTSTATUS NTAPI answer(PDEVICE_OBJECT target, PIRP irp)
{
    (void)target;
    return nt_complete(irp, STATUS_SUCCESS, 0);
}

static void set_up(struct nt *nt)
{
    machine = nt;
    nt->driver = nt_driver(nt, "sweep");
    nt_dispatch(nt->driver, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(nt->driver, IRP_MJ_CLEANUP, nt_succeed);
    nt_dispatch(nt->driver, IRP_MJ_CLOSE, nt_succeed);
    nt_dispatch(nt->driver, IRP_MJ_DEVICE_CONTROL, answer);
    device = nt_device(nt->driver, u"\\Device\\Sweep");
    assert_int_equal(mm_user_allocate(nt->mm, 8192, 0, &client_va), 0);
}

static void objects_survive_every_failing_allocation(struct nt *nt)
{
    set_up(nt);
    assert_true(sweep("pool", create_driver, destroy_driver) >= 4);
    assert_true(sweep("pool", create_device, nothing) >= 1);
    assert_true(sweep("pool", make_event, nothing) >= 1);
    assert_true(sweep("pool", make_work_item, nothing) >= 1);
    assert_true(sweep("thread", make_thread, nothing) >= 1);
    assert_true(sweep("pool", open_key, nothing) >= 1);
    assert_true(sweep("pool", query_values, nothing) >= 1);
}

/* IRPs are kept once they were made, so what fails is what each request needs anew. */
static void files_survive_every_failing_allocation(struct nt *nt)
{
    set_up(nt);
    assert_true(sweep("pool", open_file, close_file) >= 3);
    assert_int_equal(device->ReferenceCount, 0);
    assert_int_equal(open_file(), STATUS_SUCCESS);
    assert_true(sweep("pool", control_buffered, nothing) >= 1);
    assert_true(sweep("pool", control_direct, nothing) >= 1);
    assert_true(sweep("mdl", control_direct, nothing) >= 1);
    assert_true(sweep("lock", control_direct, nothing) >= 1);
    assert_true(sweep("lock", build_direct, nothing) >= 1);
    assert_int_equal(io_file_outstanding(file), 0);
    close_file();
    assert_int_equal(device->ReferenceCount, 0);
}

NT_TEST(objects_survive_every_failing_allocation)
NT_TEST(files_survive_every_failing_allocation)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_survive_every_failing_allocation),
        cmocka_unit_test(test_files_survive_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
