/* SPDX-License-Identifier: MIT */
/* Base types of the Windows driver interface, as the binaries under test see them.
 * Widths are Windows' and not the host's: LONG has 32 bits although a Linux long has 64, WCHAR has
 * 16 although wchar_t has 32 (write u"..." for string literals), an enumeration has 32, and a
 * structure packs at 8 unless it says otherwise. Everything that a driver calls or is called
 * through carries NTAPI. Callable anywhere; nothing here has state.
 * The compiler extensions that include/wdk needs are spelled here, once, as macros.
 * Not here: names that belong to the C library (memcpy, sprintf, wcslen), which drivers import
 * from ntoskrnl but our own code takes from the host. */
#ifndef WEIR_WDK_NTDEF_H
#define WEIR_WDK_NTDEF_H

#include <stddef.h>
#include <stdint.h>

/* The calling conventions. On x64 Windows has a single one; an i386 build has three. */
#if defined(__x86_64__)
#define NTAPI __attribute__((ms_abi))
#define NTCDECL __attribute__((ms_abi))
#define FASTCALL __attribute__((ms_abi))
#else
#define NTAPI __attribute__((stdcall))
#define NTCDECL __attribute__((cdecl))
#define FASTCALL __attribute__((fastcall))
#endif
#define STDMETHODCALLTYPE NTAPI

#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define FORCEINLINE static inline
#define UNREFERENCED_PARAMETER(p) ((void)(p))

/* Layout checks. The numbers are those of 64-bit Windows. */
#if defined(__LP64__)
#define WDK_ASSERT_SIZE(type, bytes) \
    _Static_assert(sizeof(type) == (bytes), "size of " #type " on 64-bit Windows")
#define WDK_ASSERT_OFFSET(type, field, bytes) \
    _Static_assert(offsetof(type, field) == (bytes), "offset of " #type "." #field)
#else
#define WDK_ASSERT_SIZE(type, bytes) \
    _Static_assert(sizeof(type) > 0, "layout numbers are for 64-bit Windows")
#define WDK_ASSERT_OFFSET(type, field, bytes) \
    _Static_assert(offsetof(type, field) < sizeof(type), "layout numbers are for 64-bit Windows")
#endif

/* Integers. */
#define VOID void
#define CONST const
typedef char CHAR, CCHAR, *PCHAR, *PCCHAR, *PCH, *PSZ, *PSTR, *LPSTR;
typedef const char *PCSTR, *PCCH, *PCSZ, *LPCSTR;
typedef int8_t SCHAR, INT8, *PSCHAR;
typedef uint8_t UCHAR, BOOLEAN, BYTE, UINT8, KIRQL, *PUCHAR, *PBOOLEAN, *PBYTE, *PKIRQL;
typedef int16_t SHORT, CSHORT, INT16, *PSHORT;
typedef uint16_t USHORT, WORD, UINT16, WCHAR, *PUSHORT, *PWORD, *PWCHAR, *PWSTR, *PWCH, *LPWSTR;
typedef const uint16_t *PCWSTR, *PCWCH, *LPCWSTR;
typedef int32_t INT, LONG, BOOL, INT32, LONG32, HRESULT, NTSTATUS, *PINT, *PLONG, *PBOOL,
    *PNTSTATUS;
typedef uint32_t UINT, ULONG, DWORD, UINT32, ULONG32, LCID, LOGICAL, *PUINT, *PULONG, *PDWORD,
    *PULONG32;
typedef uint16_t LANGID, *PLANGID;
typedef int64_t LONGLONG, LONG64, INT64, *PLONGLONG, *PLONG64;
typedef uint64_t ULONGLONG, ULONG64, DWORDLONG, UINT64, DWORD64, *PULONGLONG, *PULONG64, *PDWORD64;
typedef intptr_t INT_PTR, LONG_PTR, SSIZE_T, *PLONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T, *PULONG_PTR, *PSIZE_T;
typedef ULONG_PTR KAFFINITY, KSPIN_LOCK, ERESOURCE_THREAD, *PKAFFINITY, *PKSPIN_LOCK,
    *PERESOURCE_THREAD;
typedef LONG KPRIORITY;
typedef ULONG CLONG;
typedef CCHAR KPROCESSOR_MODE;
typedef float FLOAT;
typedef double DOUBLE;
typedef void *PVOID, *HANDLE, *LPVOID, **PHANDLE;
typedef const void *PCVOID, *LPCVOID;
typedef ULONG ACCESS_MASK, EXECUTION_STATE, SECURITY_INFORMATION, *PACCESS_MASK,
    *PSECURITY_INFORMATION;
typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef USHORT SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;

#define FALSE 0
#define TRUE 1
#ifndef NULL
#define NULL ((void *)0)
#endif

#define MAXUCHAR 0xFF
#define MAXUSHORT 0xFFFF
#define MAXLONG 0x7FFFFFFF
#define MAXULONG 0xFFFFFFFFu
#define MAXLONGLONG INT64_MAX
#define ANYSIZE_ARRAY 1
#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS 32767

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status) (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status) (((ULONG)(status) >> 30) == 3)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define FAILED(result) ((HRESULT)(result) < 0)
#define FACILITY_NT_BIT 0x10000000
#define HRESULT_FROM_NT(status) ((HRESULT)((status) | FACILITY_NT_BIT))

#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define SIZEOF_ARRAY(array) RTL_NUMBER_OF(array)
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define CONTAINING_RECORD(address, type, field) \
    ((type *)(void *)((char *)(address) - offsetof(type, field)))
#define ALIGN_DOWN_BY(length, alignment) \
    ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment) - 1))
#define ALIGN_UP_BY(length, alignment) \
    ALIGN_DOWN_BY((ULONG_PTR)(length) + (alignment) - 1, alignment)
#define MAKELANGID(primary, sub) ((USHORT)((USHORT)((USHORT)(sub) << 10) | (USHORT)(primary)))

/* 64-bit values that drivers also take apart. Both travel by value in one register. */
typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER, PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID, *LPGUID, IID, CLSID, UUID;
typedef const GUID *LPCGUID, *REFGUID, *REFIID, *REFCLSID;

/* Counted strings: Length and MaximumLength are in bytes, and there need not be a terminator. */
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;

#define RTL_CONSTANT_STRING(s) \
    { sizeof(s) - sizeof((s)[0]), sizeof(s), (void *)(uintptr_t)(s) }
#define DECLARE_CONST_UNICODE_STRING(name, s) \
    const WCHAR name##_buffer[] = s; \
    const UNICODE_STRING name = { \
        sizeof(s) - sizeof(WCHAR), sizeof(s), (PWCH)(uintptr_t)name##_buffer}

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800
#define OBJ_DONT_REPARSE 0x00001000
#define OBJ_VALID_ATTRIBUTES 0x00001FF2

FORCEINLINE void InitializeObjectAttributes(POBJECT_ATTRIBUTES object, PUNICODE_STRING name,
    ULONG attributes, HANDLE root, PSECURITY_DESCRIPTOR security)
{
    *object = (OBJECT_ATTRIBUTES){
        .Length = sizeof(*object),
        .RootDirectory = root,
        .ObjectName = name,
        .Attributes = attributes,
        .SecurityDescriptor = security,
    };
}

/* Lists. A LIST_ENTRY is a ring with the head in it; these helpers exist in no import library,
 * drivers carry their own inline copies. */
typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

FORCEINLINE void InitializeListHead(PLIST_ENTRY head)
{
    head->Flink = head;
    head->Blink = head;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *head)
{
    return head->Flink == head;
}

/* Returns TRUE when the list is empty afterwards. */
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY entry)
{
    PLIST_ENTRY next = entry->Flink;
    PLIST_ENTRY previous = entry->Blink;

    previous->Flink = next;
    next->Blink = previous;
    return next == previous;
}

/* On an empty list both return the head itself. */
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Flink;

    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Blink;

    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE void InsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    PLIST_ENTRY next = head->Flink;

    entry->Flink = next;
    entry->Blink = head;
    next->Blink = entry;
    head->Flink = entry;
}

FORCEINLINE void InsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    PLIST_ENTRY previous = head->Blink;

    entry->Flink = head;
    entry->Blink = previous;
    previous->Flink = entry;
    head->Blink = entry;
}

/* Joins the ring that starts at tail to head; tail is no head itself and is taken along. */
FORCEINLINE void AppendTailList(PLIST_ENTRY head, PLIST_ENTRY tail)
{
    PLIST_ENTRY end = head->Blink;

    head->Blink->Flink = tail;
    head->Blink = tail->Blink;
    tail->Blink->Flink = head;
    tail->Blink = end;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY head)
{
    PSINGLE_LIST_ENTRY first = head->Next;

    if (first != NULL) {
        head->Next = first->Next;
    }
    return first;
}

FORCEINLINE void PushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry)
{
    entry->Next = head->Next;
    head->Next = entry;
}

FORCEINLINE BOOLEAN IsEqualGUID(const GUID *a, const GUID *b)
{
    return a->Data1 == b->Data1 && a->Data2 == b->Data2 && a->Data3 == b->Data3 &&
           a->Data4[0] == b->Data4[0] && a->Data4[1] == b->Data4[1] && a->Data4[2] == b->Data4[2] &&
           a->Data4[3] == b->Data4[3] && a->Data4[4] == b->Data4[4] && a->Data4[5] == b->Data4[5] &&
           a->Data4[6] == b->Data4[6] && a->Data4[7] == b->Data4[7];
}

/* Interlocked operations: full barriers, the old value or the new one as Windows defines each.
 * They carry NTAPI because old x64 drivers import some of them by name. */
FORCEINLINE LONG NTAPI InterlockedIncrement(volatile LONG *target)
{
    return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedDecrement(volatile LONG *target)
{
    return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedExchange(volatile LONG *target, LONG value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedExchangeAdd(volatile LONG *target, LONG value)
{
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedOr(volatile LONG *target, LONG value)
{
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedAnd(volatile LONG *target, LONG value)
{
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG NTAPI InterlockedCompareExchange(volatile LONG *target, LONG value, LONG expected)
{
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

FORCEINLINE LONGLONG NTAPI InterlockedCompareExchange64(volatile LONGLONG *target, LONGLONG value,
    LONGLONG expected)
{
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

FORCEINLINE PVOID NTAPI InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE PVOID NTAPI InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value,
    PVOID expected)
{
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

FORCEINLINE void KeMemoryBarrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* What goes before va_list: a variadic NTAPI function needs the compiler's other va_list. */
#if defined(__x86_64__)
typedef __builtin_ms_va_list NT_VA_LIST;
#define NT_VA_START(list, last) __builtin_ms_va_start(list, last)
#define NT_VA_END(list) __builtin_ms_va_end(list)
#define NT_VA_COPY(to, from) __builtin_ms_va_copy(to, from)
#else
typedef __builtin_va_list NT_VA_LIST;
#define NT_VA_START(list, last) __builtin_va_start(list, last)
#define NT_VA_END(list) __builtin_va_end(list)
#define NT_VA_COPY(to, from) __builtin_va_copy(to, from)
#endif

typedef enum _EVENT_TYPE {
    NotificationEvent,
    SynchronizationEvent,
} EVENT_TYPE;

typedef enum _TIMER_TYPE {
    NotificationTimer,
    SynchronizationTimer,
} TIMER_TYPE;

typedef enum _WAIT_TYPE {
    WaitAll,
    WaitAny,
} WAIT_TYPE;

typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer,
} NT_PRODUCT_TYPE, *PNT_PRODUCT_TYPE;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

WDK_ASSERT_SIZE(LONG, 4);
WDK_ASSERT_SIZE(WCHAR, 2);
WDK_ASSERT_SIZE(BOOLEAN, 1);
WDK_ASSERT_SIZE(LARGE_INTEGER, 8);
WDK_ASSERT_SIZE(GUID, 16);
WDK_ASSERT_SIZE(UNICODE_STRING, 16);
WDK_ASSERT_SIZE(OBJECT_ATTRIBUTES, 48);
WDK_ASSERT_SIZE(LIST_ENTRY, 16);
WDK_ASSERT_SIZE(GROUP_AFFINITY, 16);
WDK_ASSERT_SIZE(EVENT_TYPE, 4);

#endif
