/* SPDX-License-Identifier: MIT */
/* The volume's driver and device, and what it holds when it is mounted. \??\C: leads to
 * \Device\HarddiskVolume1; io makes \SystemRoot the folder Windows on it. */
#include "inbox/volume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtl/rtl.h"

typedef NTSTATUS volume_fn(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);

static volume_fn *const majors[] = {
    [IRP_MJ_CREATE] = volume_create,
    [IRP_MJ_CLEANUP] = volume_cleanup,
    [IRP_MJ_CLOSE] = volume_close,
    [IRP_MJ_READ] = volume_read,
    [IRP_MJ_WRITE] = volume_write,
    [IRP_MJ_FLUSH_BUFFERS] = volume_flush,
    [IRP_MJ_QUERY_INFORMATION] = volume_query,
    [IRP_MJ_SET_INFORMATION] = volume_set,
    [IRP_MJ_DIRECTORY_CONTROL] = volume_list,
    [IRP_MJ_QUERY_VOLUME_INFORMATION] = volume_query_volume,
};

struct inbox_volume *volume_of(PDEVICE_OBJECT device)
{
    struct inbox *inbox = ke_room(ke_current(), KE_ROOM_INBOX);

    weir_assert(inbox->volume != NULL);
    weir_assert(inbox->volume->device == device);
    return inbox->volume;
}

struct volume_open *volume_open_of(struct inbox_volume *volume, PFILE_OBJECT file)
{
    return map_get(&volume->opens, (uint64_t)(uintptr_t)file);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = majors[stack->MajorFunction](volume_of(device), irp, stack);

    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_OVERFLOW &&
        stack->MajorFunction != IRP_MJ_CREATE)
        irp->IoStatus.Information = 0;
    return inbox_complete(irp, status);
}

/* ---- Mounting -------------------------------------------------------------------------------- */

static NTSTATUS make_device(struct inbox_volume *volume)
{
    UNICODE_STRING name;
    PDRIVER_OBJECT driver;
    PVOID thunk;
    NTSTATUS status = io_driver_create(io_of(volume->ke), "volume", 0, 0, 0, &driver);

    if (!NT_SUCCESS(status))
        return status;
    thunk = ke_thunk((const void *)dispatch, "file system", 0);
    for (size_t i = 0; i < ARRAY_LEN(majors); i++) {
        if (majors[i] != NULL)
            driver->MajorFunction[i] = thunk;
    }
    RtlInitUnicodeString(&name, u"\\Device\\HarddiskVolume1");
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE,
                            &volume->device);
    if (NT_SUCCESS(status))
        volume->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

static NTSTATUS make_link(void)
{
    UNICODE_STRING link, target;

    RtlInitUnicodeString(&link, u"\\??\\C:");
    RtlInitUnicodeString(&target, u"\\Device\\HarddiskVolume1");
    return IoCreateSymbolicLink(&link, &target);
}

/* Folders come before what is in them. */
static NTSTATUS add_file(struct inbox_volume *volume, const struct inbox_file *file)
{
    size_t length = strlen(file->path), chars;
    WCHAR *path = malloc((length + 1) * sizeof *path);
    struct volume_place place;
    struct volume_node *node;
    ULONG bytes;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (path == NULL)
        return status;
    (void)RtlUTF8ToUnicodeN(path, (ULONG)(length * sizeof *path), &bytes, file->path,
                            (ULONG)length);
    chars = bytes / sizeof *path;
    for (size_t i = 0; i < chars; i++)
        path[i] = path[i] == '/' ? '\\' : path[i];
    status = volume_find(volume->root, path, chars, &place);
    if (NT_SUCCESS(status)) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        node = volume_node_create(volume, place.parent, place.name, place.chars, file->is_folder);
        status = node != NULL ? volume_resize(volume, node, file->size_bytes)
                              : STATUS_INSUFFICIENT_RESOURCES;
        if (NT_SUCCESS(status) && file->size_bytes != 0)
            memcpy(node->bytes, file->bytes, file->size_bytes);
    }
    free(path);
    return status;
}

NTSTATUS inbox_volume_mount(struct inbox *inbox, const struct inbox_file *files, size_t count,
                            size_t *bad)
{
    struct inbox_volume *volume = calloc(1, sizeof *volume);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    *bad = count;
    if (volume == NULL)
        return status;
    volume->ke = inbox->ke;
    list_init(&volume->open_list);
    inbox->volume = volume;
    KeQuerySystemTime(&volume->born);
    volume->root = volume_node_create(volume, NULL, u"", 0, true);
    if (volume->root == NULL)
        return status;
    status = STATUS_SUCCESS;
    for (size_t i = 0; i < count && NT_SUCCESS(status); i++) {
        status = add_file(volume, &files[i]);
        if (!NT_SUCCESS(status))
            *bad = i;
    }
    if (NT_SUCCESS(status))
        status = make_device(volume);
    return NT_SUCCESS(status) ? make_link() : status;
}

/* ---- What has become of it ------------------------------------------------------------------- */

struct telling {
    inbox_changed_fn *changed;
    void *ctx;
};

static int tell(const struct telling *telling, const struct volume_node *node, const char *path);

static int tell_child(const struct telling *telling, const struct volume_node *node,
                      const char *folder)
{
    char name[VOLUME_NAME_MAX * 3 + 1];
    ULONG used = 0;
    char *path;
    int result;

    (void)RtlUnicodeToUTF8N(name, sizeof name - 1, &used, node->name,
                            (ULONG)(node->name_chars * sizeof(WCHAR)));
    name[used] = 0;
    if (asprintf(&path, "%s%s%s", folder, *folder != 0 ? "/" : "", name) < 0)
        return -ENOMEM;
    result = tell(telling, node, path);
    free(path);
    return result;
}

static int tell(const struct telling *telling, const struct volume_node *node, const char *path)
{
    int result = 0;

    if (!node->directory)
        return node->changed_here ? telling->changed(telling->ctx, path, node->bytes,
                                                     node->size_bytes)
                                  : 0;
    for (size_t i = 0; i < node->children.count && result == 0; i++)
        result = tell_child(telling, node->children.items[i], path);
    return result;
}

int inbox_volume_changed(struct inbox *inbox, inbox_changed_fn *changed, void *ctx)
{
    struct telling telling = {changed, ctx};

    return inbox->volume != NULL ? tell(&telling, inbox->volume->root, "") : 0;
}

/* Files that drivers left open go with their records: the machine is over. */
void inbox_volume_destroy(struct inbox *inbox)
{
    struct inbox_volume *volume = inbox->volume;
    struct list_node *link;

    if (volume == NULL)
        return;
    inbox->volume = NULL;
    while ((link = list_pop_head(&volume->open_list)) != NULL) {
        struct volume_open *open = list_entry(link, struct volume_open, link);

        if (--open->node->files == 0 && open->node->deleted)
            volume_node_free(volume, open->node);
        free(open->pattern);
        free(open);
    }
    if (volume->root != NULL)
        volume_node_free(volume, volume->root);
    map_fini(&volume->opens);
    free(volume);
}
