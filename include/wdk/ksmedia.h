/* SPDX-License-Identifier: MIT */
/* Media types of kernel streaming by their usual name. GUIDs of formats, categories, pin names
 * and property sets are in guids.tbl.h. */
#ifndef WEIR_WDK_KSMEDIA_H
#define WEIR_WDK_KSMEDIA_H

#include "wdk/ks.h"
#include "wdk/ksmedia_audio.h"
#include "wdk/ksmedia_vidcap.h"
#include "wdk/ksmedia_video.h"

#endif
