/* SPDX-License-Identifier: MIT */
/* Which Windows a profile plays. This one table answers every way of asking: RtlGetVersion,
 * PsGetVersion, RtlIsNtDdiVersionAvailable, NtBuildNumber and the shared user data.
 *
 * XP and Server 2003 never ran on x64. UNDOC: what a driver that asks is told there is what the
 * 32-bit release says (5.1.2600, 5.2.3790), so that one which chooses by version chooses as it
 * would have there. */
#include "ke/ke.h"

static const struct ke_windows_version versions[] = {
    [KE_WINDOWS_XP] = {5, 1, 2600, 3, 0x05010300, false},
    [KE_WINDOWS_WS2003] = {5, 2, 3790, 0, 0x05020000, true},
    [KE_WINDOWS_WS2003SP1] = {5, 2, 3790, 1, 0x05020100, true},
    [KE_WINDOWS_VISTA] = {6, 0, 6002, 2, 0x06000200, false},
    [KE_WINDOWS_7] = {6, 1, 7601, 1, 0x06010000, false},
    [KE_WINDOWS_8] = {6, 2, 9200, 0, 0x06020000, false},
    [KE_WINDOWS_81] = {6, 3, 9600, 0, 0x06030000, false},
    [KE_WINDOWS_10_1803] = {10, 0, 17134, 0, 0x0A000005, false},
    [KE_WINDOWS_10] = {10, 0, 19045, 0, 0x0A000008, false},
    [KE_WINDOWS_11] = {10, 0, 22631, 0, 0x0A00000D, false},
};

struct ke_windows_version ke_windows_version_of(enum ke_windows windows)
{
    return versions[windows];
}
