/* SPDX-License-Identifier: MIT */
/* Single characters: case and code page 1252, which is the machine's ANSI code page.
 * Case covers Latin, Greek and Cyrillic, the scripts that names of Windows objects are written in;
 * other characters are their own upper case. Pure functions, callable anywhere. */
#ifndef WEIR_NT_RTL_CHARS_H
#define WEIR_NT_RTL_CHARS_H

#include "wdk/ntdef.h"

WCHAR rtl_upcase(WCHAR character);
WCHAR rtl_downcase(WCHAR character);
WCHAR rtl_wide_of_ansi(unsigned char character);
/* '?' for what the code page lacks. */
unsigned char rtl_ansi_of_wide(WCHAR character);

#endif
