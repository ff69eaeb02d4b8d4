/* SPDX-License-Identifier: MIT */
/* What newer images carry: control flow guard, a security cookie, and C++ of the kernel's kind: new
 * and delete over pool, virtual functions, constructors and destructors of locals. DriverEntry runs
 * the checks and fails with a number. */
extern "C" {
#include "msvc.h"

/* What the compiler's run-time library brings: the cookie, its check, the guard's pointers, and the
 * load configuration that tells the loader of all of them. */
ULONG_PTR __security_cookie = 0x00002B992DDFA232;
extern char __guard_fids_table[], __guard_fids_count[], __guard_flags[];

static VOID GuardCheckNothing(ULONG_PTR)
{
}

PVOID __guard_check_icall_fptr = (PVOID)GuardCheckNothing;
void GuardDispatchNothing(void);
__asm__(".globl GuardDispatchNothing\nGuardDispatchNothing: jmpq *%rax");
PVOID __guard_dispatch_icall_fptr = (PVOID)GuardDispatchNothing;
int _fltused;

struct LOAD_CONFIG {
    ULONG Size;
    ULONG TimeDateStamp;
    UCHAR Skipped[0x50];
    PVOID SecurityCookie; /* 0x58 */
    PVOID SEHandlerTable;
    ULONG_PTR SEHandlerCount;
    PVOID GuardCFCheckFunctionPointer; /* 0x70 */
    PVOID GuardCFDispatchFunctionPointer;
    PVOID GuardCFFunctionTable;
    PVOID GuardCFFunctionCount;
    PVOID GuardFlagsAndMore; /* 0x90: the low half is the flags */
    ULONG_PTR Later[20];
};

__attribute__((used)) extern const LOAD_CONFIG _load_config_used;
const LOAD_CONFIG _load_config_used = {
    sizeof(LOAD_CONFIG), 0, {0}, &__security_cookie, nullptr, 0, &__guard_check_icall_fptr,
    &__guard_dispatch_icall_fptr, __guard_fids_table, __guard_fids_count, __guard_flags};

int __cdecl _purecall(void);

DECLSPEC_NORETURN void FastFail(ULONG Code)
{
    __asm__ volatile("int $0x29" : : "c"(Code));
    __builtin_unreachable();
}

void __security_check_cookie(ULONG_PTR Cookie)
{
    if (Cookie != __security_cookie)
        FastFail(2);
}
}

static volatile LONG Alive;

void *operator new(SIZE_T Bytes)
{
    return ExAllocatePoolWithTag(NonPagedPool, Bytes, 'xxcT');
}

void operator delete(void *Block) noexcept
{
    ExFreePoolWithTag(Block, 'xxcT');
}

void operator delete(void *Block, SIZE_T) noexcept
{
    ExFreePoolWithTag(Block, 'xxcT');
}

class Shape {
public:
    Shape()
    {
        Alive++;
    }
    virtual ~Shape()
    {
        Alive--;
    }
    virtual LONG Area() = 0;
};

class Square : public Shape {
public:
    explicit Square(LONG Side) : Side(Side)
    {
    }
    LONG Area() override
    {
        return Side * Side;
    }

private:
    LONG Side;
};

__declspec(noinline) static LONG Measure(Shape *Shape)
{
    return Shape->Area();
}

static BOOLEAN VirtualFunctionsAndDelete()
{
    Shape *Object = new Square(7);
    LONG Area = Measure(Object);

    delete Object;
    return Area == 49 && Alive == 0;
}

/* A buffer on the stack: the compiler puts the cookie behind it. */
DECLSPEC_UNUSED __declspec(noinline) static ULONG FillBuffer(ULONG Count)
{
    CHAR Buffer[64];
    ULONG Sum = 0;

    RtlFillMemory(Buffer, sizeof(Buffer), 1);
    for (ULONG i = 0; i < Count; i++)
        ((volatile CHAR *)Buffer)[i] = (CHAR)i;
    for (ULONG i = 0; i < sizeof(Buffer); i++)
        Sum += ((volatile CHAR *)Buffer)[i];
    return Sum;
}

static ULONG(NTAPI *volatile Indirect)(VOID);

static ULONG NTAPI Answer(VOID)
{
    return 42;
}

static BOOLEAN CookieWasSet()
{
    return __security_cookie != 0x00002B992DDFA232 && __security_cookie != 0 &&
           __security_cookie >> 48 == 0;
}

/* The destructor runs on the way out of a __try as well as of a plain block. */
static BOOLEAN LocalsAreDestroyed()
{
    {
        Square Local(3);

        if (Measure(&Local) != 9)
            return FALSE;
    }
    return Alive == 0;
}

extern "C" {
static DRIVER_UNLOAD Unload;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    Indirect = Answer;
    if (!CookieWasSet())
        return (NTSTATUS)0xE0000001;
    if (Indirect() != 42)
        return (NTSTATUS)0xE0000002;
    if (!VirtualFunctionsAndDelete())
        return (NTSTATUS)0xE0000003;
    if (!LocalsAreDestroyed())
        return (NTSTATUS)0xE0000004;
#if defined(OVERRUN)
    return FillBuffer(128) != 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
#elif defined(PURE_CALL)
    {
        static PVOID Table[2] = {nullptr, (PVOID)_purecall};
        PVOID *Fake = Table;

        return Measure((Shape *)&Fake) != 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    }
#else
    return FillBuffer(64) == 2016 ? STATUS_SUCCESS : (NTSTATUS)0xE0000005;
#endif
}
}
