/* SPDX-License-Identifier: MIT */
/* Structured exceptions as Microsoft's compilers lay them out. DriverEntry runs each check and
 * fails with its number in the status; nothing else is done. */
#include "msvc.h"

int _fltused; /* asked for by whoever uses floating point */

static volatile ULONG Trail; /* what ran, in order, a hexadecimal digit each */
static PVOID volatile BadUser = (PVOID)0x1234;

/* ExRaiseStatus, without telling the compiler that it does not return: it would let the block end
 * where the handler begins, and leave out what it thinks is never reached. A Note after the call
 * keeps its return address apart from the block that follows. */
static VOID NTAPI (*volatile Raise)(NTSTATUS Status) = ExRaiseStatus;

static void Note(ULONG Step)
{
    Trail = Trail << 4 | Step;
}

static LONG Answer(ULONG Step, LONG Value)
{
    Note(Step);
    return Value;
}

/* ---- One block ------------------------------------------------------------------------------- */

static BOOLEAN RaisedStatusIsHandled(void)
{
    ULONG Code = 0;

    __try {
        Raise(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Code = GetExceptionCode();
    }
    return Code == (ULONG)STATUS_NO_MEMORY;
}

static BOOLEAN BadUserAddressIsHandled(void)
{
    volatile ULONG Read = 7;
    ULONG_PTR Address = 0;

    __try {
        Read = *(volatile ULONG *)BadUser;
    } __except (Address = GetExceptionInformation()->ExceptionRecord->ExceptionInformation[1],
                EXCEPTION_EXECUTE_HANDLER) {
        return Read == 7 && Address == (ULONG_PTR)BadUser &&
               GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION;
    }
    return FALSE;
}

static BOOLEAN NothingRaisedRunsTheFinallyAlone(void)
{
    Trail = 0;
    __try {
        Note(1);
    } __finally {
        Note(AbnormalTermination() ? 9 : 2);
    }
    return Trail == 0x12;
}

/* Registers that a callee preserves are as they were, whatever the raiser did with them. */
__declspec(noinline) static ULONG Scramble(ULONG A, ULONG B, ULONG C, ULONG D, ULONG E)
{
    volatile ULONG Sum = A * B + C * D + E;

    for (ULONG i = 0; i < 4; i++)
        Sum = Sum * 3 + A + B + C + D + E + i;
    if (Sum != 0)
        Raise((NTSTATUS)0xC0001234);
    return Sum;
}

static BOOLEAN PreservedRegistersAreBackInTheHandler(ULONG Base)
{
    ULONG A = Base + 1, B = Base + 2, C = Base + 3, D = Base + 4, E = Base + 5;
    double F = Base * 1.5;

    __try {
        A = Scramble(A, B, C, D, E);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return A == Base + 1 && B == Base + 2 && C == Base + 3 && D == Base + 4 && E == Base + 5 &&
               F == Base * 1.5;
    }
    return FALSE;
}

/* ---- Nested blocks --------------------------------------------------------------------------- */

__declspec(noinline) static void RaiseThroughFinally(void)
{
    __try {
        Note(1);
        Raise(STATUS_UNSUCCESSFUL);
        Note(9);
    } __finally {
        Note(AbnormalTermination() ? 3 : 9);
    }
}

/* Filters first, from the inside out, then the finally blocks, then the handler. */
static BOOLEAN FiltersComeBeforeFinallyBlocks(void)
{
    Trail = 0;
    __try {
        __try {
            RaiseThroughFinally();
        } __except (Answer(2, EXCEPTION_CONTINUE_SEARCH)) {
            Note(9);
        }
    } __except (Answer(4, EXCEPTION_EXECUTE_HANDLER)) {
        Note(5);
    }
    return Trail == 0x12435;
}

static BOOLEAN AHandlerMayRaiseAgain(void)
{
    ULONG First = 0, Second = 0;

    __try {
        __try {
            Raise((NTSTATUS)0xC0000111);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            First = GetExceptionCode();
            Raise((NTSTATUS)0xC0000222);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Second = GetExceptionCode();
    }
    return First == 0xC0000111 && Second == 0xC0000222;
}

__declspec(noinline) static LONG RaisingFilter(void)
{
    Note(2);
    Raise((NTSTATUS)0xC0000333);
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG SeeNested(PEXCEPTION_POINTERS Pointers)
{
    BOOLEAN Nested = (Pointers->ExceptionRecord->ExceptionFlags & EXCEPTION_NESTED_CALL) != 0;

    if (Pointers->ExceptionRecord->ExceptionCode == (NTSTATUS)0xC0000333)
        Note(Nested ? 4 : 3);
    return Pointers->ExceptionRecord->ExceptionCode == (NTSTATUS)0xC0000333
               ? EXCEPTION_EXECUTE_HANDLER
               : EXCEPTION_CONTINUE_SEARCH;
}

__declspec(noinline) static void RaiseUnderRaisingFilter(void)
{
    __try {
        Note(1);
        Raise((NTSTATUS)0xC0000111);
    } __except (GetExceptionCode() == 0xC0000111 ? RaisingFilter() : EXCEPTION_CONTINUE_SEARCH) {
        Note(9);
    }
}

/* The exception of a filter is looked for in the frames of the first one, from the start. */
static BOOLEAN AFilterMayRaise(void)
{
    ULONG Code = 0;

    Trail = 0;
    __try {
        RaiseUnderRaisingFilter();
    } __except (SeeNested(GetExceptionInformation())) {
        Code = GetExceptionCode();
        Note(5);
    }
    return Code == 0xC0000333 && (Trail == 0x1235 || Trail == 0x1245);
}

__declspec(noinline) static void RaiseInFinally(void)
{
    __try {
        __try {
            Raise((NTSTATUS)0xC0000111);
            Note(9);
        } __finally {
            Note(1);
            Raise((NTSTATUS)0xC0000444);
            Note(9);
        }
    } __finally {
        Note(2);
    }
}

/* The second exception takes over; no finally block runs twice. */
static BOOLEAN AFinallyBlockMayRaise(void)
{
    ULONG Code = 0;

    Trail = 0;
    __try {
        __try {
            RaiseInFinally();
        } __except (GetExceptionCode() == 0xC0000444 ? EXCEPTION_EXECUTE_HANDLER
                                                     : EXCEPTION_CONTINUE_SEARCH) {
            Code = GetExceptionCode();
            Note(3);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Note(9);
    }
    return Code == 0xC0000444 && Trail == 0x123;
}

static BOOLEAN AFinallyBlockAroundAHandlerRunsOnce(void)
{
    Trail = 0;
    __try {
        __try {
            __try {
                Raise(STATUS_UNSUCCESSFUL);
                Note(9);
            } __finally {
                Note(1);
            }
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Note(2);
        }
    } __finally {
        Note(AbnormalTermination() ? 9 : 3);
    }
    return Trail == 0x123;
}

/* ---- Going on -------------------------------------------------------------------------------- */

static LONG Skip(PEXCEPTION_POINTERS Pointers)
{
    if (Pointers->ExceptionRecord->ExceptionCode != STATUS_BREAKPOINT)
        return EXCEPTION_CONTINUE_SEARCH;
    Pointers->ContextRecord->Rip += 1;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static BOOLEAN AFilterMayChangeTheContextAndGoOn(void)
{
    Trail = 0;
    __try {
        Note(1);
        __debugbreak();
        Note(2);
    } __except (Skip(GetExceptionInformation())) {
        Note(9);
    }
    return Trail == 0x12;
}

static BOOLEAN ARaisedRecordMayBeContinued(void)
{
    EXCEPTION_RECORD Record = {0};

    Record.ExceptionCode = (NTSTATUS)0xE0000001;
    Record.NumberParameters = 2;
    Record.ExceptionInformation[1] = 0x55;
    Trail = 0;
    __try {
        Note(1);
        RtlRaiseException(&Record);
        Note(3);
    } __except (GetExceptionInformation()->ExceptionRecord->ExceptionInformation[1] == 0x55
                    ? Answer(2, EXCEPTION_CONTINUE_EXECUTION)
                    : EXCEPTION_CONTINUE_SEARCH) {
        Note(9);
    }
    return Trail == 0x123;
}

static BOOLEAN WhatCannotBeContinuedRaisesAnew(void)
{
    ULONG Code = 0;

    __try {
        __try {
            Raise(STATUS_UNSUCCESSFUL);
        } __except (GetExceptionCode() == (ULONG)STATUS_UNSUCCESSFUL
                        ? EXCEPTION_CONTINUE_EXECUTION
                        : EXCEPTION_CONTINUE_SEARCH) {
            Note(9);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Code = GetExceptionCode();
    }
    return Code == (ULONG)STATUS_NONCONTINUABLE_EXCEPTION;
}

/* ---- What our functions raise ---------------------------------------------------------------- */

static BOOLEAN ProbeForReadRaises(void)
{
    BOOLEAN Caught = FALSE;

    __try {
        ProbeForRead((PVOID)(ULONG_PTR)0xFFFFF80000000000ull, 16, 1);
    } __except (GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION) {
        Caught = TRUE;
    }
    __try {
        ProbeForRead((PVOID)(ULONG_PTR)0x1001, 16, 8);
    } __except (GetExceptionCode() == (ULONG)STATUS_DATATYPE_MISALIGNMENT) {
        return Caught;
    }
    return FALSE;
}

static BOOLEAN MmProbeAndLockPagesRaises(void)
{
    PMDL Mdl = IoAllocateMdl(BadUser, 64, FALSE, FALSE, NULL);
    BOOLEAN Caught = FALSE;

    if (Mdl == NULL)
        return FALSE;
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Caught = GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION;
    }
    IoFreeMdl(Mdl);
    return Caught;
}

static BOOLEAN AFaultInMemcpyIsHandled(void)
{
    UCHAR Room[16];
    BOOLEAN Caught = FALSE;

    __try {
        RtlCopyMemory(Room, (const void *)BadUser, (SIZE_T)(Trail | sizeof(Room)) & sizeof(Room));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Caught = GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION;
    }
    return Caught;
}

static BOOLEAN DivisionByZeroIsHandled(void)
{
    volatile ULONG Zero = 0;

    __try {
        Zero = 7 / Zero;
    } __except (GetExceptionCode() == (ULONG)STATUS_INTEGER_DIVIDE_BY_ZERO) {
        return TRUE;
    }
    return FALSE;
}

/* ---- Leaving --------------------------------------------------------------------------------- */

__declspec(noinline) static ULONG LeaveInTheMiddle(ULONG Value)
{
    __try {
        Note(1);
        if (Value == 3)
            return 4;
        Note(9);
    } __finally {
        Note(2);
    }
    return 9;
}

static BOOLEAN AReturnOutOfATryRunsItsFinally(void)
{
    Trail = 0;
    return LeaveInTheMiddle(3) == 4 && Trail == 0x12;
}

static BOOLEAN LoopsOfExceptionsLeaveNothingBehind(void)
{
    ULONG Caught = 0;

    for (ULONG i = 0; i < 200; i++) {
        __try {
            RaiseThroughFinally();
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Caught++;
        }
    }
    return Caught == 200;
}

DECLSPEC_NOINLINE static BOOLEAN LookUpOurselves(void)
{
    CONTEXT *Context = ExAllocatePoolWithTag(NonPagedPool, sizeof(CONTEXT), 'hesT');
    ULONG64 Base = 0, Frame = 0, Before;
    PVOID Data = NULL;
    PRUNTIME_FUNCTION Function;
    BOOLEAN Good;

    if (Context == NULL)
        return FALSE;
    RtlCaptureContext(Context);
    Function = RtlLookupFunctionEntry(Context->Rip, &Base, NULL);
    Before = Context->Rsp;
    Good = RtlLookupFunctionEntry(0x1000, &Frame, NULL) == NULL;
    Good = Good && Function != NULL && Context->Rip - Base >= Function->BeginAddress &&
           Context->Rip - Base < Function->EndAddress;
    if (Good)
        RtlVirtualUnwind(0, Base, Context->Rip, Function, Context, &Data, &Frame, NULL);
    Good = Good && Context->Rsp > Before && Frame >= Before;
    ExFreePoolWithTag(Context, 'hesT');
    return Good;
}

/* ---- A handler of the driver's own ----------------------------------------------------------- */

/* What cl.exe puts into a function with a buffer and no __try: a handler from its run-time library
 * (__GSHandlerCheck) that looks for the cookie whenever an exception passes. Its data is where in
 * the frame the cookie lies, with three flags below. */
typedef struct _DISPATCHER {
    ULONG64 ControlPc;
    ULONG64 ImageBase;
    PRUNTIME_FUNCTION FunctionEntry;
    ULONG64 EstablisherFrame;
    ULONG64 TargetIp;
    PCONTEXT ContextRecord;
    PVOID LanguageHandler;
    PULONG HandlerData;
} DISPATCHER, *PDISPATCHER;

static ULONG CookiesSeen, CookiesGood, UnwindsSeen;
ULONG64 TestCookie = 0x123456789ABC;
void GuardedFrame(void);

EXCEPTION_DISPOSITION NTAPI CookieHandler(PEXCEPTION_RECORD Record, ULONG64 Frame, PCONTEXT Context,
                                          PDISPATCHER Dispatcher)
{
    ULONG Offset = *Dispatcher->HandlerData & ~7u;

    UNREFERENCED_PARAMETER(Context);
    CookiesSeen++;
    UnwindsSeen += (Record->ExceptionFlags & EXCEPTION_UNWINDING) != 0;
    CookiesGood += (*(PULONG64)(Frame + Offset) ^ Frame) == TestCookie;
    return ExceptionContinueSearch;
}

void RaiseInGuardedFrame(void)
{
    Raise(STATUS_NO_MEMORY);
    Note(9);
}

__asm__(".globl GuardedFrame\n.seh_proc GuardedFrame\nGuardedFrame:\n"
        "pushq %rbx\n.seh_pushreg %rbx\nsubq $48, %rsp\n.seh_stackalloc 48\n.seh_endprologue\n"
        ".seh_handler CookieHandler, @unwind, @except\n.seh_handlerdata\n.long 32 + 3\n.text\n"
        "movq TestCookie(%rip), %rax\nxorq %rsp, %rax\nmovq %rax, 32(%rsp)\n"
        "callq RaiseInGuardedFrame\nnop\naddq $48, %rsp\npopq %rbx\nretq\n.seh_endproc\n");

static BOOLEAN AHandlerOfTheDriversOwnSeesBothPasses(void)
{
    ULONG Code = 0;

    __try {
        GuardedFrame();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Code = GetExceptionCode();
    }
    return Code == (ULONG)STATUS_NO_MEMORY && CookiesSeen == 2 && CookiesGood == 2 &&
           UnwindsSeen == 1;
}

static const struct {
    BOOLEAN (*Check)(void);
} Checks[] = {
    {RaisedStatusIsHandled},
    {BadUserAddressIsHandled},
    {NothingRaisedRunsTheFinallyAlone},
    {FiltersComeBeforeFinallyBlocks},
    {AHandlerMayRaiseAgain},
    {AFilterMayRaise},
    {AFinallyBlockMayRaise},
    {AFinallyBlockAroundAHandlerRunsOnce},
    {AFilterMayChangeTheContextAndGoOn},
    {ARaisedRecordMayBeContinued},
    {WhatCannotBeContinuedRaisesAnew},
    {ProbeForReadRaises},
    {MmProbeAndLockPagesRaises},
    {AFaultInMemcpyIsHandled},
    {DivisionByZeroIsHandled},
    {AReturnOutOfATryRunsItsFinally},
    {LoopsOfExceptionsLeaveNothingBehind},
    {LookUpOurselves},
    {AHandlerOfTheDriversOwnSeesBothPasses},
};

/* ---- What nobody handles --------------------------------------------------------------------- */

static int __cdecl RaisingCompare(const void *A, const void *B)
{
    UNREFERENCED_PARAMETER(A);
    UNREFERENCED_PARAMETER(B);
    Raise((NTSTATUS)0xC0000777);
    return 0;
}

/* Our frames lie between: an exception does not pass through qsort's. */
static DECLSPEC_UNUSED VOID RaiseThroughTheSystem(void)
{
    ULONG Numbers[] = {2, 1};

    __try {
        qsort(Numbers, 2, sizeof(Numbers[0]), RaisingCompare);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Note(9);
    }
}

static DECLSPEC_UNUSED VOID RaiseAtDispatchLevel(void)
{
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Raise((NTSTATUS)0xC0000777);
    KeLowerIrql(Irql);
}

static DRIVER_UNLOAD Unload;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
#if defined(UNHANDLED)
    Raise((NTSTATUS)0xC0000777);
    Note(9);
#elif defined(UNHANDLED_AT_DISPATCH)
    RaiseAtDispatchLevel();
#elif defined(THROUGH_THE_SYSTEM)
    RaiseThroughTheSystem();
#endif
    for (ULONG i = 0; i < RTL_NUMBER_OF(Checks); i++) {
        if (!Checks[i].Check()) {
            DbgPrint("check %u failed, trail %x\n", i, Trail);
            return (NTSTATUS)(0xE0000000 | i);
        }
    }
    if (!PreservedRegistersAreBackInTheHandler(100))
        return (NTSTATUS)0xE00000FF;
    return STATUS_SUCCESS;
}
