/* SPDX-License-Identifier: MIT */
/* From IRPs and file objects back to AVStream objects. Handlers get an IRP and ask whose it is;
 * node requests come either on a node's own file or on the filter's or pin's with the TOPOLOGY
 * flag. KsGetFilterFromIrp; KsGetPinFromIrp; KsGetNodeIdFromIrp; KsGetObjectFromFileObject. */
#include "ks/file.h"

#include "ks/events.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"
#include "ks/user.h"

static const uint64_t file_magic = 0x6b7366696c652121u;

void ks_file_init(struct ks_file *file, enum ks_file_kind kind, struct ks_object *object, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PIO_SECURITY_CONTEXT security = stack->Parameters.Create.SecurityContext;

    file->self = file;
    file->magic = file_magic;
    file->kind = kind;
    file->object = object;
    file->events = object != NULL ? &object->events : NULL;
    file->node_id = KSFILTER_NODE;
    file->access = security != NULL ? security->DesiredAccess : 0;
    file->create_item = KSCREATE_ITEM_IRP_STORAGE(irp);
    stack->FileObject->FsContext = file;
}

void ks_file_fini(struct ks_file *file)
{
    file->magic = 0;
}

bool ks_file_is_live(const struct ks_file *file)
{
    return file != NULL && file->magic == file_magic;
}

struct ks_file *ks_file_of(PFILE_OBJECT file_object)
{
    struct ks_file *file;

    if (file_object == NULL || file_object->FsContext == NULL)
        return NULL;
    file = *(struct ks_file **)file_object->FsContext;
    return ks_file_is_live(file) ? file : NULL;
}

struct ks_file *ks_file_of_irp(PIRP irp)
{
    return ks_file_of(IoGetCurrentIrpStackLocation(irp)->FileObject);
}

/* The filter or pin of the IRP's file, whatever kind of file it is. */
static struct ks_object *object_of_irp(PIRP irp)
{
    struct ks_file *file = ks_file_of_irp(irp);

    return file != NULL ? file->object : NULL;
}

PKSFILTER NTAPI KsGetFilterFromIrp(PIRP Irp)
{
    struct ks_object *object = object_of_irp(Irp);

    if (object == NULL)
        return NULL;
    if (object->type == KsObjectTypePin)
        object = object->parent;
    return object->type == KsObjectTypeFilter ? object->public : NULL;
}

PKSPIN NTAPI KsGetPinFromIrp(PIRP Irp)
{
    struct ks_object *object = object_of_irp(Irp);

    return object != NULL && object->type == KsObjectTypePin ? object->public : NULL;
}

ULONG NTAPI KsGetNodeIdFromIrp(PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    struct ks_file *file = ks_file_of_irp(Irp);
    KSP_NODE request;

    if (file != NULL && file->kind == KS_FILE_NODE)
        return file->node_id;
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL ||
        stack->Parameters.DeviceIoControl.InputBufferLength < sizeof request ||
        !NT_SUCCESS(ks_user_read(Irp->RequestorMode, &request,
                                 stack->Parameters.DeviceIoControl.Type3InputBuffer,
                                 sizeof request)))
        return KSFILTER_NODE;
    return (request.Property.Flags & KSPROPERTY_TYPE_TOPOLOGY) != 0 ? request.NodeId
                                                                    : KSFILTER_NODE;
}

KSOBJECTTYPE NTAPI KsGetObjectTypeFromFileObject(PFILE_OBJECT FileObject)
{
    struct ks_file *file = ks_file_of(FileObject);

    if (file == NULL || file->object == NULL)
        ks_not_an_object(FileObject);
    return file->object->type;
}

PVOID NTAPI KsGetObjectFromFileObject(PFILE_OBJECT FileObject)
{
    struct ks_file *file = ks_file_of(FileObject);

    return file != NULL && file->object != NULL ? file->object->public : NULL;
}

KSOBJECTTYPE NTAPI KsGetObjectTypeFromIrp(PIRP Irp)
{
    return KsGetObjectTypeFromFileObject(IoGetCurrentIrpStackLocation(Irp)->FileObject);
}
