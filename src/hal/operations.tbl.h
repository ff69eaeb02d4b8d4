/* SPDX-License-Identifier: MIT */
/* The slots of DMA_OPERATIONS, one row a slot, in the order of the structure.
 *
 * OPERATION(name, symbol, result, args, IRQL from, to, table, since, state)
 *   name     member of DMA_OPERATIONS
 *   symbol   our function
 *   result   VALUE, or NOTHING for a function that returns none
 *   args     parameters
 *   IRQL     as the member's page states it; UNDOC where it is silent, then nothing is checked
 *   table    version of the table (of the description) that first has the slot
 *   since    first Windows whose table of that version is long enough
 *   state    FULL; REFUSES: the documented refusal is all that a bus master can get
 */
OPERATION(PutDmaAdapter,                    hal_put_dma_adapter,               NOTHING, 1,  PASSIVE,  DISPATCH, V1, WIN2K,      FULL)
OPERATION(AllocateCommonBuffer,             hal_allocate_common_buffer,        VALUE,   4,  PASSIVE,  PASSIVE,  V1, WIN2K,      FULL)
OPERATION(FreeCommonBuffer,                 hal_free_common_buffer,            NOTHING, 5,  PASSIVE,  PASSIVE,  V1, WIN2K,      FULL)
OPERATION(AllocateAdapterChannel,           hal_allocate_adapter_channel,      VALUE,   5,  DISPATCH, DISPATCH, V1, WIN2K,      FULL)
OPERATION(FlushAdapterBuffers,              hal_flush_adapter_buffers,         VALUE,   6,  PASSIVE,  DISPATCH, V1, WIN2K,      FULL)
OPERATION(FreeAdapterChannel,               hal_free_adapter_channel,          NOTHING, 1,  DISPATCH, DISPATCH, V1, WIN2K,      FULL)
OPERATION(FreeMapRegisters,                 hal_free_map_registers,            NOTHING, 3,  DISPATCH, DISPATCH, V1, WIN2K,      FULL)
OPERATION(MapTransfer,                      hal_map_transfer,                  VALUE,   6,  PASSIVE,  DISPATCH, V1, WIN2K,      FULL)
OPERATION(GetDmaAlignment,                  hal_get_dma_alignment,             VALUE,   1,  PASSIVE,  PASSIVE,  V1, WIN2K,      FULL)
OPERATION(ReadDmaCounter,                   hal_read_dma_counter,              VALUE,   1,  PASSIVE,  DISPATCH, V1, WIN2K,      FULL)
OPERATION(GetScatterGatherList,             hal_get_scatter_gather_list,       VALUE,   8,  DISPATCH, DISPATCH, V1, WIN2K,      FULL)
OPERATION(PutScatterGatherList,             hal_put_scatter_gather_list,       NOTHING, 3,  DISPATCH, DISPATCH, V1, WIN2K,      FULL)
OPERATION(CalculateScatterGatherList,       hal_calculate_scatter_gather_list, VALUE,   6,  UNDOC,    UNDOC,    V2, WINXP,      FULL)
OPERATION(BuildScatterGatherList,           hal_build_scatter_gather_list,     VALUE,   10, DISPATCH, DISPATCH, V2, WINXP,      FULL)
OPERATION(BuildMdlFromScatterGatherList,    hal_build_mdl_from_list,           VALUE,   4,  PASSIVE,  DISPATCH, V2, WINXP,      FULL)
OPERATION(GetDmaAdapterInfo,                hal_get_dma_adapter_info,          VALUE,   2,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(GetDmaTransferInfo,               hal_get_dma_transfer_info,         VALUE,   6,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(InitializeDmaTransferContext,     hal_initialize_transfer_context,   VALUE,   2,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(AllocateCommonBufferEx,           hal_allocate_common_buffer_ex,     VALUE,   6,  PASSIVE,  PASSIVE,  V3, WIN8,       FULL)
OPERATION(AllocateAdapterChannelEx,         hal_allocate_adapter_channel_ex,   VALUE,   8,  DISPATCH, DISPATCH, V3, WIN8,       FULL)
OPERATION(ConfigureAdapterChannel,          hal_configure_adapter_channel,     VALUE,   3,  PASSIVE,  DISPATCH, V3, WIN8,       REFUSES)
OPERATION(CancelAdapterChannel,             hal_cancel_adapter_channel,        VALUE,   3,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(MapTransferEx,                    hal_map_transfer_ex,               VALUE,   11, PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(GetScatterGatherListEx,           hal_get_scatter_gather_list_ex,    VALUE,   13, PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(BuildScatterGatherListEx,         hal_build_scatter_gather_list_ex,  VALUE,   15, DISPATCH, DISPATCH, V3, WIN8,       FULL)
OPERATION(FlushAdapterBuffersEx,            hal_flush_adapter_buffers_ex,      VALUE,   6,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(FreeAdapterObject,                hal_free_adapter_object,           NOTHING, 2,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(CancelMappedTransfer,             hal_cancel_mapped_transfer,        VALUE,   2,  PASSIVE,  DISPATCH, V3, WIN8,       FULL)
OPERATION(AllocateDomainCommonBuffer,       hal_allocate_domain_common_buffer, VALUE,   9,  PASSIVE,  PASSIVE,  V3, WIN10_1507, FULL)
OPERATION(FlushDmaBuffer,                   hal_flush_dma_buffer,              VALUE,   3,  UNDOC,    UNDOC,    V3, WIN10_1507, FULL)
OPERATION(JoinDmaDomain,                    hal_join_dma_domain,               VALUE,   2,  PASSIVE,  PASSIVE,  V3, WIN10_1507, FULL)
OPERATION(LeaveDmaDomain,                   hal_leave_dma_domain,              VALUE,   1,  PASSIVE,  PASSIVE,  V3, WIN10_1507, FULL)
OPERATION(GetDmaDomain,                     hal_get_dma_domain,                VALUE,   1,  PASSIVE,  PASSIVE,  V3, WIN10_1507, FULL)
OPERATION(AllocateCommonBufferWithBounds,   hal_allocate_common_buffer_bounds, VALUE,   8,  PASSIVE,  PASSIVE,  V3, WIN10_1803, FULL)
OPERATION(AllocateCommonBufferVector,       hal_allocate_buffer_vector,        VALUE,   9,  UNDOC,    UNDOC,    V3, WIN10_1903, FULL)
OPERATION(GetCommonBufferFromVectorByIndex, hal_get_buffer_from_vector,        NOTHING, 5,  UNDOC,    UNDOC,    V3, WIN10_1903, FULL)
OPERATION(FreeCommonBufferFromVector,       hal_free_buffer_from_vector,       NOTHING, 3,  UNDOC,    UNDOC,    V3, WIN10_1903, FULL)
OPERATION(FreeCommonBufferVector,           hal_free_buffer_vector,            NOTHING, 2,  UNDOC,    UNDOC,    V3, WIN10_1903, FULL)
OPERATION(CreateCommonBufferFromMdl,        hal_create_buffer_from_mdl,        VALUE,   5,  PASSIVE,  PASSIVE,  V3, WIN11,      FULL)
