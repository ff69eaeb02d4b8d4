/* SPDX-License-Identifier: MIT */
/* The Windows Driver Model by its usual name: all of it, split by subject. Code of ours that
 * needs one subject may include just that header. */
#ifndef WEIR_WDK_WDM_H
#define WEIR_WDK_WDM_H

#include "wdk/wdm_base.h"
#include "wdk/wdm_cpu.h"
#include "wdk/wdm_dma.h"
#include "wdk/wdm_ex.h"
#include "wdk/wdm_file.h"
#include "wdk/wdm_io.h"
#include "wdk/wdm_iocodes.h"
#include "wdk/wdm_iofn.h"
#include "wdk/wdm_ke.h"
#include "wdk/wdm_mm.h"
#include "wdk/wdm_ob.h"
#include "wdk/wdm_pci.h"
#include "wdk/wdm_pnp.h"
#include "wdk/wdm_rtl.h"
#include "wdk/wdm_zw.h"

#endif
