/* SPDX-License-Identifier: MIT */
/* The times Windows tells, all from virtual time: interrupt time counts from boot, system time from
 * 1601 with a fixed moment of boot, so that a run does not depend on the day it runs. Both advance
 * with clock interrupts in Windows; here on the same 1 ms grid that timers use, and exactly in the
 * Precise forms. The tick count advances by one each 15.625 ms, which KeQueryTimeIncrement states.
 * UNDOC: the frequency of the performance counter; 10 MHz is what current systems have. */
#include "ke/internal.h"

#define PERFORMANCE_FREQUENCY INT64_C(10000000)

static uint64_t exact_100ns(struct ke *ke)
{
    return sim_now_ns(ke->sim) / 100;
}

uint64_t ke_interrupt_time_100ns(struct ke *ke)
{
    return sim_now_ns(ke->sim) / KE_TICK_NS * (KE_TICK_NS / 100);
}

uint64_t ke_system_time_100ns(struct ke *ke)
{
    return (uint64_t)KE_BOOT_TIME_100NS + ke_interrupt_time_100ns(ke);
}

uint64_t ke_tick_count(struct ke *ke)
{
    return exact_100ns(ke) / KE_TIME_INCREMENT_100NS;
}

uint64_t ke_performance_counter(struct ke *ke)
{
    return exact_100ns(ke);
}

void NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)ke_system_time_100ns(ke_ambient);
}

void NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = KE_BOOT_TIME_100NS + (LONGLONG)exact_100ns(ke_ambient);
}

ULONGLONG NTAPI KeQueryInterruptTime(void)
{
    return ke_interrupt_time_100ns(ke_ambient);
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    *QpcTimeStamp = ke_performance_counter(ke_ambient);
    return exact_100ns(ke_ambient);
}

/* The machine never sleeps. */
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(void)
{
    return ke_interrupt_time_100ns(ke_ambient);
}

void NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)ke_tick_count(ke_ambient);
}

ULONG NTAPI KeQueryTimeIncrement(void)
{
    return KE_TIME_INCREMENT_100NS;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER counter = {.QuadPart = (LONGLONG)ke_performance_counter(ke_ambient)};

    if (PerformanceFrequency)
        PerformanceFrequency->QuadPart = PERFORMANCE_FREQUENCY;
    return counter;
}

void NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    sim_stall(ke_ambient->sim, (uint64_t)MicroSeconds * 1000);
}

/* ---- The auxiliary counter ------------------------------------------------------------------- */
/* A clock beside the performance counter, which some platforms share with other devices. This
 * machine has none, and says so as the pages provide for. */

NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(PULONG64 AuxiliaryCounterFrequency)
{
    (void)AuxiliaryCounterFrequency;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(ULONG64 AuxiliaryCounterValue,
                                                             PULONG64 PerformanceCounterValue,
                                                             PULONG64 ConversionError)
{
    (void)AuxiliaryCounterValue;
    (void)PerformanceCounterValue;
    (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(ULONG64 PerformanceCounterValue,
                                                             PULONG64 AuxiliaryCounterValue,
                                                             PULONG64 ConversionError)
{
    (void)PerformanceCounterValue;
    (void)AuxiliaryCounterValue;
    (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}
