/* SPDX-License-Identifier: MIT */
/* mingw-w64's driver headers, in an order and with the definitions under which they compile. */
#ifndef WEIR_ABI_MINGW_HEADERS_H
#define WEIR_ABI_MINGW_HEADERS_H

#define _AMD64_ 1
#define NTDDI_VERSION 0x06020000
#define _WIN32_WINNT 0x0602
#define NOBITMAP /* mmreg.h: no formats that need windows.h */

#include <ntddk.h>
#include <windef.h>

typedef WCHAR TCHAR; /* ksmedia.h uses it, and no header for drivers declares it */

#include <mmreg.h>
#include <ks.h>
#include <ksmedia.h>
#include <swenum.h>

#endif
