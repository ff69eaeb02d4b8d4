/* SPDX-License-Identifier: MIT */
/* A driver that calls functions of every kind and is called back, to hold weir's thunks and gates
 * against what two compilers make of the Microsoft x64 convention. AbiRun gives back 0 or the line
 * of the first check that failed. */
#include <ntddk.h>
#include <stdarg.h>

#include "abi.h"

#if defined(__clang__)
int _fltused = 0x9875; /* "this image has floating point", which Microsoft's linker wants said */
#endif

int __cdecl _snprintf(char *Buffer, size_t Count, const char *Format, ...);
int __cdecl _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list List);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

__declspec(dllexport) int AbiRun(const struct abi_table *table);
DRIVER_INITIALIZE DriverEntry;

/* ---- Arguments and results ------------------------------------------------------------------- */

static int floating_point(const struct abi_table *table)
{
    CHECK(table->mixed(1.5, -2, 3.25f, 1ll << 40, -5.5, -6, 7.75f) ==
          1.5 - 2 + 3.25 + (double)(1ll << 40) - 5.5 - 6 + 7.75);
    CHECK(table->integers_first(-(1ll << 33), 0.5f, -3, 0.25, 0.125f) ==
          (float)(-8589934592.0 + 0.5 - 3 + 0.25 + 0.125));
    CHECK(table->doubles(1, 2, 3, 4, 5, 6) == 654321);
    return 0;
}

static int small_structures(const struct abi_table *table)
{
    struct abi_1 one = table->one((struct abi_1){-3}, (struct abi_1){5});
    struct abi_2 two = table->two((struct abi_2){1, 2});
    struct abi_4 four = table->four((struct abi_4){1, -1}, (struct abi_4){2, -2},
                                    (struct abi_4){3, -3}, (struct abi_4){4, -4},
                                    (struct abi_4){5, -5});
    struct abi_8 eight = table->eight((struct abi_8){1.5f, 7}, 2.5);
    union abi_union united = table->united(3, (union abi_union){.all = 0x100000002ll});

    CHECK(one.a == 2);
    CHECK(two.a == 2 && two.b == 1);
    CHECK(four.a == 12345 && four.b == -15);
    CHECK(eight.a == 4.0f && eight.b == -7);
    CHECK(united.parts[0] == 5 && united.parts[1] == 4);
    return 0;
}

static int large_structures(const struct abi_table *table)
{
    struct abi_3 three = {1, 2, 3}, turned;
    struct abi_12 a = {1, 2, 3}, b = {10, 20, 30}, e = {100, 200, 300}, sum;
    struct abi_40 first = {0.5, {1, 2, 3}, 4.5f}, second = {0.25, {10, 20, 30}, 40.25f}, both;

    turned = table->three(9, three);
    CHECK(turned.a == 3 && turned.b == 2 && turned.c == 10);
    CHECK(three.a == 1 && three.b == 2 && three.c == 3); /* the callee had a copy */
    sum = table->twelve(a, b, 1000, 2000, e);
    CHECK(sum.a == 1111 && sum.b == 2222 && sum.c == 333);
    CHECK(a.a == 1 && b.b == 20 && e.c == 300);
    both = table->forty(first, 8, second, 16, 32);
    CHECK(both.a == 32.75 && both.c == 52.75f);
    CHECK(both.b[0] == 11 && both.b[1] == 38 && both.b[2] == 33);
    CHECK(first.a == 0.5 && second.b[1] == 20);
    return 0;
}

/* ---- Arguments without a prototype ----------------------------------------------------------- */

static double through_list(const struct abi_table *table, const char *kinds, ...)
{
    va_list list;
    double sum;

    va_start(list, kinds);
    sum = table->sum_list(kinds, (char *)list);
    va_end(list);
    return sum;
}

static int __cdecl print_list(char *buffer, size_t count, const char *format, ...)
{
    va_list list;
    int length;

    va_start(list, format);
    length = _vsnprintf(buffer, count, format, list);
    va_end(list);
    return length;
}

static BOOLEAN same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b)
        a++, b++;
    return *a == *b;
}

/* A double goes in the integer register too, where %I64x finds its bits. */
static int variable_arguments(const struct abi_table *table)
{
    char text[128];

    CHECK(table->sum("iddlisd", 1, 2.5, 0.25, 1ll << 40, -3, "four", 0.125) ==
          1 + 2.5 + 0.25 + (double)(1ll << 40) - 3 + 4 + 0.125);
    CHECK(through_list(table, "diddisl", 0.5, 2, 4.5, 8.25, -16, "three", 1ll << 35) ==
          0.5 + 2 + 4.5 + 8.25 - 16 + 5 + (double)(1ll << 35));
    CHECK(_snprintf(text, sizeof text, "%I64x %d %I64x %s %c %u %I64d", 1.5, -7, -2.0, "pin", 'x',
                    4000000000u, -(1ll << 40)) == 68);
    CHECK(same(text, "3ff8000000000000 -7 c000000000000000 pin x 4000000000 -1099511627776"));
    CHECK(print_list(text, sizeof text, "%d %I64x %ws %x %hd %p", 1, 0.5, L"wide", 0xabcdu, -5,
                     (void *)0x12345678) == 48);
    CHECK(same(text, "1 3fe0000000000000 wide abcd -5 0000000012345678"));
    DbgPrint("abi %d %d %d %s %I64x\n", 1, 2, 3, "four", 5.0);
    return 0;
}

/* ---- Being called ---------------------------------------------------------------------------- */

static int context_here;

static long long ABI called_back(void *context, long long b, int c, short d, long long e,
                                 signed char f, void *g, unsigned h)
{
    if (context != &context_here || g != (void *)called_back)
        return -1;
    return b + c + d + e + f + h;
}

static NTSTATUS NTAPI value_seen(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context,
                                 PVOID entry_context)
{
    int *seen = context;

    (void)name;
    if (type == REG_DWORD && length == 4 && *(ULONG *)data == 0x1234567 &&
        entry_context == &context_here)
        *seen = 1;
    return STATUS_SUCCESS;
}

/* rsp where a function is entered: 8 more than a multiple of 16, for the caller's call pushed 8. */
__asm__(".text\n"
        ".globl AbiEntryRsp\n"
        "AbiEntryRsp:\n"
        "  mov %rsp, %rax\n"
        "  ret\n");
ULONG64 AbiEntryRsp(void);

/* 0 when a call with (a, b, c) kept what a callee must keep. Each register gets a value of its own;
 * what the call goes through may use them all. */
__asm__(".text\n"
        ".globl AbiKeeps\n"
        "AbiKeeps:\n"
        "  push %rbx; push %rbp; push %rsi; push %rdi; push %r12; push %r13; push %r14; push %r15\n"
        "  sub $0xc8, %rsp\n"
        "  movups %xmm6, 0x20(%rsp); movups %xmm7, 0x30(%rsp); movups %xmm8, 0x40(%rsp)\n"
        "  movups %xmm9, 0x50(%rsp); movups %xmm10, 0x60(%rsp); movups %xmm11, 0x70(%rsp)\n"
        "  movups %xmm12, 0x80(%rsp); movups %xmm13, 0x90(%rsp); movups %xmm14, 0xa0(%rsp)\n"
        "  movups %xmm15, 0xb0(%rsp)\n"
        "  mov %rcx, %rax; mov %rdx, %rcx; mov %r8, %rdx; mov %r9, %r8\n"
        "  mov $0x21, %ebx; mov $0x22, %ebp; mov $0x23, %esi; mov $0x24, %edi\n"
        "  mov $0x25, %r12d; mov $0x26, %r13d; mov $0x27, %r14d; mov $0x28, %r15d\n"
        "  movq %rbx, %xmm6; movq %rbp, %xmm7; movq %rsi, %xmm8; movq %rdi, %xmm9\n"
        "  movq %r12, %xmm10; movq %r13, %xmm11; movq %r14, %xmm12; movq %r15, %xmm13\n"
        "  movq %rbx, %xmm14; movq %rbp, %xmm15\n"
        "  punpcklqdq %xmm6, %xmm6; punpcklqdq %xmm15, %xmm15\n"
        "  call *%rax\n"
        "  movhlps %xmm6, %xmm0; movq %xmm0, %rax; xor $0x21, %rax\n"
        "  movhlps %xmm15, %xmm0; movq %xmm0, %rcx; xor $0x22, %rcx; or %rcx, %rax\n"
        "  movq %xmm6, %rcx; xor $0x21, %rcx; or %rcx, %rax\n"
        "  movq %xmm7, %rcx; xor $0x22, %rcx; or %rcx, %rax\n"
        "  movq %xmm8, %rcx; xor $0x23, %rcx; or %rcx, %rax\n"
        "  movq %xmm9, %rcx; xor $0x24, %rcx; or %rcx, %rax\n"
        "  movq %xmm10, %rcx; xor $0x25, %rcx; or %rcx, %rax\n"
        "  movq %xmm11, %rcx; xor $0x26, %rcx; or %rcx, %rax\n"
        "  movq %xmm12, %rcx; xor $0x27, %rcx; or %rcx, %rax\n"
        "  movq %xmm13, %rcx; xor $0x28, %rcx; or %rcx, %rax\n"
        "  movq %xmm14, %rcx; xor $0x21, %rcx; or %rcx, %rax\n"
        "  movq %xmm15, %rcx; xor $0x22, %rcx; or %rcx, %rax\n"
        "  xor $0x21, %rbx; or %rbx, %rax; xor $0x22, %rbp; or %rbp, %rax\n"
        "  xor $0x23, %rsi; or %rsi, %rax; xor $0x24, %rdi; or %rdi, %rax\n"
        "  xor $0x25, %r12; or %r12, %rax; xor $0x26, %r13; or %r13, %rax\n"
        "  xor $0x27, %r14; or %r14, %rax; xor $0x28, %r15; or %r15, %rax\n"
        "  movups 0x20(%rsp), %xmm6; movups 0x30(%rsp), %xmm7; movups 0x40(%rsp), %xmm8\n"
        "  movups 0x50(%rsp), %xmm9; movups 0x60(%rsp), %xmm10; movups 0x70(%rsp), %xmm11\n"
        "  movups 0x80(%rsp), %xmm12; movups 0x90(%rsp), %xmm13; movups 0xa0(%rsp), %xmm14\n"
        "  movups 0xb0(%rsp), %xmm15\n"
        "  add $0xc8, %rsp\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rdi; pop %rsi; pop %rbp; pop %rbx\n"
        "  ret\n");
ULONG64 AbiKeeps(const void *function, ULONG64 a, ULONG64 b, const void *c);

/* A callback may use all non-volatile registers once it has saved them: this one's loop does. */
static ULONG64 ABI busy(void)
{
    double a[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, sum = 0;

    for (int turn = 0; turn < 10; turn++) {
        for (int i = 0; i < 10; i++)
            a[i] = a[i] * 1.5 + turn;
    }
    for (int i = 0; i < 10; i++)
        sum += a[i];
    return sum > 0;
}

static int callbacks(const struct abi_table *table)
{
    CHECK(table->call_back(called_back, &context_here) ==
          (1ll << 40) - 2 - 3 + 5 - 6 + 4000000000ll);
    CHECK(table->call_plain((void *)(ULONG_PTR)AbiEntryRsp) % 16 == 8);
    CHECK(table->call_elsewhere((void *)(ULONG_PTR)AbiEntryRsp) % 16 == 8);
    CHECK(table->call_plain((void *)(ULONG_PTR)busy) == 1);
    return 0;
}

static int registers(const struct abi_table *table)
{
    KEVENT event;

    CHECK(AbiKeeps((const void *)table->call_plain, (ULONG64)busy, 0, NULL) == 0);
    CHECK(AbiKeeps((const void *)table->call_elsewhere, (ULONG64)busy, 0, NULL) == 0);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(AbiKeeps((const void *)KeResetEvent, (ULONG64)&event, 0, NULL) == 0);
    CHECK(AbiKeeps((const void *)KeStallExecutionProcessor, 3, 0, NULL) == 0);
    CHECK(AbiKeeps((const void *)MmIsAddressValid, (ULONG64)&event, 0, NULL) == 0);
    return 0;
}

/* A thread that waits keeps its registers over the switch to another and back. */
static int registers_over_a_wait(void)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -20000;
    CHECK(AbiKeeps((const void *)KeDelayExecutionThread, KernelMode, FALSE, &interval) == 0);
    return 0;
}

/* Five arguments, and a routine of ours with six. */
static int many_arguments(void)
{
    static ULONG value = 0x1234567;
    int seen = 0;
    RTL_QUERY_REGISTRY_TABLE rows[2] = {{
        .QueryRoutine = value_seen,
        .Name = (PWSTR)L"NotThere",
        .EntryContext = &context_here,
        .DefaultType = REG_DWORD,
        .DefaultData = &value,
        .DefaultLength = sizeof value,
    }};

    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"", rows, &seen, NULL) == STATUS_SUCCESS);
    CHECK(seen);
    return 0;
}

int AbiRun(const struct abi_table *table)
{
    int line = floating_point(table);

    line = line != 0 ? line : small_structures(table);
    line = line != 0 ? line : large_structures(table);
    line = line != 0 ? line : variable_arguments(table);
    line = line != 0 ? line : callbacks(table);
    line = line != 0 ? line : registers(table);
    line = line != 0 ? line : registers_over_a_wait();
    return line != 0 ? line : many_arguments();
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
