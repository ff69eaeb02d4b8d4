/* SPDX-License-Identifier: MIT */
/* Kernel streaming by its usual name: all of it, split by subject. */
#ifndef WEIR_WDK_KS_H
#define WEIR_WDK_KS_H

#include "wdk/guids.h"
#include "wdk/ks_av.h"
#include "wdk/ks_avfn.h"
#include "wdk/ks_base.h"
#include "wdk/ks_com.h"
#include "wdk/ks_gate.h"
#include "wdk/ks_ks1.h"
#include "wdk/ks_props.h"

#endif
