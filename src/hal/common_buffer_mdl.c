/* SPDX-License-Identifier: MIT */
/* Common buffers out of the driver's own memory. The pages must be resident and mapped in system
 * space, whole, and of one MDL; without translation of addresses they must also lie together and
 * in the device's reach. Options narrow the logical addresses, take a part of the MDL, or say
 * what the device may do; each may be given once. The buffer ends with FreeCommonBuffer at the
 * system address; the memory stays the driver's. CreateCommonBufferFromMdl,
 * DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION.
 *
 * UNDOC: a length that is not that of an MDL's system mapping is STATUS_INVALID_PARAMETER like
 * everything else that does not fit. */
#include <stdlib.h>

#include "hal/common_buffer.h"
#include "hal/operations.h"
#include "hal/transfer.h"

enum {
    LOCKED = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL,
    MAPPED = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL,
};

struct options {
    uint64_t lowest_la, highest_la;
    bool section;
    uint64_t offset, size_bytes;
    unsigned directions;
};

static NTSTATUS read_access(struct hal_adapter *adapter, int access, unsigned *directions)
{
    static const unsigned of[CommonBufferHardwareAccessMax] = {
        [CommonBufferHardwareAccessReadOnly] = MAPPING_TO_DEVICE,
        [CommonBufferHardwareAccessWriteOnly] = MAPPING_FROM_DEVICE,
        [CommonBufferHardwareAccessReadWrite] = MAPPING_TO_DEVICE | MAPPING_FROM_DEVICE,
    };

    if (access < 0 || access >= CommonBufferHardwareAccessMax)
        return STATUS_INVALID_PARAMETER;
    if (access != CommonBufferHardwareAccessReadWrite && !domain_remaps(adapter))
        return STATUS_NOT_SUPPORTED;
    *directions = of[access];
    return STATUS_SUCCESS;
}

static NTSTATUS read_option(struct hal_adapter *adapter,
                            const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *config,
                            struct options *options)
{
    switch (config->ConfigType) {
    case CommonBufferConfigTypeLogicalAddressLimits:
        options->lowest_la = (uint64_t)config->LogicalAddressLimits.MinimumAddress.QuadPart;
        options->highest_la = (uint64_t)config->LogicalAddressLimits.MaximumAddress.QuadPart;
        return STATUS_SUCCESS;
    case CommonBufferConfigTypeSubSection:
        options->section = true;
        options->offset = config->SubSection.Offset;
        options->size_bytes = config->SubSection.Length;
        return STATUS_SUCCESS;
    case CommonBufferConfigTypeHardwareAccessPermissions:
        return read_access(adapter, (int)config->HardwareAccessType, &options->directions);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static NTSTATUS read_options(struct hal_adapter *adapter,
                             const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *configs, ULONG count,
                             struct options *options)
{
    unsigned seen = 0;

    if (count != 0 && configs == NULL)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < count; i++) {
        NTSTATUS status = read_option(adapter, &configs[i], options);

        if (!NT_SUCCESS(status))
            return status;
        if (seen & 1u << configs[i].ConfigType)
            return STATUS_INVALID_PARAMETER;
        seen |= 1u << configs[i].ConfigType;
    }
    return STATUS_SUCCESS;
}

/* The part of the chain that is to be the buffer: in one MDL, whole pages, locked and mapped. */
static bool choose_part(struct hal *hal, PMDL mdl, const struct options *options,
                        struct transfer *part)
{
    uint32_t pages;

    if (mdl == NULL)
        return false;
    if (!options->section && mdl->Next != NULL)
        return false;
    *part = (struct transfer){mdl, 0, mdl->ByteCount};
    if (options->section && !transfer_seek(part, mdl, options->offset, options->size_bytes))
        return false;
    mdl = part->mdl;
    return part->size_bytes != 0 && part->size_bytes % MM_PAGE_SIZE == 0 &&
           (mdl->ByteOffset + part->skip_bytes) % MM_PAGE_SIZE == 0 &&
           part->size_bytes <= mdl->ByteCount - part->skip_bytes && (mdl->MdlFlags & LOCKED) &&
           (mdl->MdlFlags & MAPPED) && transfer_check(hal, part, &pages) == TRANSFER_GOOD;
}

/* Without translation the pages are what they are. */
static bool fits(struct hal_adapter *adapter, const struct transfer *part,
                 const struct options *options)
{
    const PFN_NUMBER *pfns = MmGetMdlPfnArray(part->mdl) +
                             ((part->mdl->ByteOffset + part->skip_bytes) >> MM_PAGE_SHIFT);
    uint64_t la = pfns[0] << MM_PAGE_SHIFT;

    if (domain_remaps(adapter))
        return true;
    return transfer_is_one_run(adapter, part) && la >= options->lowest_la &&
           la + part->size_bytes - 1 <= options->highest_la;
}

static enum registers_result open_to_card(struct hal_adapter *adapter, const struct transfer *part,
                                          const struct options *options,
                                          struct hal_common_buffer *buffer)
{
    struct domain_request request = {
        .pages = part->size_bytes >> MM_PAGE_SHIFT,
        .last_offset = MM_PAGE_SIZE - 1,
        .directions = options->directions,
        .use = MAPPING_COMMON_BUFFER,
        .lowest_la = options->lowest_la,
        .highest_la = options->highest_la,
    };
    struct domain_pages pages;
    enum registers_result result;

    request.pfns = transfer_pfns(adapter->hal, part, request.pages);
    if (request.pfns == NULL)
        return REGISTERS_NEVER;
    result = domain_map(adapter, &request, &pages);
    if (result != REGISTERS_TAKEN)
        return result;
    buffer->la = domain_page(&pages, 0) << MM_PAGE_SHIFT;
    buffer->serial = pages.serial;
    return result;
}

NTSTATUS NTAPI hal_create_buffer_from_mdl(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                          PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
                                          ULONG ExtendedConfigsCount,
                                          PPHYSICAL_ADDRESS LogicalAddress)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_CreateCommonBufferFromMdl);
    struct options options = {.highest_la = UINT64_MAX,
                              .directions = MAPPING_TO_DEVICE | MAPPING_FROM_DEVICE};
    struct hal_common_buffer *buffer;
    struct transfer part;
    NTSTATUS status;

    if (adapter == NULL)
        return STATUS_INVALID_PARAMETER;
    status = read_options(adapter, ExtendedConfigs, ExtendedConfigsCount, &options);
    if (!NT_SUCCESS(status))
        return status;
    if (options.highest_la < MM_PAGE_SIZE - 1 ||
        !choose_part(adapter->hal, Mdl, &options, &part) || !fits(adapter, &part, &options))
        return STATUS_INVALID_PARAMETER;
    if (sim_fault_point(adapter->hal->sim, "common_buffer") || !common_buffer_can_add(adapter))
        return STATUS_INSUFFICIENT_RESOURCES;
    buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    buffer->size_bytes = part.size_bytes;
    buffer->va = KE_ARG(part.mdl->MappedSystemVa) + part.skip_bytes;
    if (open_to_card(adapter, &part, &options, buffer) != REGISTERS_TAKEN) {
        free(buffer);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    common_buffer_add(adapter, buffer);
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    return STATUS_SUCCESS;
}
