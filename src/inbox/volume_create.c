/* SPDX-License-Identifier: MIT */
/* Opening, and what ends it ("ZwCreateFile"). CLEANUP comes with the last handle: shares go, and a
 * file whose deletion is pending vanishes with the last of them. CLOSE comes when nothing refers to
 * the file object. */
#include <stdlib.h>

#include "inbox/volume.h"

#define WRITES (FILE_WRITE_DATA | FILE_APPEND_DATA)
#define SYNCHRONOUS (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)

struct request {
    struct inbox_volume *volume;
    PFILE_OBJECT file;
    ACCESS_MASK access;
    ULONG share, disposition, options, attributes;
};

static ACCESS_MASK specific(ACCESS_MASK access)
{
    ACCESS_MASK out = access & 0x001FFFFF;

    if (access & GENERIC_READ)
        out |= FILE_GENERIC_READ;
    if (access & GENERIC_WRITE)
        out |= FILE_GENERIC_WRITE;
    if (access & GENERIC_EXECUTE)
        out |= FILE_GENERIC_EXECUTE;
    if (access & (GENERIC_ALL | MAXIMUM_ALLOWED))
        out |= FILE_ALL_ACCESS;
    return out;
}

static bool makes(ULONG disposition)
{
    return disposition != FILE_OPEN && disposition != FILE_OVERWRITE;
}

static bool replaces(ULONG disposition)
{
    return disposition == FILE_SUPERSEDE || disposition == FILE_OVERWRITE ||
           disposition == FILE_OVERWRITE_IF;
}

/* "ZwCreateFile", CreateOptions: what excludes what, and which access is wanted for it. */
static NTSTATUS check(const struct request *r)
{
    if (r->disposition > FILE_MAXIMUM_DISPOSITION || (r->share & ~(ULONG)FILE_SHARE_VALID_FLAGS))
        return STATUS_INVALID_PARAMETER;
    if ((r->options & FILE_DIRECTORY_FILE) &&
        ((r->options & FILE_NON_DIRECTORY_FILE) || replaces(r->disposition)))
        return STATUS_INVALID_PARAMETER;
    if ((r->options & SYNCHRONOUS) == SYNCHRONOUS)
        return STATUS_INVALID_PARAMETER;
    if ((r->options & SYNCHRONOUS) && !(r->access & SYNCHRONIZE))
        return STATUS_INVALID_PARAMETER;
    if ((r->options & FILE_DELETE_ON_CLOSE) && !(r->access & DELETE))
        return STATUS_INVALID_PARAMETER;
    if ((r->options & FILE_NO_INTERMEDIATE_BUFFERING) &&
        (r->access & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA)
        return STATUS_INVALID_PARAMETER;
    if (r->options & FILE_OPEN_BY_FILE_ID)
        return STATUS_NOT_IMPLEMENTED;
    return STATUS_SUCCESS;
}

static NTSTATUS find(const struct request *r, struct volume_place *out)
{
    struct volume_node *start = r->volume->root;
    const UNICODE_STRING *name = &r->file->FileName;

    if (r->file->RelatedFileObject != NULL) {
        struct volume_open *related = volume_open_of(r->volume, r->file->RelatedFileObject);

        if (related == NULL)
            return STATUS_INVALID_PARAMETER;
        start = related->node;
        if (name->Length != 0 && name->Buffer[0] == '\\')
            return STATUS_OBJECT_NAME_INVALID; /* relative names begin with none */
    } else if (name->Length == 0) {
        return STATUS_ACCESS_DENIED; /* the volume itself, to which nobody writes by sectors */
    }
    return volume_find(start, name->Buffer, name->Length / sizeof(WCHAR), out);
}

/* ---- What is there --------------------------------------------------------------------------- */

static NTSTATUS check_kind(const struct request *r, const struct volume_place *place)
{
    const struct volume_node *node = place->node;

    if (node->directory && (r->options & FILE_NON_DIRECTORY_FILE))
        return STATUS_FILE_IS_A_DIRECTORY;
    if (node->directory && replaces(r->disposition))
        return STATUS_FILE_IS_A_DIRECTORY;
    if (!node->directory && (r->options & FILE_DIRECTORY_FILE))
        return STATUS_NOT_A_DIRECTORY;
    if (!node->directory && place->wants_directory)
        return STATUS_OBJECT_NAME_INVALID;
    if (node->delete_pending)
        return STATUS_DELETE_PENDING;
    if ((node->attributes & FILE_ATTRIBUTE_READONLY) && !node->directory &&
        ((r->access & WRITES) || replaces(r->disposition)))
        return STATUS_ACCESS_DENIED;
    if ((node->attributes & FILE_ATTRIBUTE_READONLY) && (r->options & FILE_DELETE_ON_CLOSE))
        return STATUS_CANNOT_DELETE;
    return STATUS_SUCCESS;
}

/* Replacing what is there counts as writing to it, superseding it as deleting it. */
static ACCESS_MASK shared_access(const struct request *r)
{
    ACCESS_MASK access = r->access;

    if (replaces(r->disposition))
        access |= FILE_WRITE_DATA;
    if (r->disposition == FILE_SUPERSEDE)
        access |= DELETE;
    return access;
}

static NTSTATUS open_present(const struct request *r, struct volume_place *place,
                             ULONG_PTR *information)
{
    struct volume_node *node = place->node;
    NTSTATUS status = check_kind(r, place);

    if (r->disposition == FILE_CREATE) {
        *information = FILE_EXISTS;
        return STATUS_OBJECT_NAME_COLLISION;
    }
    if (!NT_SUCCESS(status))
        return status;
    status = IoCheckShareAccess(shared_access(r), r->share, r->file, &node->share, FALSE);
    if (!NT_SUCCESS(status))
        return status;
    (void)IoCheckShareAccess(r->access, r->share, r->file, &node->share, TRUE);
    *information = FILE_OPENED;
    if (!replaces(r->disposition))
        return STATUS_SUCCESS;
    (void)volume_resize(r->volume, node, 0);
    node->attributes = r->disposition == FILE_SUPERSEDE ? r->attributes
                                                        : node->attributes | r->attributes;
    volume_touch(node);
    *information = r->disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
    return STATUS_SUCCESS;
}

/* ---- What is not ----------------------------------------------------------------------------- */

static NTSTATUS make(const struct request *r, struct volume_place *place, ULONG_PTR *information)
{
    bool directory = (r->options & FILE_DIRECTORY_FILE) != 0;

    *information = FILE_DOES_NOT_EXIST;
    if (!makes(r->disposition))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (place->wants_directory && !directory)
        return STATUS_OBJECT_NAME_INVALID;
    if (place->parent->delete_pending)
        return STATUS_DELETE_PENDING;
    place->node = volume_node_create(r->volume, place->parent, place->name, place->chars,
                                     directory);
    if (place->node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    place->node->changed_here = true;
    place->node->attributes = r->attributes | (directory ? 0 : FILE_ATTRIBUTE_ARCHIVE);
    IoSetShareAccess(r->access, r->share, r->file, &place->node->share);
    *information = FILE_CREATED;
    return STATUS_SUCCESS;
}

static NTSTATUS note_open(const struct request *r, struct volume_node *node)
{
    struct volume_open *open = calloc(1, sizeof *open);

    if (open == NULL || map_set(&r->volume->opens, (uint64_t)(uintptr_t)r->file, open) != 0) {
        free(open);
        IoRemoveShareAccess(r->file, &node->share);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list_insert_tail(&r->volume->open_list, &open->link);
    open->node = node;
    open->access = r->access;
    open->options = r->options;
    open->delete_on_close = (r->options & FILE_DELETE_ON_CLOSE) != 0;
    node->opens++;
    node->files++;
    return STATUS_SUCCESS;
}

NTSTATUS volume_create(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG options = stack->Parameters.Create.Options;
    struct request request = {
        .volume = volume,
        .file = stack->FileObject,
        .access = specific(stack->Parameters.Create.SecurityContext->DesiredAccess),
        .share = stack->Parameters.Create.ShareAccess,
        .disposition = options >> 24,
        .options = options & 0xFFFFFF,
        .attributes = stack->Parameters.Create.FileAttributes &
                      (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM |
                       FILE_ATTRIBUTE_ARCHIVE),
    };
    struct volume_place place;
    NTSTATUS status = check(&request);

    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status))
        return status;
    status = find(&request, &place);
    if (NT_SUCCESS(status))
        status = open_present(&request, &place, &irp->IoStatus.Information);
    else if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        status = make(&request, &place, &irp->IoStatus.Information);
    return NT_SUCCESS(status) ? note_open(&request, place.node) : status;
}

/* ---- The end --------------------------------------------------------------------------------- */

NTSTATUS volume_cleanup(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    struct volume_node *node;

    (void)irp;
    if (open == NULL || open->cleaned_up)
        return STATUS_SUCCESS;
    node = open->node;
    open->cleaned_up = true;
    IoRemoveShareAccess(stack->FileObject, &node->share);
    if (open->delete_on_close)
        (void)volume_set_disposition(node, DELETE, true);
    if (--node->opens == 0 && node->delete_pending && !node->deleted)
        volume_unlink(volume, node);
    return STATUS_SUCCESS;
}

NTSTATUS volume_close(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);

    if (open == NULL)
        return STATUS_SUCCESS;
    (void)volume_cleanup(volume, irp, stack);
    map_remove(&volume->opens, (uint64_t)(uintptr_t)stack->FileObject);
    if (--open->node->files == 0 && open->node->deleted)
        volume_node_free(volume, open->node);
    list_remove(&open->link);
    free(open->pattern);
    free(open);
    return STATUS_SUCCESS;
}
