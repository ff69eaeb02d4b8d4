/* SPDX-License-Identifier: MIT */
/* What an INF's AddReg, or somebody with a registry editor, may set in the device's driver key:
 *
 *   FramesInFlight   REG_DWORD, 1 to 1024: frames the card may own at one time, each with a lock.
 * Anything else counts as not there
 *
 * Read at each Start, so a disabled and enabled device has the new values. */
#include "card.h"

#include "registry.h"

VOID CardReadSettings(PCARD_DEVICE Device)
{
    HANDLE Key;

    Device->FramesInFlight = CARD_FRAMES_IN_FLIGHT;
    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Device->KsDevice->PhysicalDeviceObject,
                                            PLUGPLAY_REGKEY_DRIVER, KEY_READ, &Key)))
        return;
    Device->FramesInFlight = RegistryReadNumber(Key, L"FramesInFlight", 1,
                                                CARD_FRAMES_IN_FLIGHT_MAX, CARD_FRAMES_IN_FLIGHT);
    ZwClose(Key);
}
