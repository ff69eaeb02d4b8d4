/* SPDX-License-Identifier: MIT */
/* Driver objects: made before DriverEntry runs, with every dispatch slot leading to a routine that
 * fails the request. The object, its extension and its strings lie in pool; what clients of the
 * driver object attach to it (IoAllocateDriverObjectExtension) too. A driver goes in three steps:
 * DriverUnload, a look at what it left behind, the end of the object. */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "cm/cm.h"
#include "ex/ex.h"
#include "ps/ps.h"
#include "rtl/rtl.h"
#include "trace/rules.h"

enum { DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xC9, BAD_DRIVER = 0x05 };

struct extension {
    struct list_node link;
    PVOID client; /* the address that names it */
    PVOID memory; /* pool */
};

struct reinitialization {
    struct list_node link;
    PDRIVER_REINITIALIZE routine;
    PVOID context;
};

/* What lies in pool, in one block: all that the driver gets a pointer to. */
struct driver_block {
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    UNICODE_STRING registry_path;
    UNICODE_STRING hardware_database; /* its buffer is io's */
};

static struct driver_block *block_of(PDRIVER_OBJECT driver)
{
    return CONTAINING_RECORD(driver, struct driver_block, driver);
}

NTSTATUS NTAPI io_invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* UNDOC: what Windows does with a pointer to something else; its own code would follow it. */
struct io_driver *io_driver_of(struct io *io, PDRIVER_OBJECT driver)
{
    struct io_driver *state = ob_state(io->ob, OB_TYPE_DRIVER, driver);

    if (state == NULL) {
        KE_FINDING(io->ke, VERIFY_driver_bad, KE_ARG(driver));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, BAD_DRIVER, KE_ARG(driver), 0, 0);
    }
    return state;
}

static struct io_driver *state_of(PDRIVER_OBJECT driver)
{
    return io_driver_of(io_of(ke_current()), driver);
}

const char *io_driver_name(PDRIVER_OBJECT driver)
{
    return state_of(driver)->name;
}

PUNICODE_STRING io_driver_registry_path(PDRIVER_OBJECT driver)
{
    return &block_of(driver)->registry_path;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_lists(struct io_driver *state)
{
    struct list_node *node;

    while ((node = list_pop_head(&state->extensions)) != NULL) {
        struct extension *extension = list_entry(node, struct extension, link);

        ExFreePoolWithTag(extension->memory, IO_TAG_DRIVER);
        free(extension);
    }
    while ((node = list_pop_head(&state->reinitializations)) != NULL)
        free(list_entry(node, struct reinitialization, link));
}

static void driver_delete(void *body, void *context)
{
    struct io_driver *state = context;
    PDRIVER_OBJECT driver = body;

    free_lists(state);
    list_remove(&state->link);
    if (driver->DriverName.Buffer != NULL)
        ExFreePoolWithTag(driver->DriverName.Buffer, IO_TAG_DRIVER);
    if (driver->DriverExtension->ServiceKeyName.Buffer != NULL)
        ExFreePoolWithTag(driver->DriverExtension->ServiceKeyName.Buffer, IO_TAG_DRIVER);
    if (block_of(driver)->registry_path.Buffer != NULL)
        ExFreePoolWithTag(block_of(driver)->registry_path.Buffer, IO_TAG_DRIVER);
    ExFreePoolWithTag(driver, IO_TAG_DRIVER);
    free(state->name);
    free(state);
}

static NTSTATUS make_string(const char *lead, const char *name, UNICODE_STRING *out)
{
    WCHAR text[300];
    int count = nt__snwprintf(text, ARRAY_LEN(text), u"%S%S", lead, name);

    if (count < 0)
        return STATUS_NAME_TOO_LONG;
    return rtl_string_create(text, (size_t)count, IO_TAG_DRIVER, out);
}

static NTSTATUS make_strings(struct io_driver *state, const char *name)
{
    PDRIVER_OBJECT driver = state->object;
    NTSTATUS status = make_string("\\Driver\\", name, &driver->DriverName);

    if (NT_SUCCESS(status))
        status = make_string("", name, &driver->DriverExtension->ServiceKeyName);
    if (NT_SUCCESS(status))
        status = make_string(CM_SERVICES "\\", name, &block_of(driver)->registry_path);
    return status;
}

static void init_object(struct io *io, struct driver_block *block)
{
    PDRIVER_OBJECT driver = &block->driver;
    size_t i;

    memset(block, 0, sizeof *block);
    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof *driver;
    driver->DriverExtension = &block->extension;
    block->hardware_database = io->hardware_database;
    driver->HardwareDatabase = &block->hardware_database;
    block->extension.DriverObject = driver;
    for (i = 0; i < ARRAY_LEN(driver->MajorFunction); i++)
        driver->MajorFunction[i] = io->invalid_request;
}

NTSTATUS io_driver_create(struct io *io, const char *name, uint64_t base_va, uint64_t size_bytes,
                          uint64_t entry_va, PDRIVER_OBJECT *out)
{
    struct driver_block *block =
        ExAllocatePoolWithTag(NonPagedPool, sizeof *block, IO_TAG_DRIVER);
    struct io_driver *state = calloc(1, sizeof *state);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (block == NULL || state == NULL || (state->name = strdup(name)) == NULL) {
        if (block != NULL)
            ExFreePoolWithTag(block, IO_TAG_DRIVER);
        free(state);
        return status;
    }
    init_object(io, block);
    block->driver.DriverStart = (PVOID)base_va;
    block->driver.DriverSize = (ULONG)size_bytes;
    block->driver.DriverInit = (PDRIVER_INITIALIZE)entry_va;
    state->io = io;
    state->object = &block->driver;
    state->base_va = base_va;
    state->size_bytes = size_bytes;
    list_init(&state->extensions);
    list_init(&state->reinitializations);
    list_insert_tail(&io->drivers, &state->link);
    status = make_strings(state, name);
    if (NT_SUCCESS(status))
        status = ob_object_create(io->ob, OB_TYPE_DRIVER, state->object, state, driver_delete,
                                  NULL);
    if (!NT_SUCCESS(status)) {
        driver_delete(state->object, state);
        return status;
    }
    status = ob_name_insert(io->ob, &block->driver.DriverName, state->object);
    if (!NT_SUCCESS(status)) {
        ob_dereference(io->ob, state->object);
        return status;
    }
    *out = &block->driver;
    return STATUS_SUCCESS;
}

void io_driver_destroy(PDRIVER_OBJECT driver)
{
    struct io_driver *state = state_of(driver);

    ob_name_remove_of(state->io->ob, driver);
    ob_dereference(state->io->ob, driver);
}

/* What would call into the image once it is gone. */
static void report_callers(struct io *io, uint64_t base_va, uint64_t end_va)
{
    io_report_interrupts(io, base_va, end_va);
    io_report_work(io, base_va, end_va);
    io_report_notifications(io, base_va, end_va);
    ex_report_work(ex_of(io->ke), base_va, end_va);
    ps_report_threads(ps_of(io->ke), base_va, end_va);
    ob_report_callbacks(io->ob, base_va, end_va);
}

/* By our own list: the driver can write to the one that its object has. */
static void report_leftovers(struct io_driver *state)
{
    struct io_device *device;

    list_for_each_entry(device, &state->io->devices, link) {
        if (device->driver == state && !device->deleted)
            KE_FINDING(state->io->ke, VERIFY_device_leftover, KE_ARG(device->object));
    }
    /* The object and all it owns go first, so that only what the driver forgot is left. */
    io_irps_flush(state->io);
}

void io_driver_end(PDRIVER_OBJECT driver)
{
    struct io_driver *state = state_of(driver);
    struct io *io = state->io;
    uint64_t base_va = state->base_va;
    uint64_t size_bytes = state->size_bytes;

    report_leftovers(state);
    io_driver_destroy(driver);
    if (size_bytes == 0)
        return; /* one of ours: it has no image */
    report_callers(io, base_va, base_va + size_bytes);
    mm_report_leaks(io->mm, base_va, base_va + size_bytes);
}

static void reinitialize(struct io_driver *state)
{
    struct list_node *node;

    while ((node = list_pop_head(&state->reinitializations)) != NULL) {
        struct reinitialization *entry = list_entry(node, struct reinitialization, link);

        state->object->DriverExtension->Count = ++state->reinitialize_count;
        KE_CALL(entry->routine, KE_ARG(state->object), KE_ARG(entry->context),
                state->reinitialize_count);
        free(entry);
    }
}

/* After DriverEntry the I/O manager fills slots that the driver cleared, and clears
 * DO_DEVICE_INITIALIZING of the devices that it made there. */
static void finish_initialization(struct io_driver *state)
{
    PDRIVER_OBJECT driver = state->object;
    PDEVICE_OBJECT device;
    size_t i;

    for (i = 0; i < ARRAY_LEN(driver->MajorFunction); i++) {
        if (driver->MajorFunction[i] == NULL)
            driver->MajorFunction[i] = state->io->invalid_request;
    }
    for (device = driver->DeviceObject; device != NULL; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    driver->Flags |= DRVO_INITIALIZED;
}

NTSTATUS io_driver_initialize(PDRIVER_OBJECT driver)
{
    struct io_driver *state = state_of(driver);
    struct io *io = state->io;
    NTSTATUS status;

    if (cm_make_key(cm_of(io->ke), CM_SERVICES) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (driver->DriverInit == NULL)
        return STATUS_SUCCESS;
    status = (NTSTATUS)KE_CALL(driver->DriverInit, KE_ARG(driver),
                               KE_ARG(&block_of(driver)->registry_path));
    if (!NT_SUCCESS(status)) {
        io_driver_end(driver);
        return status;
    }
    finish_initialization(state);
    reinitialize(state);
    return STATUS_SUCCESS;
}

static bool has_deleted_devices(const struct io_driver *state)
{
    const struct io_device *device;

    list_for_each_entry(device, &state->io->devices, link) {
        if (device->driver == state && device->deleted)
            return true;
    }
    return false;
}

/* A device object that was deleted lives on while it is referenced, above all by a work item that
 * is queued or runs, and its driver's image with it: that is what these references are for
 * (ExInitializeWorkItem). Test: "a driver's image outlives its work items".
 * UNDOC: after ten seconds the reference is taken for forgotten. */
static void wait_for_devices(const struct io_driver *state)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};

    for (unsigned i = 0; i < 10000 && has_deleted_devices(state); i++)
        KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
}

NTSTATUS io_driver_unload(PDRIVER_OBJECT driver)
{
    if (driver->DriverUnload == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    driver->Flags |= DRVO_UNLOAD_INVOKED;
    KE_CALL(driver->DriverUnload, KE_ARG(driver));
    wait_for_devices(state_of(driver));
    io_driver_end(driver);
    return STATUS_SUCCESS;
}

/* ---- Extensions ------------------------------------------------------------------------------ */

static struct extension *find_extension(struct io_driver *state, PVOID client)
{
    struct extension *extension;

    list_for_each_entry(extension, &state->extensions, link) {
        if (extension->client == client)
            return extension;
    }
    return NULL;
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT driver, PVOID client, ULONG bytes,
                                               PVOID *out)
{
    struct io_driver *state = state_of(driver);
    struct extension *extension;

    *out = NULL;
    if (find_extension(state, client) != NULL)
        return STATUS_OBJECT_NAME_COLLISION;
    extension = calloc(1, sizeof *extension);
    if (extension == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    extension->memory = ExAllocatePoolWithTag(NonPagedPool, bytes, IO_TAG_DRIVER);
    if (extension->memory == NULL) {
        free(extension);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memset(extension->memory, 0, bytes);
    extension->client = client;
    list_insert_tail(&state->extensions, &extension->link);
    *out = extension->memory;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT driver, PVOID client)
{
    struct extension *extension = find_extension(state_of(driver), client);

    return extension != NULL ? extension->memory : NULL;
}

/* Routines run once, right after DriverEntry: there is no other driver to wait for. One that
 * registers itself again runs again with a higher count. */
void NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine,
                                            PVOID context)
{
    struct reinitialization *entry = calloc(1, sizeof *entry);

    weir_assert(entry != NULL);
    entry->routine = routine;
    entry->context = context;
    list_insert_tail(&state_of(driver)->reinitializations, &entry->link);
    driver->Flags |= DRVO_REINIT_REGISTERED;
}

void NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT driver,
                                                PDRIVER_REINITIALIZE routine, PVOID context)
{
    IoRegisterDriverReinitialization(driver, routine, context);
}
