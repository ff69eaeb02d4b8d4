/* SPDX-License-Identifier: MIT */
/* Which Windows this is, as drivers ask (ke/version.c knows). The kernel is not subject to
 * manifests, so the true version is always told. */
#include "rtl/rtl.h"

#include <string.h>

static struct ke_windows_version current(void)
{
    return ke_windows_version_of(ke_windows(ke_current()));
}

static UCHAR product(const struct ke_windows_version *version)
{
    return version->server ? NtProductServer : NtProductWinNt;
}

static void spell_service_pack(USHORT number, WCHAR out[128])
{
    memset(out, 0, 128 * sizeof(WCHAR));
    if (number != 0)
        nt__snwprintf(out, 128, u"Service Pack %u", number);
}

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW information)
{
    struct ke_windows_version version = current();
    ULONG size = information->dwOSVersionInfoSize;
    PRTL_OSVERSIONINFOEXW extended = (PRTL_OSVERSIONINFOEXW)information;

    if (size != sizeof(RTL_OSVERSIONINFOW) && size != sizeof(RTL_OSVERSIONINFOEXW))
        return STATUS_INVALID_PARAMETER;
    information->dwMajorVersion = version.major;
    information->dwMinorVersion = version.minor;
    information->dwBuildNumber = version.build;
    information->dwPlatformId = VER_PLATFORM_WIN32_NT;
    spell_service_pack(version.service_pack, information->szCSDVersion);
    if (size == sizeof(RTL_OSVERSIONINFOEXW)) {
        extended->wServicePackMajor = version.service_pack;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0;
        extended->wProductType = product(&version);
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
    return current().ntddi >= version;
}

BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG version)
{
    ULONG ntddi = current().ntddi;

    return (ntddi & 0xFFFF0000) == (version & 0xFFFF0000) && ntddi >= version;
}

BOOLEAN NTAPI RtlGetNtProductType(PNT_PRODUCT_TYPE type)
{
    struct ke_windows_version version = current();

    *type = product(&version);
    return TRUE;
}
