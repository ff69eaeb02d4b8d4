/* SPDX-License-Identifier: MIT */
/* What an INF's AddReg, or somebody with a registry editor, may set in the device's driver key:
 *
 *   Frequency   REG_DWORD, 20 to 10,000: the tone's, in Hz; a second channel has twice that
 *   Loopback    REG_DWORD, 0 or 1: the ADC hears the DAC instead of the tone
 *
 * Read at each Start, so a disabled and enabled device has the new values. */
#include "tone.h"

#include "../common/registry.h"

VOID ToneReadSettings(PTONE Tone, PKSDEVICE Device)
{
    HANDLE Key;

    Tone->Frequency = 1000;
    Tone->Loopback = FALSE;
    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Device->PhysicalDeviceObject, PLUGPLAY_REGKEY_DRIVER,
                                            KEY_READ, &Key)))
        return;
    Tone->Frequency = RegistryReadNumber(Key, L"Frequency", 20, 10000, 1000);
    Tone->Loopback = (BOOLEAN)RegistryReadNumber(Key, L"Loopback", 0, 1, 0);
    ZwClose(Key);
}
