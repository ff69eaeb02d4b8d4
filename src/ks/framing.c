/* SPDX-License-Identifier: MIT */
/* What buffers a pin wants: KSPROPERTY_CONNECTION_ALLOCATORFRAMING_EX, and the older
 * ALLOCATORFRAMING, which we derive from the first item. The framing is read through the pin's
 * descriptor when asked, since drivers edit it in Create. Advice only: a client may use other
 * buffers. KSALLOCATOR_FRAMING_EX; KSPROPERTY_CONNECTION_ALLOCATORFRAMING. No framing:
 * STATUS_NOT_FOUND. */
#include <string.h>

#include "ks/exchange.h"
#include "ks/handlers.h"
#include "ks/pin.h"
#include "ks/room.h"

static const KSALLOCATOR_FRAMING_EX *framing_of(PIRP irp)
{
    PKSPIN pin = KsGetPinFromIrp(irp);

    return pin != NULL ? pin->Descriptor->AllocatorFraming : NULL;
}

NTSTATUS NTAPI ks_get_framing_ex(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSALLOCATOR_FRAMING_EX *framing = framing_of(Irp);

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (framing == NULL)
        return STATUS_NOT_FOUND;
    return ks_answer(Irp, framing,
                     (ULONG)offsetof(KSALLOCATOR_FRAMING_EX, FramingItem) +
                         framing->CountItems * (ULONG)sizeof(KS_FRAMING_ITEM));
}

NTSTATUS NTAPI ks_get_framing(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    const KSALLOCATOR_FRAMING_EX *framing = framing_of(Irp);
    KSALLOCATOR_FRAMING old = {0};
    const KS_FRAMING_ITEM *item;

    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    if (framing == NULL || framing->CountItems == 0)
        return STATUS_NOT_FOUND;
    item = &framing->FramingItem[0];
    old.OptionsFlags = item->Flags & (KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER |
                                      KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                      KSALLOCATOR_REQUIREMENTF_FRAME_INTEGRITY |
                                      KSALLOCATOR_REQUIREMENTF_MUST_ALLOCATE |
                                      KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY);
    old.PoolType = IsEqualGUID(&item->MemoryType, &KSMEMORY_TYPE_KERNEL_PAGED) ? PagedPool
                                                                               : NonPagedPool;
    old.Frames = item->Frames;
    old.FrameSize = item->FramingRange.Range.MaxFrameSize;
    old.FileAlignment = item->FileAlignment;
    return ks_answer(Irp, &old, sizeof old);
}
