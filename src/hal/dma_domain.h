/* SPDX-License-Identifier: MIT */
/* DMA domains as drivers see them: a handle for the translation of a device's addresses. */
#ifndef WEIR_HAL_DMA_DOMAIN_H
#define WEIR_HAL_DMA_DOMAIN_H

#include "hal/adapter.h"

/* STATUS_SUCCESS: the handle names the domain the adapter is in. */
NTSTATUS dma_domain_check(struct hal_adapter *adapter, HANDLE handle);

#endif
