/* SPDX-License-Identifier: MIT */
/* What Microsoft's compilers and headers put into a driver instead of a call: frames of more than a
 * page, IRQL in cr8, the processor block behind gs, shared user data, lists that are popped inline,
 * and device memory touched by string and vector instructions. DriverEntry checks what needs no
 * device, START what does; either fails with a number. */
#include "msvc.h"

int _fltused;

/* ---- Without a device ------------------------------------------------------------------------ */

enum { BIG_FRAME = 9000 };

__declspec(noinline) static ULONG SumOfABigFrame(ULONG A, ULONG B, ULONG C, ULONG D)
{
    volatile UCHAR Big[BIG_FRAME];
    ULONG Sum = 0;

    for (ULONG i = 0; i < BIG_FRAME; i++)
        Big[i] = (UCHAR)(A + i);
    for (ULONG i = 0; i < BIG_FRAME; i += 1000)
        Sum += Big[i];
    return Sum + A + B * 10 + C * 100 + D * 1000;
}

static BOOLEAN AFrameOfThreePagesKeepsItsArguments(void)
{
    ULONG Expected = 4321;

    for (ULONG i = 0; i < BIG_FRAME; i += 1000)
        Expected += (UCHAR)(1 + i);
    return SumOfABigFrame(1, 2, 3, 4) == Expected;
}

static BOOLEAN IrqlIsCr8(void)
{
    BOOLEAN Good = __readcr8() == PASSIVE_LEVEL;
    KIRQL Old = KfRaiseIrql(DISPATCH_LEVEL);

    Good = Good && Old == PASSIVE_LEVEL && __readcr8() == DISPATCH_LEVEL;
    __writecr8(PASSIVE_LEVEL);
    return Good && __readcr8() == PASSIVE_LEVEL && KeGetCurrentIrql() == PASSIVE_LEVEL;
}

static BOOLEAN TheProcessorBlockIsBehindGs(void)
{
    BOOLEAN Good = __readgsqword(0x188) == (ULONG_PTR)PsGetCurrentThread();
    KIRQL Irql = KfRaiseIrql(DISPATCH_LEVEL);
    ULONG Number = KeGetCurrentProcessorNumberEx(NULL);

    Good = Good && __readgsbyte(0x184) == Number && __readgsdword(0x1A4) == Number;
    KeLowerIrql(Irql);
    return Good;
}

/* One compiler loads the address, the other has it inside the instruction. */
static ULONG64 SystemTimeByAddress(void)
{
    ULONG64 Value;

    __asm__ volatile("movabsq $0xFFFFF78000000014, %%rdx\n\tmovq (%%rdx), %0"
                     : "=a"(Value) : : "rdx", "memory");
    return Value;
}

static ULONG64 SystemTimeByOffset(void)
{
    ULONG64 Value;

    __asm__ volatile("movabsq 0xFFFFF78000000014, %0" : "=a"(Value) : : "memory");
    return Value;
}

static BOOLEAN SharedUserDataTellsTheTime(void)
{
    LARGE_INTEGER Wait = {.QuadPart = -10 * 1000 * 30};
    ULONG64 Before = SystemTimeByAddress();
    ULONG64 TicksBefore = *(volatile ULONG64 *)0xFFFFF78000000320;
    ULONG64 Passed;

    KeDelayExecutionThread(KernelMode, FALSE, &Wait);
    Passed = SystemTimeByOffset() - Before;
    return Passed >= 250000 && Passed < 600000 &&
           *(volatile ULONG64 *)0xFFFFF78000000320 > TicksBefore;
}

static BOOLEAN LookasideListsArePoppedInline(void)
{
    PNPAGED_LOOKASIDE_LIST List = ExAllocatePoolWithTag(NonPagedPool, sizeof(*List), 'gdcT');
    PVOID First, Second;
    BOOLEAN Good;

    ExInitializeNPagedLookasideList(List, NULL, NULL, 0, 64, 'gdcT', 0);
    First = ExAllocateFromNPagedLookasideList(List);
    Second = ExAllocateFromNPagedLookasideList(List);
    Good = First != NULL && Second != NULL && First != Second && List->L.TotalAllocates == 2;
    ExFreeToNPagedLookasideList(List, First);
    Good = Good && ExAllocateFromNPagedLookasideList(List) == First;
    ExFreeToNPagedLookasideList(List, First);
    ExFreeToNPagedLookasideList(List, Second);
    ExDeleteNPagedLookasideList(List);
    ExFreePoolWithTag(List, 'gdcT');
    return Good;
}

/* Newer headers empty the list head inline; older drivers call ExInitializeSListHead. */
static BOOLEAN AListHeadIsMadeInline(void)
{
    struct LIST {
        SLIST_HEADER Head;
        SLIST_ENTRY Entries[2];
    } *List = ExAllocatePoolWithTag(NonPagedPool, sizeof(*List), 'gdcT');
    BOOLEAN Good;

    ((volatile ULONG64 *)&List->Head)[0] = 0;
    ((volatile ULONG64 *)&List->Head)[1] = 0;
    Good = ExpInterlockedPushEntrySList(&List->Head, &List->Entries[0]) == NULL &&
           ExpInterlockedPushEntrySList(&List->Head, &List->Entries[1]) == &List->Entries[0] &&
           (((volatile ULONG64 *)&List->Head)[0] & 0xFFFF) == 2 &&
           ExpInterlockedPopEntrySList(&List->Head) == &List->Entries[1] &&
           ExpInterlockedPopEntrySList(&List->Head) == &List->Entries[0] &&
           ExpInterlockedPopEntrySList(&List->Head) == NULL;
    ExFreePoolWithTag(List, 'gdcT');
    return Good;
}

static BOOLEAN FloatingPointSurvivesAWait(void)
{
    LARGE_INTEGER Wait = {.QuadPart = -10 * 1000};
    volatile double Third = 3.0;
    double Kept = 1.0 / Third;

    for (ULONG i = 0; i < 20; i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &Wait);
        Kept = Kept * Third - 1.0 + 1.0 / Third;
    }
    return Kept * Third > 0.999999 && Kept * Third < 1.000001;
}

ULONG NTAPI IoWithinStackLimits(ULONG_PTR RegionStart, SIZE_T RegionSize);

static BOOLEAN LocalsLieWithinTheStack(void)
{
    ULONG_PTR Low, High;

    IoGetStackLimits(&Low, &High);
    return (ULONG_PTR)&Low > Low && (ULONG_PTR)&Low < High && High - Low == 24 * 1024 &&
           IoWithinStackLimits((ULONG_PTR)&Low, sizeof(Low)) &&
           !IoWithinStackLimits((ULONG_PTR)&Low, 24 * 1024) && !IoWithinStackLimits(High, 1) &&
           !IoWithinStackLimits(Low - 1, 2);
}

static BOOLEAN AFunctionIsFoundByName(void)
{
    ULONG (*NTAPI Count)(USHORT);
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"KeQueryActiveProcessorCountEx");
    Count = MmGetSystemRoutineAddress(&Name);
    if (Count == NULL || Count(0) != 2)
        return FALSE;
    RtlInitUnicodeString(&Name, L"KeNoSuchFunction");
    return MmGetSystemRoutineAddress(&Name) == NULL;
}

/* The slot in the import table holds the variable's address. */
__declspec(dllimport) extern ULONG NtBuildNumber;

static BOOLEAN VariablesAreImportedByAddress(void)
{
    ULONG Here;

    return NtBuildNumber >> 28 == 0xF && MmHighestUserAddress != NULL &&
           (PVOID)&Here > MmHighestUserAddress;
}

int __cdecl sprintf(char *, const char *, ...);
int __cdecl _snwprintf(WCHAR *, SIZE_T, const WCHAR *, ...);
int __cdecl _stricmp(const char *, const char *);
int __cdecl wcscmp(const WCHAR *, const WCHAR *);
int __cdecl strncpy_s(char *, SIZE_T, const char *, SIZE_T);

static BOOLEAN TheCRunTimeLibraryIsTheKernels(void)
{
    char Text[64], Copy[4];
    WCHAR Wide[16];

    sprintf(Text, "%s %I64x %5d|%-4u|%c", "pin", 0x123456789ULL, -42, 7u, '!');
    _snwprintf(Wide, 16, L"%ws/%03u", L"wide", 5);
    return _stricmp(Text, "PIN 123456789   -42|7   |!") == 0 && wcscmp(Wide, L"wide/005") == 0 &&
           strncpy_s(Copy, sizeof(Copy), "abcdef", 3) == 0 && _stricmp(Copy, "abc") == 0;
}

static const struct {
    BOOLEAN (*Check)(void);
} Checks[] = {
    {AFrameOfThreePagesKeepsItsArguments}, {IrqlIsCr8},
    {TheProcessorBlockIsBehindGs},         {SharedUserDataTellsTheTime},
    {LookasideListsArePoppedInline},       {AListHeadIsMadeInline},
    {FloatingPointSurvivesAWait},          {AFunctionIsFoundByName},
    {LocalsLieWithinTheStack},             {VariablesAreImportedByAddress},
    {TheCRunTimeLibraryIsTheKernels},
};

/* ---- Device memory --------------------------------------------------------------------------- */

typedef struct _EXTENSION {
    PDEVICE_OBJECT Next;
    UCHAR *Bar;
    ULONG BarBytes;
} EXTENSION, *PEXTENSION;

static UCHAR Pattern(ULONG i)
{
    return (UCHAR)(i * 7 + 3);
}

static BOOLEAN IsPattern(const UCHAR *Bytes, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++) {
        if (Bytes[i] != Pattern(i))
            return FALSE;
    }
    return TRUE;
}

static BOOLEAN StringsMoveToDeviceMemoryAndBack(UCHAR *Bar, UCHAR *From, UCHAR *To)
{
    for (ULONG i = 0; i < 256; i++)
        From[i] = Pattern(i);
    __movsd((ULONG *)Bar, (ULONG *)From, 32);
    __movsb(Bar + 128, From + 128, 64);
    __movsq((ULONG64 *)(Bar + 192), (ULONG64 *)(From + 192), 8);
    for (ULONG i = 0; i < 256; i += 4) {
        if (READ_REGISTER_ULONG((PULONG)(Bar + i)) != *(PULONG)(From + i))
            return FALSE;
    }
    RtlZeroMemory(To, 256);
    __movsw((USHORT *)To, (USHORT *)Bar, 128);
    return IsPattern(To, 256);
}

static BOOLEAN DeviceMemoryIsFilledByAString(UCHAR *Bar)
{
    ULONG64 Count = 16;
    UCHAR *At = Bar;

    __asm__ volatile("rep stosl" : "+D"(At), "+c"(Count) : "a"(0xA5A5A5A5) : "memory");
    return At == Bar + 64 && Count == 0 && READ_REGISTER_ULONG((PULONG)(Bar + 60)) == 0xA5A5A5A5 &&
           READ_REGISTER_UCHAR(Bar + 64) == Pattern(64);
}

static BOOLEAN VectorsMoveToDeviceMemoryAndBack(UCHAR *Bar, UCHAR *From, UCHAR *To)
{
    RtlZeroMemory(To, 64);
    __asm__ volatile("movdqu (%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\t"
                     "movdqa %%xmm0, 512(%1)\n\tmovaps %%xmm1, 528(%1)\n\t"
                     "movq 32(%0), %%xmm2\n\tmovq %%xmm2, 544(%1)\n\t"
                     "movq 40(%0), %%rax\n\tmovnti %%rax, 552(%1)\n\t"
                     "movdqu 48(%0), %%xmm3\n\tmovntdq %%xmm3, 560(%1)\n\t"
                     "movdqa 512(%1), %%xmm4\n\tmovups 528(%1), %%xmm5\n\t"
                     "movdqu %%xmm4, (%2)\n\tmovdqu %%xmm5, 16(%2)\n\t"
                     "movaps 544(%1), %%xmm0\n\tmovdqu %%xmm0, 32(%2)\n\t"
                     "movdqu 560(%1), %%xmm0\n\tmovdqu %%xmm0, 48(%2)"
                     : : "r"(From), "r"(Bar), "r"(To)
                     : "rax", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "memory");
    return IsPattern(To, 64);
}

static NTSTATUS CheckDevice(PEXTENSION Extension)
{
    UCHAR *Memory = ExAllocatePoolWithTag(NonPagedPool, 512, 'gdcT');
    NTSTATUS Status = STATUS_SUCCESS;

    if (!StringsMoveToDeviceMemoryAndBack(Extension->Bar, Memory, Memory + 256))
        Status = (NTSTATUS)0xE0000100;
    else if (!DeviceMemoryIsFilledByAString(Extension->Bar))
        Status = (NTSTATUS)0xE0000101;
    else if (!VectorsMoveToDeviceMemoryAndBack(Extension->Bar, Memory, Memory + 256))
        Status = (NTSTATUS)0xE0000102;
    ExFreePoolWithTag(Memory, 'gdcT');
    return Status;
}

/* ---- The device ------------------------------------------------------------------------------ */

static IO_COMPLETION_ROUTINE SignalEvent;

static NTSTATUS NTAPI SignalEvent(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendDownAndWait(PEXTENSION Extension, PIRP Irp)
{
    KEVENT Event;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, SignalEvent, &Event, TRUE, TRUE, TRUE);
    if (IofCallDriver(Extension->Next, Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    return Irp->IoStatus.Status;
}

static NTSTATUS Start(PEXTENSION Extension, PIRP Irp)
{
    PCM_RESOURCE_LIST List =
        IoGetCurrentIrpStackLocation(Irp)->Parameters.StartDevice.AllocatedResourcesTranslated;
    NTSTATUS Status = SendDownAndWait(Extension, Irp);

    if (!NT_SUCCESS(Status))
        return Status;
    for (ULONG i = 0; i < List->List[0].PartialResourceList.Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource =
            &List->List[0].PartialResourceList.PartialDescriptors[i];

        if (Resource->Type == CmResourceTypeMemory) {
            Extension->BarBytes = Resource->u.Memory.Length;
            Extension->Bar =
                MmMapIoSpace(Resource->u.Memory.Start, Extension->BarBytes, MmNonCached);
        }
    }
    return Extension->Bar != NULL ? CheckDevice(Extension) : (NTSTATUS)0xE0000103;
}

static DRIVER_DISPATCH Pnp;

static NTSTATUS NTAPI Pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION Extension = DeviceObject->DeviceExtension;
    UCHAR Minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    NTSTATUS Status;

    if (Minor == IRP_MN_START_DEVICE) {
        Status = Start(Extension, Irp);
        Irp->IoStatus.Status = Status;
        IofCompleteRequest(Irp, IO_NO_INCREMENT);
        return Status;
    }
    if (Minor == IRP_MN_REMOVE_DEVICE || Minor == IRP_MN_QUERY_REMOVE_DEVICE)
        Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IofCallDriver(Extension->Next, Irp);
    if (Minor == IRP_MN_REMOVE_DEVICE) {
        if (Extension->Bar != NULL)
            MmUnmapIoSpace(Extension->Bar, Extension->BarBytes);
        IoDetachDevice(Extension->Next);
        IoDeleteDevice(DeviceObject);
    }
    return Status;
}

static DRIVER_ADD_DEVICE AddDevice;

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT Device;
    PEXTENSION Extension;
    NTSTATUS Status = IoCreateDevice(DriverObject, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &Device);

    if (!NT_SUCCESS(Status))
        return Status;
    Extension = Device->DeviceExtension;
    Extension->Next = IoAttachDeviceToDeviceStack(Device, Pdo);
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static DRIVER_UNLOAD Unload;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

/* More stack than there is, a page after the other. */
__declspec(noinline) static DECLSPEC_UNUSED ULONG TakeAllStack(volatile UCHAR *Before, ULONG Depth)
{
    volatile UCHAR Big[BIG_FRAME];

    Big[0] = *Before + 1;
    return Depth < 100 ? TakeAllStack(Big, Depth + 1) + Big[0] : 0;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    DriverObject->MajorFunction[IRP_MJ_PNP] = Pnp;
#ifdef TAKE_ALL_STACK
    return (NTSTATUS)TakeAllStack((volatile UCHAR *)&DriverObject, 0);
#endif
    for (ULONG i = 0; i < RTL_NUMBER_OF(Checks); i++) {
        if (!Checks[i].Check()) {
            DbgPrint("check %u failed\n", i);
            return (NTSTATUS)(0xE0000000 | i);
        }
    }
    return STATUS_SUCCESS;
}
