/* SPDX-License-Identifier: MIT */
/* The Windows headers a KS minidriver needs, in the order in which mingw-w64's copies of them
 * work. */
#ifndef DRIVERS_WINDOWS_H
#define DRIVERS_WINDOWS_H

#define POOL_TAGGING 1 /* else the headers drop the tags of pool allocations */

/* ntddk.h rather than wdm.h: ks.h shows its kernel half only where _NTDDK_ is defined. */
#include <ntddk.h>
#include <windef.h>
#include <punknown.h> /* before ks.h, which then declares the COM interfaces of AVStream */
#include <ks.h>
#define NOBITMAP /* nor bitmaps of user mode */
#include <mmreg.h> /* before ksmedia.h, which then declares the formats of sound */
#define TCHAR WCHAR /* ksmedia.h has one structure of user mode in it */
#include <ksmedia.h>
#undef TCHAR

#ifndef KeMemoryBarrier /* missing for x64; its loads and stores stay in order among themselves */
#define KeMemoryBarrier() __asm__ __volatile__("" ::: "memory")
#endif

#endif
