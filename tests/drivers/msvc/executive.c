/* SPDX-License-Identifier: MIT */
/* What only a driver's own code can ask: to unwind to a frame, to raise, where its stack and its
 * image are. DriverEntry runs each check and fails with its number in the status. */
#include "msvc.h"

#ifndef NOWHERE
#define NOWHERE 0 /* which function is to unwind to a frame that is not there */
#endif

/* What mingw-w64's headers lack. */
NTSYSAPI VOID NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                              PVOID ReturnValue);
NTSYSAPI VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp,
                                PEXCEPTION_RECORD ExceptionRecord, PVOID ReturnValue,
                                PCONTEXT ContextRecord, PVOID HistoryTable);
NTSYSAPI VOID NTAPI _local_unwind(PVOID Frame, PVOID TargetIp);
NTSYSAPI VOID NTAPI RtlRaiseStatus(NTSTATUS Status);
NTSYSAPI USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture,
                                               PVOID *BackTrace, PULONG BackTraceHash);
NTSYSAPI ULONG NTAPI RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags);
NTSYSAPI PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID *BaseOfImage);
NTKERNELAPI VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit);
NTKERNELAPI PVOID NTAPI IoGetInitialStack(VOID);

static volatile ULONG Finallys;
static PVOID Image;

/* ---- Unwinding to a frame -------------------------------------------------------------------- */

/* ULONG64 CallAndBeUnwoundTo(Function): calls Function(this frame, an address in it), which must
 * not return, and gives back what rax holds when the unwinding arrives there. */
__asm__(".text\n"
        ".globl CallAndBeUnwoundTo\n"
        ".def CallAndBeUnwoundTo; .scl 2; .type 32; .endef\n"
        ".seh_proc CallAndBeUnwoundTo\n"
        "CallAndBeUnwoundTo:\n"
        "  sub $0x28, %rsp\n"
        "  .seh_stackalloc 0x28\n"
        "  .seh_endprologue\n"
        "  mov %rcx, %rax\n"
        "  mov %rsp, %rcx\n"
        "  lea 1f(%rip), %rdx\n"
        "  call *%rax\n"
        "  mov $0xbad, %eax\n"
        "1:\n"
        "  add $0x28, %rsp\n"
        "  ret\n"
        ".seh_endproc\n");
ULONG64 CallAndBeUnwoundTo(VOID (*Function)(PVOID Frame, PVOID Address));

/* None of these calls returns; what follows keeps their return addresses inside the blocks. */
static DECLSPEC_NOINLINE VOID Extended(PVOID Frame, PVOID Address)
{
    static CONTEXT Room;

    __try {
        RtlUnwindEx(Frame, Address, NULL, (PVOID)42, &Room, NULL);
        Finallys += 100;
    } __finally {
        Finallys++;
    }
}

static DECLSPEC_NOINLINE VOID Plain(PVOID Frame, PVOID Address)
{
    EXCEPTION_RECORD Record = {.ExceptionCode = STATUS_UNSUCCESSFUL};

    __try {
        __try {
            RtlUnwind(Frame, Address, &Record, (PVOID)43);
            Finallys += 100;
        } __finally {
            Finallys++;
        }
    } __finally {
        Finallys++;
    }
}

static DECLSPEC_NOINLINE VOID Local(PVOID Frame, PVOID Address)
{
    __try {
        _local_unwind(Frame, Address);
        Finallys += 100;
    } __finally {
        Finallys++;
    }
}

static BOOLEAN FramesAreUnwoundTo(void)
{
    Finallys = 0;
    return CallAndBeUnwoundTo(Extended) == 42 && Finallys == 1 &&
           CallAndBeUnwoundTo(Plain) == 43 && Finallys == 3 && CallAndBeUnwoundTo(Local) == 0 &&
           Finallys == 4;
}

/* ---- Raising --------------------------------------------------------------------------------- */

static BOOLEAN NamedExceptionsAreRaised(void)
{
    VOID (NTAPI *volatile RaiseViolation)(VOID) = ExRaiseAccessViolation;
    VOID (NTAPI *volatile RaiseMisalignment)(VOID) = ExRaiseDatatypeMisalignment;
    VOID (NTAPI *volatile RaiseAny)(NTSTATUS Status) = RtlRaiseStatus;
    ULONG Codes[3] = {0};

    __try {
        RaiseViolation();
        Finallys++;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Codes[0] = GetExceptionCode();
    }
    __try {
        RaiseMisalignment();
        Finallys++;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Codes[1] = GetExceptionCode();
    }
    __try {
        RaiseAny(STATUS_NO_SUCH_DEVICE);
        Finallys++;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Codes[2] = GetExceptionCode();
    }
    return Codes[0] == (ULONG)STATUS_ACCESS_VIOLATION &&
           Codes[1] == (ULONG)STATUS_DATATYPE_MISALIGNMENT &&
           Codes[2] == (ULONG)STATUS_NO_SUCH_DEVICE;
}

/* ---- Where the driver is --------------------------------------------------------------------- */

static BOOLEAN TheStackLiesBetweenItsLimits(void)
{
    ULONG_PTR Low = 0, High = 0;

    IoGetStackLimits(&Low, &High);
    return Low < (ULONG_PTR)&Low && (ULONG_PTR)&Low < High && High - Low >= 0x6000 &&
           (ULONG_PTR)IoGetInitialStack() == High;
}

static BOOLEAN AnAddressLeadsToItsImage(void)
{
    PVOID Base = (PVOID)1;

    if (RtlPcToFileHeader((PVOID)AnAddressLeadsToItsImage, &Base) != Image || Base != Image)
        return FALSE;
    return RtlPcToFileHeader(&Base, &Base) == NULL && Base == NULL; /* the stack is in none */
}

static DECLSPEC_NOINLINE USHORT Trace(ULONG Skip, ULONG Count, PVOID *Frames, PULONG Hash)
{
    USHORT Given = RtlCaptureStackBackTrace(Skip, Count, Frames, Hash);

    Finallys++; /* or the call would be the last, and this frame gone */
    return Given;
}

static BOOLEAN TheCallersAreTold(void)
{
    PVOID Frames[8] = {NULL}, Skipped[8] = {NULL};
    ULONG Hash = 0;
    USHORT Count = Trace(0, 8, Frames, &Hash);

    if (Count < 2 || Hash == 0 || (ULONG_PTR)Frames[0] - (ULONG_PTR)Trace > 0x100)
        return FALSE;
    if (Trace(1, 8, Skipped, NULL) != Count - 1 || Trace(0, 1, Frames, &Hash) != 1)
        return FALSE;
    if (Trace(100, 8, Frames, NULL) != 0)
        return FALSE;
    return RtlWalkFrameChain(Skipped, 8, 0) == (ULONG)Count - 1 &&
           RtlWalkFrameChain(Skipped, 8, 1) == 0;
}

static BOOLEAN SectionsAreLockedByAnAddress(void)
{
    PVOID Handle = MmLockPagableDataSection((PVOID)AnAddressLeadsToItsImage);

    if (Handle == NULL || MmLockPagableDataSection(&Handle) != NULL)
        return FALSE;
    MmLockPagableSectionByHandle(Handle);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);
    if (MmPageEntireDriver((PVOID)AnAddressLeadsToItsImage) != Image)
        return FALSE;
    MmResetDriverPaging((PVOID)AnAddressLeadsToItsImage);
    return TRUE;
}

static BOOLEAN (*const Checks[])(void) = {
    FramesAreUnwoundTo,
    NamedExceptionsAreRaised,
    TheStackLiesBetweenItsLimits,
    AnAddressLeadsToItsImage,
    TheCallersAreTold,
    SectionsAreLockedByAnAddress,
};

static DRIVER_UNLOAD Unload;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

/* No frame of the stack lies there. */
static DECLSPEC_NOINLINE VOID UnwindToNowhere(void)
{
    static CONTEXT Room;

    if (NOWHERE == 1)
        RtlUnwind((PVOID)0x1000, (PVOID)Unload, NULL, NULL);
    else if (NOWHERE == 2)
        RtlUnwindEx((PVOID)0x1000, (PVOID)Unload, NULL, NULL, &Room, NULL);
    else
        _local_unwind((PVOID)0x1000, (PVOID)Unload);
    Finallys++;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    Image = DriverObject->DriverStart;
    if (NOWHERE != 0)
        UnwindToNowhere();
    for (ULONG i = 0; i < RTL_NUMBER_OF(Checks); i++) {
        if (!Checks[i]()) {
            DbgPrint("check %u failed\n", i);
            return (NTSTATUS)(0xE0000000 | i);
        }
    }
    return STATUS_SUCCESS;
}
