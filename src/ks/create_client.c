/* SPDX-License-Identifier: MIT */
/* The other side of create requests: a kernel client that has a handle to a filter or a pin opens
 * something below it. Each name is a class string, a backslash and a structure. KsCreatePin;
 * KsCreateAllocator; KsCreateClock; KsCreateTopologyNode. PASSIVE_LEVEL.
 * UNDOC: allocators and clocks are opened for reading, since their functions name no access. */
#include <string.h>

#include "ks/room.h"

enum { NAME_TAG = 0x614e734b, NAME_BYTES_MAX = 0xfffe };

static NTSTATUS make_name(PCWSTR class, const void *parameters, SIZE_T bytes, UNICODE_STRING *out)
{
    UNICODE_STRING head;
    SIZE_T total;
    UCHAR *text;

    RtlInitUnicodeString(&head, class);
    total = head.Length + sizeof(WCHAR) + bytes;
    if (total > NAME_BYTES_MAX)
        return STATUS_INVALID_PARAMETER;
    text = ExAllocatePoolWithTag(PagedPool, total, NAME_TAG);
    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(text, head.Buffer, head.Length);
    memcpy(text + head.Length, u"\\", sizeof(WCHAR));
    memcpy(text + head.Length + sizeof(WCHAR), parameters, bytes);
    out->Buffer = (PWCH)(void *)text;
    out->Length = (USHORT)total;
    out->MaximumLength = (USHORT)total;
    return STATUS_SUCCESS;
}

static NTSTATUS open_below(HANDLE parent, PCWSTR class, const void *parameters, SIZE_T bytes,
                           ACCESS_MASK access, PHANDLE out)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb;
    UNICODE_STRING name;
    NTSTATUS status = make_name(class, parameters, bytes, &name);

    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, parent, NULL);
    status = IoCreateFile(out, access, &attributes, &iosb, NULL, FILE_ATTRIBUTE_NORMAL, 0,
                          FILE_OPEN, 0, NULL, 0, CreateFileTypeNone, NULL, 0);
    ExFreePoolWithTag(name.Buffer, NAME_TAG);
    return status;
}

/* The connection's format lies behind it, and behind that its attributes. */
static NTSTATUS connection_bytes(const KSPIN_CONNECT *connect, SIZE_T *bytes)
{
    const KSDATAFORMAT *format = (const KSDATAFORMAT *)(const void *)(connect + 1);
    SIZE_T end;

    if (format->FormatSize < sizeof *format || format->FormatSize > NAME_BYTES_MAX)
        return STATUS_INVALID_PARAMETER;
    *bytes = sizeof *connect + format->FormatSize;
    if ((format->Flags & KSDATAFORMAT_ATTRIBUTES) == 0)
        return STATUS_SUCCESS;
    end = ALIGN_UP_BY(format->FormatSize, 8);
    *bytes = sizeof *connect + end +
             ((const KSMULTIPLE_ITEM *)(const void *)((const UCHAR *)format + end))->Size;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsCreatePin(HANDLE FilterHandle, PKSPIN_CONNECT Connect, ACCESS_MASK DesiredAccess,
                           PHANDLE ConnectionHandle)
{
    SIZE_T bytes;
    NTSTATUS status = connection_bytes(Connect, &bytes);

    return NT_SUCCESS(status) ? open_below(FilterHandle, KSSTRING_Pin, Connect, bytes,
                                           DesiredAccess, ConnectionHandle)
                              : status;
}

NTSTATUS NTAPI KsCreateAllocator(HANDLE ConnectionHandle, PKSALLOCATOR_FRAMING AllocatorFraming,
                                 PHANDLE AllocatorHandle)
{
    return open_below(ConnectionHandle, KSSTRING_Allocator, AllocatorFraming,
                      sizeof *AllocatorFraming, GENERIC_READ, AllocatorHandle);
}

NTSTATUS NTAPI KsCreateClock(HANDLE ConnectionHandle, PKSCLOCK_CREATE ClockCreate,
                             PHANDLE ClockHandle)
{
    return open_below(ConnectionHandle, KSSTRING_Clock, ClockCreate, sizeof *ClockCreate,
                      GENERIC_READ, ClockHandle);
}

NTSTATUS NTAPI KsCreateTopologyNode(HANDLE ParentHandle, PKSNODE_CREATE NodeCreate,
                                    ACCESS_MASK DesiredAccess, PHANDLE NodeHandle)
{
    return open_below(ParentHandle, KSSTRING_TopologyNode, NodeCreate, sizeof *NodeCreate,
                      DesiredAccess, NodeHandle);
}
