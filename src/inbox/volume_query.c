/* SPDX-License-Identifier: MIT */
/* What a file tells of itself and lets be changed ("ZwQueryInformationFile",
 * "ZwSetInformationFile"). A buffer too small for the fixed part gets STATUS_INFO_LENGTH_MISMATCH,
 * one too small for the name a part of it and STATUS_BUFFER_OVERFLOW. A class that exists but is
 * not for this file system gets STATUS_INVALID_PARAMETER. */
#include <stddef.h>
#include <string.h>

#include "inbox/volume.h"
#include "rtl/rtl.h"

ULONG volume_attributes(const struct volume_node *node)
{
    ULONG attributes = node->attributes | (node->directory ? FILE_ATTRIBUTE_DIRECTORY : 0);

    return attributes != 0 ? attributes : FILE_ATTRIBUTE_NORMAL;
}

uint64_t volume_allocated(const struct volume_node *node)
{
    return bits_align_up(node->size_bytes, VOLUME_CLUSTER_BYTES);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static FILE_BASIC_INFORMATION basic_of(const struct volume_node *node)
{
    return (FILE_BASIC_INFORMATION){node->created, node->accessed, node->written, node->changed,
                                    volume_attributes(node)};
}

static FILE_STANDARD_INFORMATION standard_of(const struct volume_node *node)
{
    return (FILE_STANDARD_INFORMATION){
        .AllocationSize.QuadPart = (LONGLONG)volume_allocated(node),
        .EndOfFile.QuadPart = (LONGLONG)node->size_bytes,
        .NumberOfLinks = node->delete_pending ? 0 : 1,
        .DeletePending = node->delete_pending,
        .Directory = node->directory,
    };
}

static FILE_NETWORK_OPEN_INFORMATION network_of(const struct volume_node *node)
{
    return (FILE_NETWORK_OPEN_INFORMATION){
        .CreationTime = node->created, .LastAccessTime = node->accessed,
        .LastWriteTime = node->written, .ChangeTime = node->changed,
        .AllocationSize.QuadPart = (LONGLONG)volume_allocated(node),
        .EndOfFile.QuadPart = (LONGLONG)node->size_bytes,
        .FileAttributes = volume_attributes(node),
    };
}

static ULONG mode_of(const struct volume_open *open)
{
    return open->options & (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY |
                            FILE_NO_INTERMEDIATE_BUFFERING | FILE_SYNCHRONOUS_IO_ALERT |
                            FILE_SYNCHRONOUS_IO_NONALERT | FILE_DELETE_ON_CLOSE);
}

static size_t path_chars(const struct volume_node *node)
{
    if (node->parent == NULL)
        return node->deleted ? node->name_chars : 0;
    return path_chars(node->parent) + 1 + node->name_chars;
}

/* From the back, so that each part is copied once; room chars at most are written. */
static void put_path(const struct volume_node *node, WCHAR *to, size_t room)
{
    size_t end = path_chars(node);

    if (end == 0 && room > 0)
        to[0] = '\\'; /* the root */
    for (; node->parent != NULL; node = node->parent) {
        size_t begin = end - node->name_chars;

        for (size_t i = begin; i < end && i < room; i++)
            to[i] = node->name[i - begin];
        if (begin - 1 < room)
            to[begin - 1] = '\\';
        end = begin - 1;
    }
}

/* A FILE_NAME_INFORMATION at the end of an answer; *used is its start and becomes its end. */
static NTSTATUS put_name(const struct volume_node *node, UCHAR *to, ULONG length, ULONG *used)
{
    size_t chars = path_chars(node) == 0 ? 1 : path_chars(node);
    ULONG bytes = (ULONG)(chars * sizeof(WCHAR)), room;

    memcpy(to + *used, &bytes, sizeof bytes);
    *used += sizeof bytes;
    room = (length - *used) / sizeof(WCHAR) * sizeof(WCHAR);
    put_path(node, (WCHAR *)(void *)(to + *used), room / sizeof(WCHAR));
    *used += bytes < room ? bytes : room;
    return bytes <= room ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS query_all(const struct volume_open *open, PFILE_OBJECT file, UCHAR *to,
                          ULONG length, ULONG *used)
{
    FILE_ALL_INFORMATION all = {
        .BasicInformation = basic_of(open->node),
        .StandardInformation = standard_of(open->node),
        .InternalInformation.IndexNumber.QuadPart = (LONGLONG)open->node->number,
        .AccessInformation.AccessFlags = open->access,
        .PositionInformation.CurrentByteOffset = file->CurrentByteOffset,
        .ModeInformation.Mode = mode_of(open),
    };

    memcpy(to, &all, offsetof(FILE_ALL_INFORMATION, NameInformation));
    *used = offsetof(FILE_ALL_INFORMATION, NameInformation);
    return put_name(open->node, to, length, used);
}

union answer {
    FILE_BASIC_INFORMATION basic;
    FILE_STANDARD_INFORMATION standard;
    FILE_INTERNAL_INFORMATION internal;
    FILE_EA_INFORMATION ea;
    FILE_ACCESS_INFORMATION access;
    FILE_POSITION_INFORMATION position;
    FILE_MODE_INFORMATION mode;
    FILE_ALIGNMENT_INFORMATION alignment;
    FILE_NETWORK_OPEN_INFORMATION network;
    FILE_ATTRIBUTE_TAG_INFORMATION tag;
};

static ULONG fixed_answer(const struct volume_open *open, PFILE_OBJECT file,
                          FILE_INFORMATION_CLASS class, union answer *answer)
{
    const struct volume_node *node = open->node;

    memset(answer, 0, sizeof *answer);
    switch (class) {
    case FileBasicInformation: answer->basic = basic_of(node); return sizeof answer->basic;
    case FileStandardInformation:
        answer->standard = standard_of(node);
        return sizeof answer->standard;
    case FileInternalInformation:
        answer->internal.IndexNumber.QuadPart = (LONGLONG)node->number;
        return sizeof answer->internal;
    case FileEaInformation: return sizeof answer->ea;
    case FileAccessInformation:
        answer->access.AccessFlags = open->access;
        return sizeof answer->access;
    case FilePositionInformation:
        answer->position.CurrentByteOffset = file->CurrentByteOffset;
        return sizeof answer->position;
    case FileModeInformation: answer->mode.Mode = mode_of(open); return sizeof answer->mode;
    case FileAlignmentInformation: return sizeof answer->alignment;
    case FileNetworkOpenInformation:
        answer->network = network_of(node);
        return sizeof answer->network;
    case FileAttributeTagInformation:
        answer->tag.FileAttributes = volume_attributes(node);
        return sizeof answer->tag;
    default: return 0;
    }
}

/* "FILE_BASIC_INFORMATION" and others: the caller must have opened the file with this access. */
static bool may_ask(const struct volume_open *open, FILE_INFORMATION_CLASS class)
{
    if (class == FileBasicInformation || class == FileAllInformation ||
        class == FileNetworkOpenInformation || class == FileAttributeTagInformation)
        return open->access & FILE_READ_ATTRIBUTES;
    return true;
}

static NTSTATUS answer_query(const struct volume_open *open, PFILE_OBJECT file,
                             FILE_INFORMATION_CLASS class, UCHAR *to, ULONG length, ULONG *used)
{
    union answer answer;
    ULONG bytes = fixed_answer(open, file, class, &answer);

    if (!may_ask(open, class))
        return STATUS_ACCESS_DENIED;
    if (class == FileNameInformation || class == FileNormalizedNameInformation)
        return length < sizeof(FILE_NAME_INFORMATION) ? STATUS_INFO_LENGTH_MISMATCH
                                                      : put_name(open->node, to, length, used);
    if (class == FileAllInformation)
        return length < sizeof(FILE_ALL_INFORMATION) ? STATUS_INFO_LENGTH_MISMATCH
                                                     : query_all(open, file, to, length, used);
    if (bytes == 0)
        return STATUS_INVALID_PARAMETER;
    if (length < bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    memcpy(to, &answer, bytes);
    *used = bytes;
    return STATUS_SUCCESS;
}

NTSTATUS volume_query(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    ULONG used = 0;
    NTSTATUS status;

    irp->IoStatus.Information = 0;
    if (open == NULL)
        return STATUS_FILE_CLOSED;
    status = answer_query(open, stack->FileObject, stack->Parameters.QueryFile.FileInformationClass,
                          irp->AssociatedIrp.SystemBuffer, stack->Parameters.QueryFile.Length,
                          &used);
    irp->IoStatus.Information = used;
    return status;
}

/* ---- Changing -------------------------------------------------------------------------------- */

/* 0 leaves a time, -1 says that what follows is not to change it, which nothing here does. */
static void set_time(LARGE_INTEGER *to, const LARGE_INTEGER *from)
{
    if (from->QuadPart > 0)
        *to = *from;
}

static NTSTATUS set_basic(struct volume_open *open, const FILE_BASIC_INFORMATION *from)
{
    struct volume_node *node = open->node;

    if (!(open->access & FILE_WRITE_ATTRIBUTES))
        return STATUS_ACCESS_DENIED;
    if ((from->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) && !node->directory)
        return STATUS_INVALID_PARAMETER;
    set_time(&node->created, &from->CreationTime);
    set_time(&node->accessed, &from->LastAccessTime);
    set_time(&node->written, &from->LastWriteTime);
    set_time(&node->changed, &from->ChangeTime);
    if (from->FileAttributes != 0)
        node->attributes = from->FileAttributes &
                           (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN |
                            FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE |
                            FILE_ATTRIBUTE_TEMPORARY);
    return STATUS_SUCCESS;
}

NTSTATUS volume_set_disposition(struct volume_node *node, ACCESS_MASK access, bool deletes)
{
    if (!(access & DELETE))
        return STATUS_ACCESS_DENIED;
    if (deletes && (node->parent == NULL || (node->attributes & FILE_ATTRIBUTE_READONLY)))
        return STATUS_CANNOT_DELETE;
    if (deletes && node->children.count != 0)
        return STATUS_DIRECTORY_NOT_EMPTY;
    node->delete_pending = deletes;
    return STATUS_SUCCESS;
}

static NTSTATUS set_size(struct inbox_volume *volume, struct volume_open *open, LONGLONG bytes,
                         bool only_less)
{
    NTSTATUS status;

    if (open->node->directory || bytes < 0)
        return STATUS_INVALID_PARAMETER;
    if (!(open->access & FILE_WRITE_DATA))
        return STATUS_ACCESS_DENIED;
    if (only_less && (uint64_t)bytes >= open->node->size_bytes)
        return STATUS_SUCCESS; /* room that is not used yet is not kept */
    status = volume_resize(volume, open->node, (uint64_t)bytes);
    if (NT_SUCCESS(status))
        volume_touch(open->node);
    return status;
}

static bool is_below(const struct volume_node *node, const struct volume_node *above)
{
    for (; node != NULL; node = node->parent) {
        if (node == above)
            return true;
    }
    return false;
}

/* A name alone stays in its folder; a path begins at the root of the volume, with its drive before
 * it or without. */
static NTSTATUS find_target(struct inbox_volume *volume, const struct volume_node *node,
                            const FILE_RENAME_INFORMATION *from, struct volume_place *out)
{
    static const WCHAR drive[] = u"\\??\\C:";
    size_t chars = from->FileNameLength / sizeof(WCHAR), lead = ARRAY_LEN(drive) - 1;
    const WCHAR *name = from->FileName;

    if (from->RootDirectory != NULL)
        return STATUS_NOT_IMPLEMENTED;
    if (chars > 0 && name[0] != '\\')
        return volume_find(node->parent, name, chars, out);
    if (chars > lead && rtl_compare(name, lead, drive, lead, true) == 0) {
        name += lead;
        chars -= lead;
    }
    return volume_find(volume->root, name, chars, out);
}

static NTSTATUS rename_to(struct inbox_volume *volume, struct volume_open *open,
                          const FILE_RENAME_INFORMATION *from)
{
    struct volume_node *node = open->node;
    struct volume_place place;
    NTSTATUS status;

    if (!(open->access & DELETE) || node->parent == NULL)
        return STATUS_ACCESS_DENIED;
    status = find_target(volume, node, from, &place);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND && !NT_SUCCESS(status))
        return status;
    if (place.parent == NULL || is_below(place.parent, node))
        return STATUS_INVALID_PARAMETER;
    if (place.node != NULL && place.node != node) {
        if (!from->ReplaceIfExists)
            return STATUS_OBJECT_NAME_COLLISION;
        if (place.node->directory || place.node->opens != 0 ||
            (place.node->attributes & FILE_ATTRIBUTE_READONLY))
            return STATUS_ACCESS_DENIED;
        volume_unlink(volume, place.node);
    }
    return volume_move(node, place.parent, place.name, place.chars) == 0
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

static ULONG least_bytes(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileBasicInformation: return sizeof(FILE_BASIC_INFORMATION);
    case FileDispositionInformation: return sizeof(FILE_DISPOSITION_INFORMATION);
    case FilePositionInformation: return sizeof(FILE_POSITION_INFORMATION);
    case FileEndOfFileInformation: return sizeof(FILE_END_OF_FILE_INFORMATION);
    case FileAllocationInformation: return sizeof(FILE_ALLOCATION_INFORMATION);
    case FileRenameInformation: return offsetof(FILE_RENAME_INFORMATION, FileName);
    default: return 0;
    }
}

static NTSTATUS set_position(PFILE_OBJECT file, const FILE_POSITION_INFORMATION *from)
{
    if (from->CurrentByteOffset.QuadPart < 0)
        return STATUS_INVALID_PARAMETER;
    file->CurrentByteOffset = from->CurrentByteOffset;
    return STATUS_SUCCESS;
}

NTSTATUS volume_set(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    FILE_INFORMATION_CLASS class = stack->Parameters.SetFile.FileInformationClass;
    ULONG length = stack->Parameters.SetFile.Length;
    const void *from = irp->AssociatedIrp.SystemBuffer;
    const FILE_RENAME_INFORMATION *target = from;

    irp->IoStatus.Information = 0;
    if (open == NULL || open->cleaned_up)
        return STATUS_FILE_CLOSED;
    if (least_bytes(class) == 0)
        return STATUS_INVALID_PARAMETER;
    if (length < least_bytes(class))
        return STATUS_INFO_LENGTH_MISMATCH;
    switch (class) {
    case FileBasicInformation: return set_basic(open, from);
    case FileDispositionInformation:
        return volume_set_disposition(open->node, open->access,
                                      ((const FILE_DISPOSITION_INFORMATION *)from)->DeleteFile);
    case FilePositionInformation: return set_position(stack->FileObject, from);
    case FileEndOfFileInformation:
        return set_size(volume, open,
                        ((const FILE_END_OF_FILE_INFORMATION *)from)->EndOfFile.QuadPart, false);
    case FileAllocationInformation:
        return set_size(volume, open,
                        ((const FILE_ALLOCATION_INFORMATION *)from)->AllocationSize.QuadPart, true);
    default:
        if (target->FileNameLength > length - least_bytes(class))
            return STATUS_INVALID_PARAMETER;
        return rename_to(volume, open, target);
    }
}
