/* SPDX-License-Identifier: MIT */
/* Odds and ends of the executive: features, local time, resolution, UUIDs, raising. The
 * machine's time zone is UTC, so local time is system time. */
#include "ex/ex.h"
#include "ex/state.h"

enum {
    KMODE_EXCEPTION_NOT_HANDLED = 0x1E,
    COARSEST_TICK_100NS = 156250,
    FINEST_TICK_100NS = 10000,
};

/* What every x64 Windows may count on; the same bits stand in the shared user data. */
BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG feature)
{
    switch (feature) {
    case PF_COMPARE_EXCHANGE_DOUBLE:
    case PF_MMX_INSTRUCTIONS_AVAILABLE:
    case PF_XMMI_INSTRUCTIONS_AVAILABLE:
    case PF_RDTSC_INSTRUCTION_AVAILABLE:
    case PF_PAE_ENABLED:
    case PF_XMMI64_INSTRUCTIONS_AVAILABLE:
    case PF_NX_ENABLED:
    case PF_SSE3_INSTRUCTIONS_AVAILABLE:
    case PF_COMPARE_EXCHANGE128:
        return TRUE;
    default:
        return FALSE;
    }
}

void NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local)
{
    *local = *system;
}

void NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system)
{
    *system = *local;
}

/* Timers of the simulation expire on a grid of 1 ms whatever is asked; the answers are those of a
 * PC whose clock was set so. */
ULONG NTAPI ExSetTimerResolution(ULONG wanted_100ns, BOOLEAN set)
{
    struct ex *ex = ex_of(ke_current());

    (void)wanted_100ns;
    if (set)
        ex->fine_timer_requests++;
    else if (ex->fine_timer_requests > 0)
        ex->fine_timer_requests--;
    return ex->fine_timer_requests > 0 ? FINEST_TICK_100NS : COARSEST_TICK_100NS;
}

ULONG NTAPI ExQueryTimerResolution(PULONG maximum, PULONG minimum, PULONG current)
{
    struct ex *ex = ex_of(ke_current());

    *maximum = COARSEST_TICK_100NS;
    *minimum = FINEST_TICK_100NS;
    *current = ex->fine_timer_requests > 0 ? FINEST_TICK_100NS : COARSEST_TICK_100NS;
    return STATUS_SUCCESS;
}

/* A random UUID (version 4), from the seed. */
NTSTATUS NTAPI ExUuidCreate(UUID *uuid)
{
    struct ex *ex = ex_of(ke_current());
    uint64_t words[2];

    words[0] = sim_rng_u64(&ex->uuids);
    words[1] = sim_rng_u64(&ex->uuids);
    __builtin_memcpy(uuid, words, sizeof words);
    uuid->Data3 = (USHORT)((uuid->Data3 & 0x0FFF) | 0x4000);
    uuid->Data4[0] = (UCHAR)((uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

/* A plain client edition has none of the suites. */
BOOLEAN NTAPI ExVerifySuite(SUITE_TYPE suite)
{
    (void)suite;
    return FALSE;
}

void NTAPI ExRaiseStatus(NTSTATUS status)
{
    ke_raise_exception(status, 0, NULL);
}

void NTAPI RtlRaiseStatus(NTSTATUS status)
{
    ke_raise_exception(status, 0, NULL);
}

void NTAPI ExRaiseAccessViolation(void)
{
    ke_raise_exception(STATUS_ACCESS_VIOLATION, 0, NULL);
}

void NTAPI ExRaiseDatatypeMisalignment(void)
{
    ke_raise_exception(STATUS_DATATYPE_MISALIGNMENT, 0, NULL);
}

/* A virtual function without a body was called. UNDOC: what happens then; an exception here. */
int NTAPI _purecall(void)
{
    ke_raise_exception(STATUS_NOT_IMPLEMENTED, 0, NULL);
}
