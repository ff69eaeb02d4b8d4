/* SPDX-License-Identifier: MIT */
/* Object headers of drivers that make their files themselves: the file's FsContext points at a
 * structure whose first word is the header, and the header knows the driver's dispatch table, the
 * create items of sub-objects, a device that requests are forwarded to, and a routine for power.
 * KsAllocateObjectHeader; KsSetTargetDeviceObject; KsSetTargetState; KsSetPowerDispatch.
 * UNDOC: a header allocated on a device without a device header. It works, but has no targets and
 * hears of no power. */
#include "ks/device.h"
#include "ks/file.h"
#include "ks/room.h"

static struct ks_file *foreign_of(KSOBJECT_HEADER header)
{
    struct ks_file *file = header;

    if (!ks_file_is_live(file))
        ks_not_an_object(header);
    return file;
}

static void join_device(struct ks_file *file, PDEVICE_OBJECT device)
{
    struct ks_device_header *header = ks_header_of_object(device);
    KIRQL irql;

    InitializeListHead(&file->header_link);
    file->header = header;
    if (header == NULL)
        return;
    KeAcquireSpinLock(&header->lock, &irql);
    InsertTailList(&header->objects, &file->header_link);
    KeReleaseSpinLock(&header->lock, irql);
}

static void leave_device(struct ks_file *file)
{
    KIRQL irql;

    if (file->header == NULL)
        return;
    KeAcquireSpinLock(&file->header->lock, &irql);
    RemoveEntryList(&file->header_link);
    KeReleaseSpinLock(&file->header->lock, irql);
}

NTSTATUS NTAPI KsAllocateObjectHeader(KSOBJECT_HEADER *Header, ULONG ItemsCount,
                                      PKSOBJECT_CREATE_ITEM ItemsList, PIRP Irp,
                                      const KSDISPATCH_TABLE *Table)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID context = stack->FileObject->FsContext;
    struct ks_file *file = ks_allocate(sizeof *file);
    NTSTATUS status;

    if (file == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_file_init(file, KS_FILE_FOREIGN, NULL, Irp);
    stack->FileObject->FsContext = context; /* the driver's own, whose first word is the header */
    file->table = Table;
    ks_create_list_init(&file->items);
    join_device(file, stack->DeviceObject);
    status = ks_create_list_add_all(&file->items, ItemsCount, ItemsList);
    if (!NT_SUCCESS(status)) {
        KsFreeObjectHeader(file);
        return status;
    }
    *Header = file;
    return STATUS_SUCCESS;
}

void NTAPI KsFreeObjectHeader(KSOBJECT_HEADER Header)
{
    struct ks_file *file = foreign_of(Header);

    leave_device(file);
    ks_create_list_fini(&file->items);
    ks_file_fini(file);
    ks_free(file);
}

NTSTATUS NTAPI KsAddObjectCreateItemToObjectHeader(KSOBJECT_HEADER Header, PDRIVER_DISPATCH Create,
                                                   PVOID Context, PWSTR ObjectClass,
                                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KSOBJECT_CREATE_ITEM item = {
        .Create = Create, .Context = Context, .SecurityDescriptor = SecurityDescriptor};

    RtlInitUnicodeString(&item.ObjectClass, ObjectClass);
    return ks_create_list_fill(&foreign_of(Header)->items, &item);
}

PKSOBJECT_CREATE_ITEM NTAPI KsQueryObjectCreateItem(KSOBJECT_HEADER Header)
{
    return foreign_of(Header)->create_item;
}

ACCESS_MASK NTAPI KsQueryObjectAccessMask(KSOBJECT_HEADER Header)
{
    return foreign_of(Header)->access;
}

/* ---- Targets and power ----------------------------------------------------------------------- */

void NTAPI KsSetTargetDeviceObject(KSOBJECT_HEADER Header, PDEVICE_OBJECT TargetDevice)
{
    struct ks_file *file = foreign_of(Header);

    file->target = TargetDevice;
    file->target_state = KSTARGET_STATE_DISABLED;
}

void NTAPI KsSetTargetState(KSOBJECT_HEADER Header, KSTARGET_STATE TargetState)
{
    foreign_of(Header)->target_state = TargetState;
}

void NTAPI KsSetPowerDispatch(KSOBJECT_HEADER Header, PFNKSCONTEXT_DISPATCH PowerDispatch,
                              PVOID PowerContext)
{
    struct ks_file *file = foreign_of(Header);

    file->power = PowerDispatch;
    file->power_context = PowerContext;
}
