/* SPDX-License-Identifier: MIT */
/* Which Windows this is. One table answers every way of asking: RtlGetVersion, PsGetVersion,
 * IoIsWdmVersionAvailable, RtlIsNtDdiVersionAvailable and the shared user data. The kernel is not
 * subject to manifests, so the true version is always told. */
#include "rtl/rtl.h"

#include <string.h>

struct version_row {
    struct rtl_version version;
    ULONG ntddi; /* NTDDI_ value without service pack and sub-version */
    UCHAR product;
};

/* x64 Windows begins with 5.2; the XP row is its x64 edition. */
static const struct version_row rows[] = {
    [KE_WINDOWS_XP] = {{5, 2, 3790, 1}, 0x05020100, NtProductWinNt},
    [KE_WINDOWS_WS2003] = {{5, 2, 3790, 0}, 0x05020000, NtProductServer},
    [KE_WINDOWS_WS2003SP1] = {{5, 2, 3790, 1}, 0x05020100, NtProductServer},
    [KE_WINDOWS_VISTA] = {{6, 0, 6002, 2}, 0x06000200, NtProductWinNt},
    [KE_WINDOWS_7] = {{6, 1, 7601, 1}, 0x06010000, NtProductWinNt},
    [KE_WINDOWS_8] = {{6, 2, 9200, 0}, 0x06020000, NtProductWinNt},
    [KE_WINDOWS_81] = {{6, 3, 9600, 0}, 0x06030000, NtProductWinNt},
    [KE_WINDOWS_10_1803] = {{10, 0, 17134, 0}, 0x0A000005, NtProductWinNt},
    [KE_WINDOWS_10] = {{10, 0, 19045, 0}, 0x0A000008, NtProductWinNt},
    [KE_WINDOWS_11] = {{10, 0, 22631, 0}, 0x0A00000D, NtProductWinNt},
};

static const struct version_row *row_of(enum ke_windows windows)
{
    return &rows[windows];
}

static const struct version_row *current_row(void)
{
    return row_of(ke_windows(ke_current()));
}

struct rtl_version rtl_version_of(enum ke_windows windows)
{
    return row_of(windows)->version;
}

static void spell_service_pack(USHORT number, WCHAR out[128])
{
    memset(out, 0, 128 * sizeof(WCHAR));
    if (number != 0)
        nt__snwprintf(out, 128, u"Service Pack %u", number);
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW information)
{
    const struct version_row *row = current_row();
    ULONG size = information->dwOSVersionInfoSize;
    PRTL_OSVERSIONINFOEXW extended = (PRTL_OSVERSIONINFOEXW)information;

    if (size != sizeof(RTL_OSVERSIONINFOW) && size != sizeof(RTL_OSVERSIONINFOEXW))
        return STATUS_INVALID_PARAMETER;
    information->dwMajorVersion = row->version.major;
    information->dwMinorVersion = row->version.minor;
    information->dwBuildNumber = row->version.build;
    information->dwPlatformId = VER_PLATFORM_WIN32_NT;
    spell_service_pack(row->version.service_pack, information->szCSDVersion);
    if (size == sizeof(RTL_OSVERSIONINFOEXW)) {
        extended->wServicePackMajor = row->version.service_pack;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0;
        extended->wProductType = row->product;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/* ---- Conditions: three bits a field in the mask, in the order of the VER_ bits --------------- */

ULONGLONG NTAPI VerSetConditionMask(ULONGLONG mask, ULONG types, UCHAR condition)
{
    unsigned bit;

    for (bit = 0; bit < 8; bit++) {
        if (types & 1u << bit) {
            mask &= ~(7ull << (bit * 3));
            mask |= (ULONGLONG)(condition & 7) << (bit * 3);
        }
    }
    return mask;
}

static bool holds(ULONG actual, ULONG wanted, unsigned condition)
{
    switch (condition) {
    case VER_EQUAL:
        return actual == wanted;
    case VER_GREATER:
        return actual > wanted;
    case VER_GREATER_EQUAL:
        return actual >= wanted;
    case VER_LESS:
        return actual < wanted;
    case VER_LESS_EQUAL:
        return actual <= wanted;
    case VER_AND:
        return (actual & wanted) == wanted;
    case VER_OR:
        return (actual & wanted) != 0;
    default:
        return false;
    }
}

static unsigned condition_of(ULONGLONG mask, ULONG type)
{
    return (unsigned)(mask >> (3 * (unsigned)__builtin_ctz(type))) & 7;
}

/* Major, minor and service pack are compared as one number under the condition of the first of
 * them that is asked for. "RtlVerifyVersionInfo", Remarks. */
static bool version_holds(const RTL_OSVERSIONINFOEXW *actual, const RTL_OSVERSIONINFOEXW *wanted,
                          ULONG types, ULONGLONG mask)
{
    const struct {
        ULONG type, actual, wanted;
    } fields[] = {
        {VER_MAJORVERSION, actual->dwMajorVersion, wanted->dwMajorVersion},
        {VER_MINORVERSION, actual->dwMinorVersion, wanted->dwMinorVersion},
        {VER_SERVICEPACKMAJOR, actual->wServicePackMajor, wanted->wServicePackMajor},
        {VER_SERVICEPACKMINOR, actual->wServicePackMinor, wanted->wServicePackMinor},
    };
    unsigned condition = 0;
    size_t i;

    for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!(types & fields[i].type))
            continue;
        if (condition == 0)
            condition = condition_of(mask, fields[i].type);
        if (fields[i].actual != fields[i].wanted)
            return holds(fields[i].actual, fields[i].wanted, condition);
    }
    return condition == 0 || holds(0, 0, condition);
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW wanted, ULONG types, ULONGLONG mask)
{
    RTL_OSVERSIONINFOEXW actual = {.dwOSVersionInfoSize = sizeof actual};

    if (types == 0 || mask == 0)
        return STATUS_INVALID_PARAMETER;
    RtlGetVersion((PRTL_OSVERSIONINFOW)&actual);
    if ((types & VER_SUITENAME) &&
        !holds(actual.wSuiteMask, wanted->wSuiteMask, condition_of(mask, VER_SUITENAME)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_PRODUCT_TYPE) &&
        !holds(actual.wProductType, wanted->wProductType, condition_of(mask, VER_PRODUCT_TYPE)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_PLATFORMID) &&
        !holds(actual.dwPlatformId, wanted->dwPlatformId, condition_of(mask, VER_PLATFORMID)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_BUILDNUMBER) &&
        !holds(actual.dwBuildNumber, wanted->dwBuildNumber, condition_of(mask, VER_BUILDNUMBER)))
        return STATUS_REVISION_MISMATCH;
    return version_holds(&actual, wanted, types, mask) ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

/* The low half of an NTDDI value is the service pack and has to be zero here. */
BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG version)
{
    if ((version & 0xFFFF) != 0 && version < 0x0A000000)
        return FALSE;
    return current_row()->ntddi >= version;
}

BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG version)
{
    ULONG ntddi = current_row()->ntddi;

    return (ntddi & 0xFFFF0000) == (version & 0xFFFF0000) && ntddi >= version;
}

BOOLEAN NTAPI RtlGetNtProductType(PNT_PRODUCT_TYPE type)
{
    *type = current_row()->product;
    return TRUE;
}
