/* SPDX-License-Identifier: MIT */
/* KPCR, KPRCB and KUSER_SHARED_DATA.
 *
 * Inline code of the WDK reads gs:[188h] (current thread), gs:[184h] and gs:[1A4h] (processor
 * number), gs:[18h] and gs:[20h] (the structures themselves). Times in shared user data are
 * KSYSTEM_TIMEs, which x64 code reads as one 64-bit load. KdDebuggerEnabled and the like are
 * zero: nobody debugs. UNDOC: the cookie and fields that only user mode reads; the cookie
 * follows from the seed, the rest is zero. */
#include "ke/pcr.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "wdk/wdm_cpu.h"

enum {
    SHARED_DATA_BYTES = 4096,
    IMAGE_MACHINE_AMD64 = 0x8664,
    PROCESSOR_AMD64 = 9,
    SUITE_TERMINAL_SERVER = 0x10,
    SUITE_SINGLE_USER = 0x100,
    QPC_FREQUENCY = 10000000
};

struct ke_pcrs {
    uint64_t va[SIM_CPUS_MAX];
    union {
        KUSER_SHARED_DATA data;
        uint8_t bytes[SHARED_DATA_BYTES + 8]; /* a read at the very end */
    } shared;
};

/* ---- KPCR ------------------------------------------------------------------------------------ */

KPCR *ke_pcr(struct ke *ke, unsigned cpu)
{
    return (KPCR *)ke->pcrs->va[cpu];
}

static int pcr_map(struct ke *ke, unsigned cpu)
{
    uint64_t va;
    uint64_t size_bytes = bits_align_up(sizeof(KPCR), HOST_PAGE_SIZE);
    int error = sim_space_reserve(ke->sim, false, size_bytes, HOST_PAGE_SIZE, &va);
    if (!error)
        error = host_map_at(va, -1, 0, size_bytes, HOST_READ | HOST_WRITE);
    if (error)
        return error;
    KPCR *pcr = (KPCR *)va;
    pcr->Self = pcr;
    pcr->CurrentPrcb = &pcr->Prcb;
    pcr->Used_Self = pcr;
    pcr->MajorVersion = 1;
    pcr->MinorVersion = 1;
    pcr->ObsoleteNumber = (UCHAR)cpu;
    pcr->Prcb.MxCsr = 0x1f80;
    pcr->Prcb.LegacyNumber = (UCHAR)cpu;
    pcr->Prcb.Number = cpu;
    ke->pcrs->va[cpu] = va;
    return 0;
}

void ke_pcr_select(struct ke *ke, unsigned cpu)
{
    host_set_gs_base(ke->pcrs->va[cpu]);
}

void ke_pcr_set_thread(struct ke *ke, unsigned cpu, PKTHREAD thread)
{
    ke_pcr(ke, cpu)->Prcb.CurrentThread = thread;
}

/* ---- Shared user data ------------------------------------------------------------------------ */

static void shared_features(KUSER_SHARED_DATA *data)
{
    static const uint8_t present[] = {
        PF_COMPARE_EXCHANGE_DOUBLE,
        PF_MMX_INSTRUCTIONS_AVAILABLE,
        PF_XMMI_INSTRUCTIONS_AVAILABLE,
        PF_RDTSC_INSTRUCTION_AVAILABLE,
        PF_PAE_ENABLED,
        PF_XMMI64_INSTRUCTIONS_AVAILABLE,
        PF_NX_ENABLED,
        PF_SSE3_INSTRUCTIONS_AVAILABLE,
        PF_COMPARE_EXCHANGE128,
    };
    for (unsigned i = 0; i < ARRAY_LEN(present); i++)
        data->ProcessorFeatures[present[i]] = TRUE;
}

static void shared_version(KUSER_SHARED_DATA *data, const struct ke_windows_version *version)
{
    data->NtMajorVersion = version->major;
    data->NtMinorVersion = version->minor;
    data->NtProductType = version->server ? NtProductServer : NtProductWinNt;
    data->ProductTypeIsValid = TRUE;
    if (version->major >= 10)
        data->NtBuildNumber = version->build; /* older systems have something else there */
    if (version->major > 6 || (version->major == 6 && version->minor >= 2))
        data->NativeProcessorArchitecture = PROCESSOR_AMD64;
    if (version->major > 6 || (version->major == 6 && version->minor >= 3))
        data->QpcFrequency = QPC_FREQUENCY;
}

static void shared_root(KUSER_SHARED_DATA *data)
{
    static const char root[] = "C:\\Windows";
    for (unsigned i = 0; i < sizeof(root); i++)
        data->NtSystemRoot[i] = (WCHAR)root[i];
}

static void shared_init(struct ke *ke, KUSER_SHARED_DATA *data)
{
    struct ke_windows_version version = ke_windows_version_of(ke_windows(ke));
    uint64_t pages = ke->config.ram_pages;
    struct sim_rng rng;
    sim_rng_init(&rng, sim_seed(ke->sim), "ke_shared_data");
    shared_features(data);
    shared_version(data, &version);
    shared_root(data);
    /* Milliseconds per tick as a fixed-point number with 24 fractional bits. */
    data->TickCountMultiplier = (uint32_t)(((uint64_t)KE_TIME_INCREMENT_100NS << 24) / 10000);
    data->ImageNumberLow = IMAGE_MACHINE_AMD64;
    data->ImageNumberHigh = IMAGE_MACHINE_AMD64;
    data->SuiteMask = SUITE_TERMINAL_SERVER | SUITE_SINGLE_USER;
    data->NumberOfPhysicalPages = pages > UINT32_MAX ? UINT32_MAX : (uint32_t)pages;
    data->Cookie = (uint32_t)sim_rng_u64(&rng);
    data->ActiveProcessorCount = ke->cpu_count;
    data->ActiveGroupCount = 1;
}

static void store_time(volatile KSYSTEM_TIME *time, uint64_t value)
{
    time->LowPart = (uint32_t)value;
    time->High1Time = (int32_t)(value >> 32);
    time->High2Time = (int32_t)(value >> 32);
}

static void shared_refresh(struct ke *ke, KUSER_SHARED_DATA *data)
{
    uint64_t ticks = ke_tick_count(ke);
    store_time(&data->InterruptTime, ke_interrupt_time_100ns(ke));
    store_time(&data->SystemTime, ke_system_time_100ns(ke));
    data->TickCountQuad = ticks;
    data->TickCount.High2Time = (int32_t)(ticks >> 32);
}

uint64_t ke_shared_data_read(struct ke *ke, uint32_t offset, unsigned size_bytes)
{
    uint64_t value = 0;
    shared_refresh(ke, &ke->pcrs->shared.data);
    weir_assert(offset < SHARED_DATA_BYTES);
    weir_assert(size_bytes <= sizeof(value));
    memcpy(&value, ke->pcrs->shared.bytes + offset, size_bytes);
    return value;
}

/* ---- Both ------------------------------------------------------------------------------------ */

int ke_pcr_create(struct ke *ke)
{
    ke->pcrs = calloc(1, sizeof(*ke->pcrs));
    if (!ke->pcrs)
        return -ENOMEM;
    for (unsigned cpu = 0; cpu < ke->cpu_count; cpu++) {
        int error = pcr_map(ke, cpu);
        if (error) {
            ke_pcr_destroy(ke);
            return error;
        }
    }
    shared_init(ke, &ke->pcrs->shared.data);
    return 0;
}

void ke_pcr_destroy(struct ke *ke)
{
    if (!ke->pcrs)
        return;
    host_set_gs_base(0);
    for (unsigned cpu = 0; cpu < SIM_CPUS_MAX; cpu++) {
        uint64_t va = ke->pcrs->va[cpu];
        if (!va)
            continue;
        host_unmap((void *)va, bits_align_up(sizeof(KPCR), HOST_PAGE_SIZE));
        sim_space_release(ke->sim, va);
    }
    free(ke->pcrs);
    ke->pcrs = NULL;
}
