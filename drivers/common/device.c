/* SPDX-License-Identifier: MIT */
/* The device's life as PnP and power managers lead it: Add, Start, (Stop, Start,) Remove;
 * SetPower in between; SurpriseRemoval at any time.
 *
 * Start takes hold of the hardware in this order: registers, DMA adapter (registered with
 * AVStream if the driver has mapped pins), memory for descriptors, card reset, interrupt,
 * interrupts on. Stop and Remove let go in reverse. */
#include "card.h"

BOOLEAN CardWaitClear(PCARD_DEVICE Device, ULONG Offset, ULONG Bits, ULONG Microseconds)
{
    enum { STEP = 5 };
    ULONG Waited, Value;

    for (Waited = 0; Waited <= Microseconds; Waited += STEP) {
        Value = CardRead(Device, Offset);
        if (Value == 0xffffffff)
            return FALSE; /* nobody there */
        if ((Value & Bits) == 0)
            return TRUE;
        KeStallExecutionProcessor(STEP);
    }
    return FALSE;
}

/* ---- Resources ------------------------------------------------------------------------------- */

typedef struct _RESOURCES {
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Memory;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Interrupt;
} RESOURCES;

/* Lists may hold types we do not know: they are skipped. */
static NTSTATUS FindResources(PCM_RESOURCE_LIST List, RESOURCES *Found)
{
    PCM_PARTIAL_RESOURCE_LIST Partial;
    ULONG i;

    RtlZeroMemory(Found, sizeof(*Found));
    if (List == NULL || List->Count == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    Partial = &List->List[0].PartialResourceList;
    for (i = 0; i < Partial->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource = &Partial->PartialDescriptors[i];

        if (Resource->Type == CmResourceTypeMemory && Found->Memory == NULL)
            Found->Memory = Resource;
        if (Resource->Type == CmResourceTypeInterrupt && Found->Interrupt == NULL)
            Found->Interrupt = Resource;
    }
    return Found->Memory != NULL && Found->Interrupt != NULL ? STATUS_SUCCESS
                                                             : STATUS_INSUFFICIENT_RESOURCES;
}

/* All our cards say who they are in the first register of BAR 0. */
static NTSTATUS MapCard(PCARD_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Memory)
{
    const CARD_MODEL *Card = NULL;
    ULONG Id, i;

    Device->Registers = MmMapIoSpace(Memory->u.Memory.Start, Memory->u.Memory.Length, MmNonCached);
    if (Device->Registers == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Device->RegisterBytes = Memory->u.Memory.Length;
    Id = CardRead(Device, 0);
    for (i = 0; CardDriver.Cards[i] != NULL; i++)
        if (CardDriver.Cards[i]->IdValue == Id &&
            CardDriver.Cards[i]->BarBytes <= Device->RegisterBytes)
            Card = CardDriver.Cards[i];
    if (Card == NULL) {
        DbgPrint("unknown card, ID %08x\n", Id);
        return STATUS_NO_SUCH_DEVICE;
    }
    Device->Card = Card;
    return STATUS_SUCCESS;
}

static VOID UnmapCard(PCARD_DEVICE Device)
{
    if (Device->Registers != NULL)
        MmUnmapIoSpace(Device->Registers, Device->RegisterBytes);
    Device->Registers = NULL;
    Device->Card = NULL;
}

/* ---- Power ----------------------------------------------------------------------------------- */

static VOID PowerUp(PCARD_DEVICE Device)
{
    ULONG i;

    ExAcquireFastMutex(&Device->Control);
    Device->Card->Reset(Device);
    Device->Card->EnableInterrupts(Device, TRUE);
    Device->Powered = TRUE;
    for (i = 0; i < Device->Card->ChannelCount; i++)
        CardChannelResume(Device->Channels[i]);
    ExReleaseFastMutex(&Device->Control);
}

static VOID PowerDown(PCARD_DEVICE Device)
{
    ULONG i;

    ExAcquireFastMutex(&Device->Control);
    if (Device->Powered && !Device->Gone) {
        for (i = 0; i < Device->Card->ChannelCount; i++)
            CardChannelSuspend(Device->Channels[i]);
        Device->Card->EnableInterrupts(Device, FALSE);
    }
    Device->Powered = FALSE;
    ExReleaseFastMutex(&Device->Control);
}

/* The pins are in PAUSE before the card goes to sleep, but the order of waking is not sure: RUN
 * may come first, and is then carried out here (Power and State Changes in AVStream). The
 * adapter and the frames' mappings outlive a nap; only the card forgets. */
static VOID SetPower(PKSDEVICE KsDevice, PIRP Irp, DEVICE_POWER_STATE To, DEVICE_POWER_STATE From)
{
    PCARD_DEVICE Device = KsDevice->Context;

    UNREFERENCED_PARAMETER(Irp);
    if (Device->Card == NULL || Device->Gone)
        return;
    if (To == PowerDeviceD0 && From != PowerDeviceD0)
        PowerUp(Device);
    else if (To != PowerDeviceD0 && From == PowerDeviceD0)
        PowerDown(Device);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

static VOID ReleaseHardware(PCARD_DEVICE Device)
{
    if (Device->Card != NULL) {
        PowerDown(Device);
        CardDisconnectInterrupt(Device);
        if (Device->Adapter != NULL)
            Device->Card->FreeMemory(Device);
        CardCloseAdapter(Device);
    }
    UnmapCard(Device);
}

static NTSTATUS AcquireHardware(PCARD_DEVICE Device, const RESOURCES *Resources)
{
    NTSTATUS Status;

    Status = MapCard(Device, Resources->Memory);
    if (NT_SUCCESS(Status))
        Status = CardOpenAdapter(Device);
    if (NT_SUCCESS(Status))
        Status = Device->Card->AllocateMemory(Device);
    if (NT_SUCCESS(Status)) {
        Device->Card->Reset(Device); /* silent, before anyone listens */
        Status = CardConnectInterrupt(Device, Resources->Interrupt);
    }
    if (NT_SUCCESS(Status))
        PowerUp(Device);
    else
        ReleaseHardware(Device);
    return Status;
}

/* The factory goes at STOP, after our Stop, and comes again with the next Start. AVStream holds the
 * device mutex, as the call wants. */
static NTSTATUS CreateFilterFactory(PKSDEVICE KsDevice)
{
    PCARD_DEVICE Device = KsDevice->Context;

    return KsCreateFilterFactory(KsDevice->FunctionalDeviceObject,
                                 CardDriver.Filters[Device->Card->ChannelCount - 1], NULL, NULL,
                                 KSCREATE_ITEM_FREEONSTOP, NULL, NULL, NULL);
}

/* Translated first, unlike the IRP. A Start while the device is started gives it other
 * resources: what we have of the old ones must go first. */
static NTSTATUS Start(PKSDEVICE KsDevice, PIRP Irp, PCM_RESOURCE_LIST Translated,
                      PCM_RESOURCE_LIST Untranslated)
{
    PCARD_DEVICE Device = KsDevice->Context;
    BOOLEAN First = !KsDevice->Started;
    RESOURCES Resources;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Untranslated);
    ReleaseHardware(Device);
    CardReadSettings(Device);
    Status = FindResources(Translated, &Resources);
    if (NT_SUCCESS(Status))
        Status = AcquireHardware(Device, &Resources);
    if (NT_SUCCESS(Status) && First) {
        Status = CreateFilterFactory(KsDevice);
        if (!NT_SUCCESS(Status))
            ReleaseHardware(Device);
    }
    return Status;
}

static BOOLEAN IsStreaming(PCARD_DEVICE Device)
{
    ULONG i;

    for (i = 0; i < CARD_CHANNELS_MAX; i++)
        if (Device->Channels[i]->Accepting)
            return TRUE;
    return FALSE;
}

/* Stopping would take the adapter away under frames that the card works in. */
static NTSTATUS QueryStop(PKSDEVICE KsDevice, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return IsStreaming(KsDevice->Context) ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

static VOID Stop(PKSDEVICE KsDevice, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    ReleaseHardware(KsDevice->Context);
}

/* The card is out of its slot. Pins may be open and hold mapped frames, so the adapter stays until
 * Remove; the states go down, and the frames with them, as the clients close their handles. */
static VOID SurpriseRemoval(PKSDEVICE KsDevice, PIRP Irp)
{
    PCARD_DEVICE Device = KsDevice->Context;

    UNREFERENCED_PARAMETER(Irp);
    ExAcquireFastMutex(&Device->Control);
    Device->Gone = TRUE;
    ExReleaseFastMutex(&Device->Control);
    CardDisconnectInterrupt(Device);
}

/* ---- Add and remove -------------------------------------------------------------------------- */

/* The channels lie behind the device. */
static NTSTATUS Add(PKSDEVICE KsDevice)
{
    SIZE_T Bytes = sizeof(CARD_DEVICE) + CARD_CHANNELS_MAX * CardDriver.ChannelBytes;
    PCARD_DEVICE Device = ExAllocatePoolWithTag(NonPagedPool, Bytes, CARD_TAG);
    PUCHAR Channels = (PUCHAR)(Device + 1);
    ULONG i;

    if (Device == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Device, Bytes);
    Device->KsDevice = KsDevice;
    ExInitializeFastMutex(&Device->Control);
    KeInitializeDpc(&Device->Dpc, CardDpc, Device);
    for (i = 0; i < CARD_CHANNELS_MAX; i++) {
        Device->Channels[i] = (PCARD_CHANNEL)(Channels + i * CardDriver.ChannelBytes);
        CardChannelInitialize(Device->Channels[i], Device, i);
        CardDriver.InitializeChannel(Device->Channels[i]);
    }
    KsDevice->Context = Device;
    return STATUS_SUCCESS;
}

/* All handles are closed, so nothing is mapped. */
static VOID Remove(PKSDEVICE KsDevice, PIRP Irp)
{
    PCARD_DEVICE Device = KsDevice->Context;

    UNREFERENCED_PARAMETER(Irp);
    ReleaseHardware(Device);
    KsDevice->Context = NULL;
    ExFreePoolWithTag(Device, CARD_TAG);
}

const KSDEVICE_DISPATCH CardDeviceDispatch = {
    .Add = Add,
    .Start = Start,
    .QueryStop = QueryStop,
    .Stop = Stop,
    .Remove = Remove,
    .SurpriseRemoval = SurpriseRemoval,
    .SetPower = SetPower,
};
