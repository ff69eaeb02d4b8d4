/* SPDX-License-Identifier: MIT */
/* DMA_OPERATIONS: the tables, the way in, and the functions behind the slots in table order. Rows
 * in operations.tbl.h say which Windows and which description version has a slot, and at which IRQL
 * it may be called. */
#ifndef WEIR_HAL_OPERATIONS_H
#define WEIR_HAL_OPERATIONS_H

#include <stdbool.h>

#include "wdk/wdm.h"

struct hal;
struct hal_adapter;

enum hal_operation {
#define OPERATION(name, symbol, result, args, from, to, table, since, state) HAL_OP_##name,
#include "hal/operations.tbl.h"
#undef OPERATION
    HAL_OPERATIONS
};

/* Whether the Windows played knows that version of a description. */
bool operations_has(struct hal *hal, ULONG description_version);
/* The table for it; NULL when there is no pool for one. */
PDMA_OPERATIONS operations_table(struct hal *hal, ULONG description_version);
/* First in every function below: NULL, after a finding, when the driver's pointer is no live
 * adapter; a finding, too, when the IRQL is not that of the row. */
struct hal_adapter *operations_enter(PDMA_ADAPTER object, enum hal_operation operation);

void NTAPI hal_put_dma_adapter(PDMA_ADAPTER DmaAdapter);
PVOID NTAPI hal_allocate_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                       PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled);
void NTAPI hal_free_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                  PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                  BOOLEAN CacheEnabled);
NTSTATUS NTAPI hal_allocate_adapter_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                            ULONG NumberOfMapRegisters,
                                            PDRIVER_CONTROL ExecutionRoutine, PVOID Context);
BOOLEAN NTAPI hal_flush_adapter_buffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice);
void NTAPI hal_free_adapter_channel(PDMA_ADAPTER DmaAdapter);
void NTAPI hal_free_map_registers(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                  ULONG NumberOfMapRegisters);
PHYSICAL_ADDRESS NTAPI hal_map_transfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                        PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice);
ULONG NTAPI hal_get_dma_alignment(PDMA_ADAPTER DmaAdapter);
ULONG NTAPI hal_read_dma_counter(PDMA_ADAPTER DmaAdapter);
NTSTATUS NTAPI hal_get_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                           PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                           PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                           BOOLEAN WriteToDevice);
void NTAPI hal_put_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                       BOOLEAN WriteToDevice);
NTSTATUS NTAPI hal_calculate_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID CurrentVa,
                                                 ULONG Length, PULONG ScatterGatherListSize,
                                                 PULONG pNumberOfMapRegisters);
NTSTATUS NTAPI hal_build_scatter_gather_list(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                             PMDL Mdl, PVOID CurrentVa, ULONG Length,
                                             PDRIVER_LIST_CONTROL ExecutionRoutine, PVOID Context,
                                             BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer,
                                             ULONG ScatterGatherLength);
NTSTATUS NTAPI hal_build_mdl_from_list(PDMA_ADAPTER DmaAdapter, PSCATTER_GATHER_LIST ScatterGather,
                                       PMDL OriginalMdl, PMDL *TargetMdl);

NTSTATUS NTAPI hal_get_dma_adapter_info(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo);
NTSTATUS NTAPI hal_get_dma_transfer_info(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset,
                                         ULONG Length, BOOLEAN WriteOnly,
                                         PDMA_TRANSFER_INFO TransferInfo);
NTSTATUS NTAPI hal_initialize_transfer_context(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);
PVOID NTAPI hal_allocate_common_buffer_ex(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress,
                                          ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                                          BOOLEAN CacheEnabled, NODE_REQUIREMENT PreferredNode);
NTSTATUS NTAPI hal_allocate_adapter_channel_ex(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                               PVOID DmaTransferContext, ULONG NumberOfMapRegisters,
                                               ULONG Flags, PDRIVER_CONTROL ExecutionRoutine,
                                               PVOID ExecutionContext, PVOID *MapRegisterBase);
NTSTATUS NTAPI hal_configure_adapter_channel(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber,
                                             PVOID Context);
BOOLEAN NTAPI hal_cancel_adapter_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                         PVOID DmaTransferContext);
NTSTATUS NTAPI hal_map_transfer_ex(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                   ULONGLONG Offset, ULONG DeviceOffset, PULONG Length,
                                   BOOLEAN WriteToDevice, PSCATTER_GATHER_LIST ScatterGatherBuffer,
                                   ULONG ScatterGatherBufferLength,
                                   PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                                   PVOID CompletionContext);
NTSTATUS NTAPI hal_get_scatter_gather_list_ex(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
    PVOID CompletionContext, PSCATTER_GATHER_LIST *ScatterGatherList);
NTSTATUS NTAPI hal_build_scatter_gather_list_ex(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer, ULONG ScatterGatherLength,
    PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext,
    PVOID ScatterGatherList);
NTSTATUS NTAPI hal_flush_adapter_buffers_ex(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                            PVOID MapRegisterBase, ULONGLONG Offset, ULONG Length,
                                            BOOLEAN WriteToDevice);
void NTAPI hal_free_adapter_object(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction);
NTSTATUS NTAPI hal_cancel_mapped_transfer(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext);
NTSTATUS NTAPI hal_allocate_domain_common_buffer(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle,
                                                 PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                                 ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                                 NODE_REQUIREMENT PreferredNode,
                                                 PPHYSICAL_ADDRESS LogicalAddress,
                                                 PVOID *VirtualAddress);
NTSTATUS NTAPI hal_flush_dma_buffer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation);
NTSTATUS NTAPI hal_join_dma_domain(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle);
NTSTATUS NTAPI hal_leave_dma_domain(PDMA_ADAPTER DmaAdapter);
HANDLE NTAPI hal_get_dma_domain(PDMA_ADAPTER DmaAdapter);
PVOID NTAPI hal_allocate_common_buffer_bounds(PDMA_ADAPTER DmaAdapter,
                                              PPHYSICAL_ADDRESS MinimumAddress,
                                              PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                              ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                              NODE_REQUIREMENT PreferredNode,
                                              PPHYSICAL_ADDRESS LogicalAddress);
NTSTATUS NTAPI hal_allocate_buffer_vector(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress,
                                          PHYSICAL_ADDRESS HighAddress,
                                          MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT IdealNode,
                                          ULONG Flags, ULONG NumberOfElements,
                                          ULONGLONG SizeOfElements,
                                          PDMA_COMMON_BUFFER_VECTOR *VectorOut);
void NTAPI hal_get_buffer_from_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                      ULONG Index, PVOID *VirtualAddress,
                                      PPHYSICAL_ADDRESS LogicalAddress);
void NTAPI hal_free_buffer_from_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector,
                                       ULONG Index);
void NTAPI hal_free_buffer_vector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector);
NTSTATUS NTAPI hal_create_buffer_from_mdl(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                          PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
                                          ULONG ExtendedConfigsCount,
                                          PPHYSICAL_ADDRESS LogicalAddress);

#endif
