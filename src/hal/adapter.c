/* SPDX-License-Identifier: MIT */
/* Making and giving back adapters. IoGetDmaAdapter reads a DEVICE_DESCRIPTION and returns NULL for
 * anything it does not like; NULL is also how a driver learns that a version is not known. The
 * number of map registers it returns is a quota for one transfer, one more than the pages of
 * MaximumLength if there are as many. Versions 0 to 2 of the description say how far the device
 * reaches by three flags, version 3 by a width in bits. IoGetDmaAdapter, DEVICE_DESCRIPTION,
 * PutDmaAdapter; wdm.h. "Getting an Adapter Object".
 *
 * A card whose addresses are translated reaches everything: nothing of its transfers is bounced and
 * its quota is what it asked for ("Getting an Adapter Object" promises no more than a number). */
#include "hal/adapter.h"
#include "hal/operations.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t adapter_magic = 0x776569726c616470; /* "weirladp" */

enum { TAG = 0x41616D44 /* "DmaA" */, PLAIN_WIDTH = 24, WIDEST = 64 };

struct hal_adapter *adapter_of(PDMA_ADAPTER object)
{
    struct hal *hal = hal_here();
    struct hal_adapter *adapter;

    if (object == NULL) {
        KE_FINDING(hal->ke, VERIFY_adapter_null);
        return NULL;
    }
    list_for_each_entry(adapter, &hal->adapters, link)
    {
        if (adapter->object == object) {
            weir_assert(adapter->magic == adapter_magic);
            return adapter;
        }
    }
    KE_FINDING(hal->ke, VERIFY_adapter_dead, KE_ARG(object));
    return NULL;
}

/* How wide a bus master's addresses are, in bits. A PCI device with scatter/gather is taken to have
 * 32 even when it does not say so; what claims nothing is taken for a device on the old 24-bit bus.
 * Version 3 looks at its own member alone. DEVICE_DESCRIPTION, Dma32BitAddresses, DmaAddressWidth;
 * the 24 bits are UNDOC, and observed. */
static ULONG address_width(const struct hal_slot *slot, const DEVICE_DESCRIPTION *description)
{
    bool pci = description->InterfaceType == PCIBus ||
               (description->InterfaceType == InterfaceTypeUndefined && slot != NULL);

    if (description->Version >= DEVICE_DESCRIPTION_VERSION3)
        return description->DmaAddressWidth;
    if (description->Dma64BitAddresses)
        return WIDEST;
    if (description->Dma32BitAddresses || (description->ScatterGather && pci))
        return 32;
    return PLAIN_WIDTH;
}

/* Only bus masters: the machine has no DMA controller. Never read past the version 2 structure
 * unless it is of version 3: binaries for older systems pass a short one. A version that no Windows
 * knows is the driver's mistake (bug check 0xE6, 25), one that a later Windows knows a question.
 * UNDOC: widths below 24 are refused, as observed. */
static bool is_acceptable(struct hal *hal, const DEVICE_DESCRIPTION *description)
{
    if (description->Version > DEVICE_DESCRIPTION_VERSION3)
        KE_FINDING(hal->ke, VERIFY_description_version, description->Version);
    if (!operations_has(hal, description->Version) || !description->Master ||
        description->Reserved1)
        return false;
    return description->Version < DEVICE_DESCRIPTION_VERSION3 ||
           (description->DmaAddressWidth >= PLAIN_WIDTH && description->DmaAddressWidth <= WIDEST);
}

/* The quota for one transfer. UNDOC: the cap of a bouncing adapter; 16384 is ours
 * (map_registers_cap). */
static uint32_t grant_for(const struct hal_adapter *adapter, ULONG maximum_length)
{
    uint32_t wanted = BYTES_TO_PAGES(maximum_length) + 1;

    return adapter->bounces && wanted > adapter->cap ? adapter->cap : wanted;
}

static void describe(struct hal_adapter *adapter, const DEVICE_DESCRIPTION *description)
{
    const struct hal_config *config = &adapter->hal->config;
    uint64_t top = mm_highest_pa(adapter->hal->mm);

    adapter->width = (uint8_t)address_width(adapter->slot, description);
    adapter->limit_la = UINT64_MAX >> (WIDEST - adapter->width);
    adapter->scatter_gather = description->ScatterGather != FALSE;
    adapter->direct_end_pfn = config->force_bounce ? 0
                              : adapter->limit_la >= top - 1 || domain_remaps(adapter)
                                  ? UINT64_MAX
                                  : (adapter->limit_la + 1) >> MM_PAGE_SHIFT;
    adapter->bounces = adapter->direct_end_pfn != UINT64_MAX ||
                       (!adapter->scatter_gather && !domain_remaps(adapter));
    adapter->cap =
        config->map_registers_cap != 0 ? config->map_registers_cap : HAL_REGISTERS_DEFAULT;
    adapter->grant = grant_for(adapter, description->MaximumLength);
}

static PDMA_ADAPTER make_object(struct hal *hal, ULONG version)
{
    PDMA_OPERATIONS operations = operations_table(hal, version);
    PDMA_ADAPTER object;

    if (operations == NULL)
        return NULL;
    object = ExAllocatePoolWithTag(NonPagedPool, sizeof *object, TAG);
    if (object == NULL)
        return NULL;
    *object = (DMA_ADAPTER){.Version = 1, .Size = sizeof *object, .DmaOperations = operations};
    return object;
}

/* IoGetDmaAdapter is for PASSIVE_LEVEL, which its export row checks. A driver that needs an adapter
 * at DISPATCH_LEVEL calls the bus interface's GetDmaAdapter there: GET_DMA_ADAPTER, Remarks (its
 * head says PASSIVE_LEVEL; we hold nobody to it). */
PDMA_ADAPTER hal_get_adapter(struct hal_slot *slot, PDEVICE_DESCRIPTION description,
                             PULONG map_registers)
{
    struct hal *hal = hal_here();
    struct hal_adapter *adapter;

    if (!is_acceptable(hal, description) || sim_fault_point(hal->sim, "adapter"))
        return NULL;
    adapter = calloc(1, sizeof *adapter);
    if (adapter == NULL)
        return NULL;
    adapter->object = make_object(hal, description->Version);
    if (adapter->object == NULL) {
        free(adapter);
        return NULL;
    }
    adapter->magic = adapter_magic;
    adapter->hal = hal;
    adapter->slot = slot;
    adapter->domain = slot != NULL ? slot->domain : hal->domain;
    adapter->id = ++hal->adapters_made;
    list_init(&adapter->register_waiters);
    list_init(&adapter->channel_waiters);
    describe(adapter, description);
    list_insert_tail(&hal->adapters, &adapter->link);
    hal->figures.adapters_live++;
    *map_registers = adapter->grant;
    TRACE(hal->trace, adapter_created, adapter->id, adapter->limit_la, adapter->grant,
          description->Version < 2 ? 1 : description->Version);
    return adapter->object;
}

/* Ends whatever is left of the adapter, then the adapter. */
void adapter_abandon(struct hal_adapter *adapter)
{
    struct hal *hal = adapter->hal;

    sglist_end(adapter);
    channel_end(adapter);
    common_buffer_vectors_end(adapter);
    common_buffers_end(adapter);
    list_remove(&adapter->link);
    hal->figures.adapters_live--;
    ExFreePoolWithTag(adapter->object, TAG);
    array_fini(&adapter->spare);
    array_fini(&adapter->common_buffers);
    adapter->magic = 0;
    free(adapter);
}

/* Everything must have been given back before. What is left ends here, so that the card's next
 * access to it is seen. PutDmaAdapter; bug check 0xE6, 07 to 0A. */
void NTAPI hal_put_dma_adapter(PDMA_ADAPTER DmaAdapter)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_PutDmaAdapter);
    struct hal *hal;

    if (adapter == NULL)
        return;
    hal = adapter->hal;
    TRACE(hal->trace, adapter_released, adapter->id, adapter->lists_live,
          adapter->common_buffers_live, adapter->registers_in_use);
    if (adapter->lists_live != 0 || adapter->common_buffers_live != 0 ||
        adapter->tokens_live != 0 || adapter->registers_in_use != 0 || adapter->channel_held ||
        registers_must_wait(adapter))
        KE_FINDING(hal->ke, VERIFY_adapter_leftover, adapter->lists_live,
                   adapter->common_buffers_live, adapter->registers_in_use,
                   adapter->channel_held);
    common_buffer_vectors_check(adapter);
    adapter_abandon(adapter);
    registers_serve(hal);
}

/* Alignment of buffers in bytes: x64 caches are coherent, so any will do. Nothing is aligned for an
 * adapter that was put. */
ULONG NTAPI hal_get_dma_alignment(PDMA_ADAPTER DmaAdapter)
{
    return operations_enter(DmaAdapter, HAL_OP_GetDmaAlignment) != NULL ? 1 : 0;
}

/* Counts what is left of a transfer by a DMA controller; bus masters count themselves. */
ULONG NTAPI hal_read_dma_counter(PDMA_ADAPTER DmaAdapter)
{
    (void)operations_enter(DmaAdapter, HAL_OP_ReadDmaCounter);
    return 0;
}
