/* SPDX-License-Identifier: MIT */
/* The entry point, and the device: without hardware, Start reads the settings and no more. */
#include "tone.h"

PTONE ToneOfIrp(PIRP Irp)
{
    return KsGetDeviceForDeviceObject(IoGetCurrentIrpStackLocation(Irp)->DeviceObject)->Context;
}

static VOID Initialize(PTONE Tone)
{
    ULONG i;

    for (i = 0; i < TONE_STREAMS; i++) {
        Tone->Streams[i].Tone = Tone;
        Tone->Streams[i].Id = i;
        LevelInitialize(&Tone->Streams[i].Level);
    }
    ToneInitializeTimer(Tone);
}

static NTSTATUS NTAPI Add(PKSDEVICE Device)
{
    PTONE Tone = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Tone), TONE_TAG);
    NTSTATUS Status;

    if (Tone == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Tone, sizeof(*Tone));
    Status = KsAddItemToObjectBag(Device->Bag, Tone, NULL); /* freed with the device */
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Tone, TONE_TAG);
        return Status;
    }
    Initialize(Tone);
    Device->Context = Tone;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Start(PKSDEVICE Device, PIRP Irp, PCM_RESOURCE_LIST Translated,
                            PCM_RESOURCE_LIST Untranslated)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Translated);
    UNREFERENCED_PARAMETER(Untranslated);
    ToneReadSettings(Device->Context, Device);
    return STATUS_SUCCESS;
}

static const KSDEVICE_DISPATCH Dispatch = {.Add = Add, .Start = Start};

static const KSFILTER_DESCRIPTOR *const Filters[] = {&ToneFilter};

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
