/* SPDX-License-Identifier: MIT */
/* mingw-w64's DDK headers for a compiler that plays Microsoft's. */
#ifndef WEIR_TEST_MSVC_H
#define WEIR_TEST_MSVC_H

#include <ntddk.h>

#undef GetExceptionCode
#undef GetExceptionInformation
#undef AbnormalTermination
#define GetExceptionCode() ((ULONG)_exception_code())
#define GetExceptionInformation() ((PEXCEPTION_POINTERS)_exception_info())
#define AbnormalTermination() _abnormal_termination()

#define DECLSPEC_UNUSED __attribute__((unused))

#ifndef EXCEPTION_UNWINDING
#define EXCEPTION_UNWINDING 0x2
#endif
#ifndef EXCEPTION_NESTED_CALL
#define EXCEPTION_NESTED_CALL 0x10
#endif

/* What those headers do not declare. */
void __cdecl qsort(void *Base, SIZE_T Count, SIZE_T Width,
                   int(__cdecl *Compare)(const void *, const void *));
typedef struct _RUNTIME_FUNCTION {
    ULONG BeginAddress;
    ULONG EndAddress;
    ULONG UnwindData;
} RUNTIME_FUNCTION, *PRUNTIME_FUNCTION;
NTSYSAPI VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord);
NTSYSAPI VOID NTAPI RtlCaptureContext(PCONTEXT ContextRecord);
NTSYSAPI PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, PULONG64 ImageBase,
                                                        PVOID HistoryTable);
NTSYSAPI PVOID NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                      PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                      PVOID *HandlerData, PULONG64 EstablisherFrame,
                                      PVOID ContextPointers);

#endif
