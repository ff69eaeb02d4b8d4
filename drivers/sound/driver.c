/* SPDX-License-Identifier: MIT */
/* The entry point, and the device's life: Add, Start, (Stop, Start,) Remove; SetPower in between;
 * SurpriseRemoval at any time. Start takes hold of the hardware in this order: registers, DMA
 * adapter, rings, interrupt, interrupts on. Stop and Remove let go in reverse. */
#include "sound.h"

/* {91E3A5D4-6B27-4C58-8F0A-2E7D94B1C360} */
const GUID AudioReference = {
    0x91e3a5d4, 0x6b27, 0x4c58, {0x8f, 0x0a, 0x2e, 0x7d, 0x94, 0xb1, 0xc3, 0x60}};

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The card takes addresses of 32 bits, and the driver copies: AVStream does not hear of the
 * adapter (Common Buffer DMA in AVStream). */
static NTSTATUS OpenAdapter(PSOUND Sound)
{
    DEVICE_DESCRIPTION Description;
    ULONG MapRegisters;

    RtlZeroMemory(&Description, sizeof(Description));
    Description.Version = DEVICE_DESCRIPTION_VERSION;
    Description.Master = TRUE;
    Description.ScatterGather = TRUE;
    Description.Dma32BitAddresses = TRUE;
    Description.InterfaceType = PCIBus;
    Description.MaximumLength = A32_RING_BYTES_MAX;
    Sound->Adapter =
        IoGetDmaAdapter(Sound->KsDevice->PhysicalDeviceObject, &Description, &MapRegisters);
    return Sound->Adapter != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS AllocateRings(PSOUND Sound)
{
    ULONG i;

    for (i = 0; i < AUDIO_STREAMS; i++) {
        PSOUND_RING Ring = &Sound->Rings[i];

        Ring->Va = Sound->Adapter->DmaOperations->AllocateCommonBuffer(
            Sound->Adapter, A32_RING_BYTES_MAX, &Ring->La, TRUE);
        if (Ring->Va == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static VOID FreeMemory(PSOUND Sound)
{
    ULONG i;

    for (i = 0; i < AUDIO_STREAMS; i++) {
        PSOUND_RING Ring = &Sound->Rings[i];

        if (Ring->Va != NULL)
            Sound->Adapter->DmaOperations->FreeCommonBuffer(Sound->Adapter, A32_RING_BYTES_MAX,
                                                            Ring->La, Ring->Va, TRUE);
        Ring->Va = NULL;
    }
    if (Sound->Adapter != NULL)
        Sound->Adapter->DmaOperations->PutDmaAdapter(Sound->Adapter);
    Sound->Adapter = NULL;
}

/* ---- Power ----------------------------------------------------------------------------------- */

static VOID PowerUp(PSOUND Sound)
{
    ULONG i;

    ExAcquireFastMutex(&Sound->Control);
    SoundWrite(Sound, A32_CONTROL, A32_RESET);
    SoundWrite(Sound, A32_CONTROL, A32_INTERRUPTS);
    Sound->Powered = TRUE;
    for (i = 0; i < AUDIO_STREAMS; i++)
        if (Sound->Audio.Streams[i].Running)
            RingStart(&Sound->Audio.Streams[i]);
    ExReleaseFastMutex(&Sound->Control);
}

static VOID PowerDown(PSOUND Sound)
{
    ULONG i;

    ExAcquireFastMutex(&Sound->Control);
    if (Sound->Powered) {
        for (i = 0; i < AUDIO_STREAMS; i++)
            RingStop(&Sound->Audio.Streams[i]);
        SoundWrite(Sound, A32_CONTROL, 0);
    }
    Sound->Powered = FALSE;
    ExReleaseFastMutex(&Sound->Control);
}

/* The card forgets its registers in D3, the rings keep their frames. The order in which pins and
 * power come back is not sure (Power and State Changes in AVStream). */
static VOID NTAPI SetPower(PKSDEVICE KsDevice, PIRP Irp, DEVICE_POWER_STATE To,
                           DEVICE_POWER_STATE From)
{
    PSOUND Sound = KsDevice->Context;

    UNREFERENCED_PARAMETER(Irp);
    if (Sound->Registers == NULL)
        return;
    if (To == PowerDeviceD0 && From != PowerDeviceD0)
        PowerUp(Sound);
    else if (To != PowerDeviceD0 && From == PowerDeviceD0)
        PowerDown(Sound);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

static PCM_PARTIAL_RESOURCE_DESCRIPTOR FindResource(PCM_RESOURCE_LIST List, UCHAR Type)
{
    PCM_PARTIAL_RESOURCE_LIST Partial;
    ULONG i;

    if (List == NULL || List->Count == 0)
        return NULL;
    Partial = &List->List[0].PartialResourceList;
    for (i = 0; i < Partial->Count; i++)
        if (Partial->PartialDescriptors[i].Type == Type)
            return &Partial->PartialDescriptors[i];
    return NULL;
}

static NTSTATUS MapCard(PSOUND Sound, PCM_PARTIAL_RESOURCE_DESCRIPTOR Memory)
{
    Sound->Registers = MmMapIoSpace(Memory->u.Memory.Start, Memory->u.Memory.Length, MmNonCached);
    if (Sound->Registers == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Sound->RegisterBytes = Memory->u.Memory.Length;
    if (SoundRead(Sound, A32_ID) == A32_ID_VALUE)
        return STATUS_SUCCESS;
    DbgPrint("unknown card, ID %08x\n", SoundRead(Sound, A32_ID));
    return STATUS_NO_SUCH_DEVICE;
}

static VOID ReleaseHardware(PSOUND Sound)
{
    if (Sound->Registers == NULL)
        return;
    PowerDown(Sound);
    SoundDisconnectInterrupt(Sound);
    FreeMemory(Sound);
    MmUnmapIoSpace(Sound->Registers, Sound->RegisterBytes);
    Sound->Registers = NULL;
}

/* Translated first, unlike the IRP. A Start while the device is started gives it other resources:
 * what we have of the old ones must go first. */
static NTSTATUS NTAPI Start(PKSDEVICE KsDevice, PIRP Irp, PCM_RESOURCE_LIST Translated,
                            PCM_RESOURCE_LIST Untranslated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Memory = FindResource(Translated, CmResourceTypeMemory);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Line = FindResource(Translated, CmResourceTypeInterrupt);
    PSOUND Sound = KsDevice->Context;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Untranslated);
    ReleaseHardware(Sound);
    if (Memory != NULL && Line != NULL)
        Status = MapCard(Sound, Memory);
    if (NT_SUCCESS(Status))
        Status = OpenAdapter(Sound);
    if (NT_SUCCESS(Status))
        Status = AllocateRings(Sound);
    if (NT_SUCCESS(Status)) {
        SoundWrite(Sound, A32_CONTROL, A32_RESET); /* silent, before anyone listens */
        Status = SoundConnectInterrupt(Sound, Line);
    }
    if (NT_SUCCESS(Status))
        PowerUp(Sound);
    else
        ReleaseHardware(Sound);
    return Status;
}

/* Stopping would take the rings away under the streams. */
static NTSTATUS NTAPI QueryStop(PKSDEVICE KsDevice, PIRP Irp)
{
    PSOUND Sound = KsDevice->Context;

    UNREFERENCED_PARAMETER(Irp);
    return Sound->Audio.Streams[AUDIO_RENDER].Pin != NULL ||
                   Sound->Audio.Streams[AUDIO_CAPTURE].Pin != NULL
               ? STATUS_DEVICE_BUSY
               : STATUS_SUCCESS;
}

static VOID NTAPI Stop(PKSDEVICE KsDevice, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    ReleaseHardware(KsDevice->Context);
}

/* The card is out of its slot: its registers read as all ones, and nothing moves any more. The
 * rings stay until Remove, when all pins are closed. */
static VOID NTAPI SurpriseRemoval(PKSDEVICE KsDevice, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    SoundDisconnectInterrupt(KsDevice->Context);
}

/* ---- Add and remove -------------------------------------------------------------------------- */

static NTSTATUS NTAPI Add(PKSDEVICE KsDevice)
{
    PSOUND Sound = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Sound), SOUND_TAG);
    NTSTATUS Status;

    if (Sound == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Sound, sizeof(*Sound));
    Status = KsAddItemToObjectBag(KsDevice->Bag, Sound, NULL); /* freed with the device */
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Sound, SOUND_TAG);
        return Status;
    }
    AudioInitialize(&Sound->Audio);
    Sound->KsDevice = KsDevice;
    ExInitializeFastMutex(&Sound->Control);
    KeInitializeDpc(&Sound->Dpc, SoundDpc, Sound);
    KsDevice->Context = Sound;
    return STATUS_SUCCESS;
}

static VOID NTAPI Remove(PKSDEVICE KsDevice, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    ReleaseHardware(KsDevice->Context);
}

static const KSDEVICE_DISPATCH Dispatch = {
    .Add = Add,
    .Start = Start,
    .QueryStop = QueryStop,
    .Stop = Stop,
    .Remove = Remove,
    .SurpriseRemoval = SurpriseRemoval,
    .SetPower = SetPower,
};

static const KSFILTER_DESCRIPTOR *const Filters[] = {&AudioFilter};

static const KSDEVICE_DESCRIPTOR Device = {
    .Dispatch = &Dispatch,
    .FilterDescriptorsCount = ARRAYSIZE(Filters),
    .FilterDescriptors = Filters,
    .Version = KSDEVICE_DESCRIPTOR_VERSION,
};

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return KsInitializeDriver(DriverObject, RegistryPath, &Device);
}
