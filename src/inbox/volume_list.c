/* SPDX-License-Identifier: MIT */
/* Directory entries ("ZwQueryDirectoryFile") and the volume itself. Entries come sorted by name,
 * "." and ".." first, each at an offset that eight divides. The pattern of the first request on a
 * file object stays; nothing that fits at first is STATUS_NO_SUCH_FILE, nothing more is
 * STATUS_NO_MORE_FILES. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/volume.h"
#include "rtl/rtl.h"

struct entry {
    const struct volume_node *node;
    const WCHAR *name;
    size_t chars;
};

/* Entry number index of the folder; false after the last. */
static bool entry_at(const struct volume_node *folder, size_t index, struct entry *out)
{
    static const WCHAR dots[] = u"..";
    size_t special = folder->parent != NULL ? 2 : 0;

    if (index < special) {
        *out = (struct entry){index == 0 ? folder : folder->parent, dots, index + 1};
        return true;
    }
    if (index - special >= folder->children.count)
        return false;
    out->node = folder->children.items[index - special];
    out->name = out->node->name;
    out->chars = out->node->name_chars;
    return true;
}

/* Where the name begins in an entry of that class; 0: not a class of entries. */
static ULONG name_offset(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileDirectoryInformation: return offsetof(FILE_DIRECTORY_INFORMATION, FileName);
    case FileFullDirectoryInformation: return offsetof(FILE_FULL_DIR_INFORMATION, FileName);
    case FileBothDirectoryInformation: return offsetof(FILE_BOTH_DIR_INFORMATION, FileName);
    case FileNamesInformation: return offsetof(FILE_NAMES_INFORMATION, FileName);
    case FileIdBothDirectoryInformation: return 104;
    case FileIdFullDirectoryInformation: return 80;
    default: return 0;
    }
}

static void put_fixed(FILE_INFORMATION_CLASS class, const struct entry *entry, UCHAR *to)
{
    const struct volume_node *node = entry->node;
    FILE_DIRECTORY_INFORMATION common = {
        .CreationTime = node->created, .LastAccessTime = node->accessed,
        .LastWriteTime = node->written, .ChangeTime = node->changed,
        .EndOfFile.QuadPart = (LONGLONG)node->size_bytes,
        .AllocationSize.QuadPart = (LONGLONG)volume_allocated(node),
        .FileAttributes = volume_attributes(node),
        .FileNameLength = (ULONG)(entry->chars * sizeof(WCHAR)),
    };

    memset(to, 0, name_offset(class));
    if (class == FileNamesInformation) {
        memcpy(to + offsetof(FILE_NAMES_INFORMATION, FileNameLength), &common.FileNameLength,
               sizeof(ULONG));
        return;
    }
    memcpy(to, &common, offsetof(FILE_DIRECTORY_INFORMATION, FileName));
    if (class == FileIdBothDirectoryInformation)
        memcpy(to + 96, &node->number, sizeof node->number);
    if (class == FileIdFullDirectoryInformation)
        memcpy(to + 72, &node->number, sizeof node->number);
}

struct listing {
    UCHAR *to;
    ULONG room, used, last; /* last: where the last entry begins */
    FILE_INFORMATION_CLASS class;
    bool any;
};

/* False: no room for it. The first one is cut, if it must be. */
static bool put_entry(struct listing *listing, const struct entry *entry, NTSTATUS *status)
{
    ULONG at = (ULONG)bits_align_up(listing->used, 8), lead = name_offset(listing->class);
    ULONG bytes = (ULONG)(entry->chars * sizeof(WCHAR)), fits = bytes, distance;

    if (at > listing->room || listing->room - at < lead ||
        (listing->any && listing->room - at - lead < bytes))
        return false;
    if (listing->room - at - lead < bytes) {
        fits = (listing->room - at - lead) / (ULONG)sizeof(WCHAR) * (ULONG)sizeof(WCHAR);
        *status = STATUS_BUFFER_OVERFLOW;
    }
    put_fixed(listing->class, entry, listing->to + at);
    memcpy(listing->to + at + lead, entry->name, fits);
    distance = at - listing->last;
    if (listing->any)
        memcpy(listing->to + listing->last, &distance, sizeof distance);
    listing->any = true;
    listing->last = at;
    listing->used = at + lead + fits;
    return true;
}

static NTSTATUS set_pattern(struct volume_open *open, const UNICODE_STRING *pattern)
{
    size_t chars = pattern != NULL ? pattern->Length / sizeof(WCHAR) : 0;

    open->pattern = chars != 0 ? rtl_wide_copy(pattern->Buffer, chars) : rtl_wide_copy(u"*", 1);
    open->pattern_chars = chars != 0 ? chars : 1;
    return open->pattern != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS fill(struct volume_open *open, struct listing *listing, bool single)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct entry entry;

    for (; entry_at(open->node, open->next, &entry); open->next++) {
        if (!volume_is_match(open->pattern, open->pattern_chars, entry.name, entry.chars))
            continue;
        if (!put_entry(listing, &entry, &status))
            return listing->any ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
        if (single || status != STATUS_SUCCESS) {
            open->next++;
            return status;
        }
    }
    return status;
}

static NTSTATUS check(const struct volume_open *open, PIO_STACK_LOCATION stack)
{
    ULONG lead = name_offset(stack->Parameters.QueryDirectory.FileInformationClass);

    if (open == NULL || open->cleaned_up)
        return STATUS_FILE_CLOSED;
    if (!open->node->directory)
        return STATUS_INVALID_PARAMETER;
    if (!(open->access & FILE_LIST_DIRECTORY))
        return STATUS_ACCESS_DENIED;
    if (lead == 0)
        return STATUS_INVALID_INFO_CLASS;
    return stack->Parameters.QueryDirectory.Length < lead ? STATUS_INFO_LENGTH_MISMATCH
                                                          : STATUS_SUCCESS;
}

NTSTATUS volume_list(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    struct listing listing = {.to = irp->UserBuffer,
                              .room = stack->Parameters.QueryDirectory.Length,
                              .class = stack->Parameters.QueryDirectory.FileInformationClass};
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    bool first;

    irp->IoStatus.Information = 0;
    if (stack->MinorFunction == IRP_MN_QUERY_DIRECTORY)
        status = check(open, stack);
    if (!NT_SUCCESS(status))
        return status;
    first = open->pattern == NULL;
    if (first)
        status = set_pattern(open, stack->Parameters.QueryDirectory.FileName);
    if (!NT_SUCCESS(status))
        return status;
    if (stack->Flags & SL_RESTART_SCAN)
        open->next = 0;
    status = fill(open, &listing, (stack->Flags & SL_RETURN_SINGLE_ENTRY) != 0);
    irp->IoStatus.Information = listing.used;
    if (NT_SUCCESS(status) && !listing.any)
        return first ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES;
    return status;
}

/* ---- The volume ------------------------------------------------------------------------------ */

union volume_answer {
    UCHAR bytes[64];
    FILE_FS_VOLUME_INFORMATION volume;
    FILE_FS_SIZE_INFORMATION size;
    FILE_FS_FULL_SIZE_INFORMATION full;
    FILE_FS_DEVICE_INFORMATION device;
    FILE_FS_ATTRIBUTE_INFORMATION attribute;
};

static ULONG volume_answer(const struct inbox_volume *volume, FS_INFORMATION_CLASS class,
                           union volume_answer *answer)
{
    static const WCHAR name[] = u"NTFS";
    LONGLONG all = VOLUME_BYTES_MAX / VOLUME_CLUSTER_BYTES;
    LONGLONG available = (LONGLONG)(VOLUME_BYTES_MAX - volume->used_bytes) / VOLUME_CLUSTER_BYTES;

    memset(answer, 0, sizeof *answer);
    switch (class) {
    case FileFsVolumeInformation:
        answer->volume.VolumeCreationTime = volume->born;
        answer->volume.VolumeSerialNumber = 0x77656972;
        return offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel);
    case FileFsSizeInformation:
        answer->size = (FILE_FS_SIZE_INFORMATION){
            {.QuadPart = all}, {.QuadPart = available},
            VOLUME_CLUSTER_BYTES / VOLUME_SECTOR_BYTES, VOLUME_SECTOR_BYTES};
        return sizeof answer->size;
    case FileFsFullSizeInformation:
        answer->full = (FILE_FS_FULL_SIZE_INFORMATION){
            {.QuadPart = all}, {.QuadPart = available}, {.QuadPart = available},
            VOLUME_CLUSTER_BYTES / VOLUME_SECTOR_BYTES, VOLUME_SECTOR_BYTES};
        return sizeof answer->full;
    case FileFsDeviceInformation:
        answer->device.DeviceType = FILE_DEVICE_DISK;
        return sizeof answer->device;
    case FileFsAttributeInformation:
        answer->attribute.FileSystemAttributes = FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK;
        answer->attribute.MaximumComponentNameLength = VOLUME_NAME_MAX;
        answer->attribute.FileSystemNameLength = sizeof name - sizeof(WCHAR);
        memcpy(answer->bytes + offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), name,
               sizeof name - sizeof(WCHAR));
        return offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName) + sizeof name -
               sizeof(WCHAR);
    default: return 0;
    }
}

NTSTATUS volume_query_volume(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG room = stack->Parameters.QueryVolume.Length;
    union volume_answer answer;
    ULONG bytes = volume_answer(volume, stack->Parameters.QueryVolume.FsInformationClass, &answer);

    irp->IoStatus.Information = 0;
    if (bytes == 0)
        return STATUS_INVALID_PARAMETER;
    if (room < bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    memcpy(irp->AssociatedIrp.SystemBuffer, &answer, bytes);
    irp->IoStatus.Information = bytes;
    return STATUS_SUCCESS;
}
