/* SPDX-License-Identifier: MIT */
/* What a driver finds behind Offset->Mappings: one KSMAPPING for each piece of the buffer that is
 * contiguous on the bus and no longer than the driver asked for when it registered its adapter
 * ("MaxMappingsByteCount"). Addresses are the adapter's, as its scatter/gather list gives them, not
 * the processor's. KSMAPPING; KsDeviceRegisterAdapterObject; Packet-based DMA in AVStream.
 * UNDOC: merging of adjacent elements. We never merge: the adapter has already merged what it
 * could.
 * UNDOC: KSMAPPING.Alignment. We write 0. */
#include "ks/mapping_split.h"

#include <string.h>

static ULONG piece_limit(ULONG limit_bytes)
{
    return limit_bytes == 0 ? MAXULONG : limit_bytes;
}

ULONG ks_mapping_split_bound(const SCATTER_GATHER_LIST *list, ULONG limit_bytes, ULONG bytes)
{
    return list->NumberOfElements + bytes / piece_limit(limit_bytes);
}

static UCHAR *write_entry(UCHAR *entry, ULONG stride_bytes, LONGLONG address, ULONG size_bytes)
{
    KSMAPPING mapping = {.PhysicalAddress.QuadPart = address, .ByteCount = size_bytes};

    memcpy(entry, &mapping, sizeof mapping); /* an odd stride leaves entries unaligned */
    return entry + stride_bytes;
}

ULONG ks_mapping_split(const SCATTER_GATHER_LIST *list, ULONG limit_bytes, ULONG stride_bytes,
                       void *table, ULONG bound)
{
    ULONG limit = piece_limit(limit_bytes);
    UCHAR *entry = table;
    ULONG count = 0;

    if (stride_bytes > sizeof(KSMAPPING))
        memset(table, 0, (SIZE_T)bound * stride_bytes);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        LONGLONG address = list->Elements[i].Address.QuadPart;
        ULONG left = list->Elements[i].Length;

        while (left > limit) {
            entry = write_entry(entry, stride_bytes, address, limit);
            address += limit;
            left -= limit;
            count++;
        }
        if (left != 0) {
            entry = write_entry(entry, stride_bytes, address, left);
            count++;
        }
    }
    return count;
}

ULONGLONG ks_mapping_split_highest(const SCATTER_GATHER_LIST *list)
{
    ULONGLONG highest = 0;

    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        const SCATTER_GATHER_ELEMENT *element = &list->Elements[i];
        ULONGLONG last = (ULONGLONG)element->Address.QuadPart + element->Length - 1;

        if (element->Length != 0 && last > highest)
            highest = last;
    }
    return highest;
}
