/* SPDX-License-Identifier: MIT */
/* Numbers that an INF's AddReg, or somebody with a registry editor, has put into a key. */
#ifndef DRIVERS_REGISTRY_H
#define DRIVERS_REGISTRY_H

#include "windows.h"

/* Default when the value is missing, no REG_DWORD, or out of bounds. PASSIVE_LEVEL. */
ULONG RegistryReadNumber(HANDLE Key, PCWSTR Name, ULONG Least, ULONG Most, ULONG Default);

#endif
