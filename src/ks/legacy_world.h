/* SPDX-License-Identifier: MIT */
/* For tests of what drivers call outside AVStream: a driver of the older style on the world's card.
 * It makes its device object and header itself, opens "Legacy" and "Legacy\..." by create items,
 * routes everything else through KsDispatchIrp, and leaves PnP and power to KS. What its file does
 * with a request, the test says. */
#ifndef WEIR_KS_LEGACY_WORLD_H
#define WEIR_KS_LEGACY_WORLD_H

#include "ks/ks_world.h"

enum { LEGACY_ITEMS = 4 };

struct legacy {
    PDEVICE_OBJECT functional, next;
    KSOBJECT_CREATE_ITEM items[LEGACY_ITEMS]; /* of the device; the first is "Legacy" */
    KSOBJECT_CREATE_ITEM children[LEGACY_ITEMS]; /* of its files */
    ULONG child_count;
    KSDISPATCH_TABLE table;
    KSOBJECT_HEADER header; /* of the newest file */
    /* The driver's answer to a request on its files; completed with what it returns, unless that is
     * STATUS_PENDING. */
    NTSTATUS (*control)(PIRP irp);
    bool sent_on; /* set by control: the IRP is no longer ours to complete */
    NTSTATUS (*transfer)(PIRP irp);
    FAST_IO_DISPATCH fast;
    UNICODE_STRING link;
};

static struct legacy legacy;

struct legacy_file {
    KSOBJECT_HEADER header; /* first */
};

static inline NTSTATUS legacy_finish(PIRP irp, NTSTATUS status)
{
    if (status == STATUS_PENDING)
        return status;
    irp->IoStatus.Status = status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI legacy_create(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    struct legacy_file *context = ExAllocatePoolWithTag(NonPagedPool, sizeof *context, 'tseT');
    NTSTATUS status;

    (void)device;
    assert_non_null(context);
    world_note("Create");
    file->FsContext = context;
    status = KsAllocateObjectHeader(&context->header, legacy.child_count,
                                    legacy.child_count != 0 ? legacy.children : NULL, irp,
                                    &legacy.table);
    if (NT_SUCCESS(status))
        legacy.header = context->header;
    else
        ExFreePoolWithTag(context, 'tseT');
    return legacy_finish(irp, status);
}

static NTSTATUS NTAPI legacy_close(PDEVICE_OBJECT device, PIRP irp)
{
    struct legacy_file *context = IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext;

    (void)device;
    world_note("Close");
    KsFreeObjectHeader(context->header);
    ExFreePoolWithTag(context, 'tseT');
    return legacy_finish(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI legacy_control(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;

    (void)device;
    legacy.sent_on = false;
    if (legacy.control != NULL)
        status = legacy.control(irp);
    if (!legacy.sent_on)
        return legacy_finish(irp, status);
    legacy.sent_on = false;
    return status;
}

static NTSTATUS NTAPI legacy_transfer(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return legacy_finish(irp, legacy.transfer != NULL ? legacy.transfer(irp)
                                                      : STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS NTAPI legacy_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    UNICODE_STRING reference = RTL_CONSTANT_STRING(u"Legacy");
    KSDEVICE_HEADER *header;

    assert_int_equal(IoCreateDevice(driver, sizeof *header, NULL, FILE_DEVICE_KS, 0, FALSE,
                                    &legacy.functional), STATUS_SUCCESS);
    header = legacy.functional->DeviceExtension;
    assert_int_equal(KsAllocateDeviceHeader(header, LEGACY_ITEMS, legacy.items), STATUS_SUCCESS);
    legacy.next = IoAttachDeviceToDeviceStack(legacy.functional, physical);
    assert_non_null(legacy.next);
    KsSetDevicePnpAndBaseObject(*header, legacy.next, legacy.functional);
    legacy.functional->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return IoRegisterDeviceInterface(physical, &KSCATEGORY_CAPTURE, &reference, &legacy.link);
}

static NTSTATUS NTAPI legacy_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    static const ULONG majors[] = {IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_READ,
                                   IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS, IRP_MJ_QUERY_SECURITY,
                                   IRP_MJ_SET_SECURITY};

    (void)path;
    for (unsigned i = 0; i < ARRAY_LEN(majors); i++)
        assert_int_equal(KsSetMajorFunctionHandler(driver, majors[i]), STATUS_SUCCESS);
    driver->MajorFunction[IRP_MJ_PNP] = KsDefaultDispatchPnp;
    driver->MajorFunction[IRP_MJ_POWER] = KsDefaultDispatchPower;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = KsDefaultForwardIrp;
    driver->DriverExtension->AddDevice = legacy_add;
    driver->DriverUnload = KsNullDriverUnload;
    return STATUS_SUCCESS;
}

static inline PVOID legacy_device_header(void)
{
    return *(PVOID *)legacy.functional->DeviceExtension;
}

static inline KSOBJECT_CREATE_ITEM legacy_item(PWSTR class, ULONG flags)
{
    KSOBJECT_CREATE_ITEM item = {.Create = legacy_create, .Flags = flags};

    RtlInitUnicodeString(&item.ObjectClass, class);
    return item;
}

/* Tests set legacy's other fields before it. */
static inline void legacy_begin(void)
{
    legacy.items[0] = legacy_item(u"Legacy", 0);
    legacy.table = (KSDISPATCH_TABLE){.DeviceIoControl = legacy_control,
                                      .Read = legacy_transfer,
                                      .Write = legacy_transfer,
                                      .Flush = KsDispatchInvalidDeviceRequest,
                                      .Close = legacy_close,
                                      .QuerySecurity = KsDispatchQuerySecurity,
                                      .SetSecurity = KsDispatchSetSecurity};
    assert_int_equal(
        io_driver_create(world->io, "legacy", 0, 0, KE_ARG(legacy_entry), &world->driver),
        STATUS_SUCCESS);
    assert_int_equal(io_driver_initialize(world->driver), STATUS_SUCCESS);
    assert_int_equal(inbox_pci_pdo(world->inbox, world->slot, &world->pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_add_device(world->pnp, world->driver, world->pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&legacy.link, TRUE), STATUS_SUCCESS);
}

static inline void legacy_end(void)
{
    assert_int_equal(IoSetDeviceInterfaceState(&legacy.link, FALSE), STATUS_SUCCESS);
    RtlFreeUnicodeString(&legacy.link);
    world_unload();
    legacy = (struct legacy){0};
}

static inline NTSTATUS legacy_try_open(PFILE_OBJECT parent, const UNICODE_STRING *name,
                                       PFILE_OBJECT *out)
{
    return io_file_open(world->io, parent, name, FILE_READ_DATA | FILE_WRITE_DATA, out);
}

static inline PFILE_OBJECT legacy_open(void)
{
    PFILE_OBJECT file;

    assert_int_equal(legacy_try_open(NULL, &legacy.link, &file), STATUS_SUCCESS);
    return file;
}

/* A request as an application sends it, with both buffers in the user window. */
static inline NTSTATUS legacy_request(PFILE_OBJECT file, ULONG code, const void *request,
                                      ULONG request_bytes, void *data, ULONG data_bytes,
                                      ULONG_PTR *information)
{
    uint64_t data_va;
    uint64_t va;
    ULONG_PTR ignored;
    NTSTATUS status;

    assert_int_equal(mm_user_allocate(world->mm, request_bytes + data_bytes + 16, 0, &va), 0);
    data_va = va + ALIGN_UP_BY(request_bytes, 8);
    if (request_bytes != 0)
        assert_true(mm_copy_to_va(world->mm, va, request, request_bytes));
    if (data_bytes != 0)
        assert_true(mm_copy_to_va(world->mm, data_va, data, data_bytes));
    status = io_file_control_wait(file, code, va, request_bytes, data_bytes != 0 ? data_va : 0,
                                  data_bytes, information != NULL ? information : &ignored);
    if (data_bytes != 0)
        assert_true(mm_copy_from_va(world->mm, data, data_va, data_bytes));
    mm_user_free(world->mm, va);
    return status;
}

#endif
