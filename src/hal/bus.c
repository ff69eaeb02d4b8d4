/* SPDX-License-Identifier: MIT */
#include "hal/bus.h"

#include <errno.h>
#include <string.h>

#include "hal/domain.h"
#include "hal/state.h"

enum {
    PAGE = MM_PAGE_SIZE,
    TAG = 0x49616D44, /* "DmaI" */
    DMA_VIOLATION = 0xE6,
    IOMMU_FAULT = 0x26,
    NO_WRITE_PERMISSION = 5,
    NO_READ_PERMISSION = 6
};

/* One mapping's word on the access [la, end), which lies in one page. An IOMMU translates whole
 * pages: what is beside the mapping's bytes it lets pass, unless it is strict. */
static void consult(const struct hal *hal, const struct hal_slot *slot, uint32_t serial,
                    uint64_t la, uint64_t end, unsigned direction, struct bus_verdict *verdict)
{
    const struct hal_mapping *mapping = mapping_at(&hal->mappings, serial);
    enum hal_iommu iommu = slot->domain->iommu;

    if (!mapping_is_live(&hal->mappings, serial)) {
        if (verdict->kind == BUS_OUTSIDE && verdict->serial == 0)
            *verdict =
                (struct bus_verdict){false, iommu != HAL_IOMMU_OFF, BUS_AFTER_RELEASE, serial};
        return;
    }
    if (mapping->slot != slot)
        return;
    if ((la / PAGE == mapping->first_la / PAGE && la < mapping->first_la) ||
        (la / PAGE == mapping->last_la / PAGE && end > mapping->last_la + 1)) {
        *verdict = (struct bus_verdict){false, iommu == HAL_IOMMU_STRICT, BUS_OUTSIDE, serial};
        return;
    }
    if (mapping->directions & direction)
        verdict->allowed = true;
    else
        *verdict = (struct bus_verdict){false, iommu != HAL_IOMMU_OFF, BUS_DIRECTION, serial};
}

/* No card can do it, so nothing answers: the model contradicts its own description. */
static bool is_above_width(const struct hal_slot *slot, uint64_t end)
{
    unsigned bits = slot->device->dma_address_bits;

    return bits != 0 && bits < 64 && (end - 1) >> bits != 0;
}

static struct bus_verdict check(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                            uint64_t end, unsigned direction)
{
    struct bus_verdict verdict = {false, slot->domain->iommu != HAL_IOMMU_OFF, BUS_OUTSIDE, 0};
    uint32_t entry = domain_entry(slot->domain, la / PAGE);

    if (is_above_width(slot, end))
        return (struct bus_verdict){false, true, BUS_ABOVE_WIDTH, 0};
    if (entry < MAPPING_SHARED) {
        if (entry != 0)
            consult(hal, slot, entry, la, end, direction, &verdict);
        return verdict;
    }
    for (uint32_t at = entry & ~MAPPING_SHARED; at != 0 && !verdict.allowed;
         at = hal->mappings.shares.items[at - 1].next)
        consult(hal, slot, hal->mappings.shares.items[at - 1].serial, la, end, direction,
                &verdict);
    return verdict;
}

/* ---- Faults of the IOMMU --------------------------------------------------------------------- */

int bus_fault_init(struct hal *hal)
{
    struct mm_pool_request request = {
        .kind = MM_POOL_NONPAGED, .zero = true, .tag = TAG, .size_bytes = sizeof(KDPC)};

    if (hal->config.iommu == HAL_IOMMU_OFF)
        return 0;
    hal->fault.dpc = mm_pool_allocate(hal->mm, &request);
    return hal->fault.dpc != NULL ? 0 : -ENOMEM;
}

void bus_fault_fini(struct hal *hal)
{
    if (hal->fault.dpc != NULL)
        mm_pool_free(hal->mm, hal->fault.dpc, TAG);
}

static void NTAPI fault_comes(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    const struct bus_fault *fault = &hal_here()->fault;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ke_bug_check_by_hardware(DMA_VIOLATION, IOMMU_FAULT, fault->device, fault->address_la,
                             fault->type);
}

/* The IOMMU has refused an access and interrupts a CPU. Bug check 0xE6, 0x26; its parameter 4 is
 * "hardware specific": here the fault reasons of Intel's VT-d. UNDOC: how much later. */
static void raise_fault(struct hal *hal, const struct hal_slot *slot, uint64_t la, bool write)
{
    struct bus_fault *fault = &hal->fault;

    if (fault->reported)
        return;
    *fault = (struct bus_fault){.dpc = fault->dpc,
                                .reported = true,
                                .device = KE_ARG(slot->pdo),
                                .address_la = la,
                                .type = write ? NO_WRITE_PERMISSION : NO_READ_PERMISSION};
    KeInitializeDpc(fault->dpc, ke_thunk((const void *)fault_comes, "fault_comes", 0), NULL);
    KeInsertQueueDpc(fault->dpc, NULL, NULL);
}

/* ---- Accesses -------------------------------------------------------------------------------- */

/* The access lies within one page that is neither the first nor the last of its mapping, and
 * nothing speaks against it: nearly every one does. */
static bool is_plain(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                     uint64_t size_bytes, unsigned direction)
{
    uint64_t page = la / PAGE;
    uint32_t entry = domain_entry(slot->domain, page);
    const struct hal_mapping *mapping = mapping_at(&hal->mappings, entry);

    return size_bytes <= PAGE - la % PAGE && entry != 0 && mapping->serial == entry &&
           mapping->live && mapping->slot == slot && (mapping->directions & direction) != 0 &&
           page != mapping->first_la / PAGE && page != mapping->last_la / PAGE;
}

static struct bus_verdict judge(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                            uint64_t size_bytes, bool write)
{
    unsigned direction = write ? MAPPING_FROM_DEVICE : MAPPING_TO_DEVICE;

    if (weir_likely(is_plain(hal, slot, la, size_bytes, direction)))
        return (struct bus_verdict){.allowed = true};
    return check(hal, slot, la, la + size_bytes, direction);
}

/* One page's part of an access: whether it may happen. */
static bool pass(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes,
                 bool write)
{
    struct bus_verdict verdict = judge(hal, slot, la, size_bytes, write);

    if (weir_likely(verdict.allowed))
        return true;
    bus_report(hal, slot, &verdict, la, size_bytes, write);
    if (verdict.aborts && verdict.kind != BUS_ABOVE_WIDTH)
        raise_fault(hal, slot, la, write);
    return !verdict.aborts;
}

static uint64_t piece_of(uint64_t la, uint64_t end)
{
    return PAGE - la % PAGE < end - la ? PAGE - la % PAGE : end - la;
}

/* Where bytes of one page lie; NULL: nowhere. */
static uint8_t *place_of(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                         uint64_t size_bytes)
{
    mm_pfn pfn = domain_pfn(slot->domain, la / PAGE);

    return pfn == MM_PFN_NONE
               ? NULL
               : mm_window(hal->mm, (mm_pa){pfn << MM_PAGE_SHIFT | la % PAGE}, size_bytes);
}

/* What a window would not hold is left to the write that the caller makes in its stead, reports
 * too. */
void *bus_window(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes)
{
    uint8_t *memory = NULL;
    uint64_t end;

    if (weir_add_overflows(la, size_bytes, &end))
        return NULL;
    for (uint64_t at = la, piece; at < end; at += piece) {
        uint8_t *place;

        piece = piece_of(at, end);
        place = place_of(hal, slot, at, piece);
        if (place == NULL || (at != la && place != memory + (at - la)) ||
            judge(hal, slot, at, piece, true).aborts)
            return NULL;
        memory = at == la ? place : memory;
    }
    for (uint64_t at = la, piece; at < end; at += piece) {
        piece = piece_of(at, end);
        (void)pass(hal, slot, at, piece, true);
    }
    return memory;
}

int bus_access(struct hal *hal, struct hal_slot *slot, uint64_t la, void *buffer,
               uint64_t size_bytes, bool write)
{
    uint8_t *bytes = buffer;
    uint64_t end;

    if (weir_add_overflows(la, size_bytes, &end))
        return -EFAULT;
    for (uint64_t at = la, piece; at < end; at += piece, bytes += piece) {
        uint8_t *memory;

        piece = piece_of(at, end);
        memory = pass(hal, slot, at, piece, write) ? place_of(hal, slot, at, piece) : NULL;
        if (memory == NULL)
            return -EFAULT;
        if (write)
            memcpy(memory, bytes, piece);
        else
            memcpy(bytes, memory, piece);
    }
    return 0;
}
