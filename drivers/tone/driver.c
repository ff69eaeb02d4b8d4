/* SPDX-License-Identifier: MIT */
/* The entry point, and the device: without hardware, Start reads the settings and no more. */
#include "tone.h"

/* {2D4C7B16-8E35-4E0D-9B0F-5D1C3A6F8E42} */
const GUID AudioReference = {
    0x2d4c7b16, 0x8e35, 0x4e0d, {0x9b, 0x0f, 0x5d, 0x1c, 0x3a, 0x6f, 0x8e, 0x42}};

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
    AudioInitialize(&Tone->Audio);
    ToneInitializeTimer(Tone);
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
