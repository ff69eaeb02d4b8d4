/* SPDX-License-Identifier: MIT */
/* A driver that asks in every way which Windows this is, says what it hears, and leaves. */
#include <ntddk.h>

__declspec(dllimport) extern ULONG NtBuildNumber;

DRIVER_INITIALIZE DriverEntry;

#define SHARED(type, offset) (*(volatile type *)(0xFFFFF78000000000ull + (offset)))

typedef BOOLEAN(NTAPI *NTDDI_AVAILABLE)(ULONG Version);

static const PCWSTR Names[] = {
    L"IoGetDmaAdapter",          L"KeInitializeGuardedMutex",      L"RtlIsNtDdiVersionAvailable",
    L"EtwRegister",              L"KeQueryActiveGroupCount",       L"KeQuerySystemTimePrecise",
    L"ExAllocateTimer",          L"MmMapIoSpaceEx",                L"ExAllocatePool2",
    L"ExNobodyHasWrittenThis",
};

static PVOID Find(PCWSTR Name)
{
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Name);
    return MmGetSystemRoutineAddress(&String);
}

static void AskByCall(void)
{
    RTL_OSVERSIONINFOEXW Info = {.dwOSVersionInfoSize = sizeof Info};
    ULONG Major, Minor, Build;

    RtlGetVersion((PRTL_OSVERSIONINFOW)&Info);
    PsGetVersion(&Major, &Minor, &Build, NULL);
    DbgPrint("RtlGetVersion %u.%u.%u sp %u product %u\n", Info.dwMajorVersion, Info.dwMinorVersion,
             Info.dwBuildNumber, Info.wServicePackMajor, Info.wProductType);
    DbgPrint("PsGetVersion %u.%u.%u\n", Major, Minor, Build);
}

/* Shared user data holds the build since Windows 10. */
static void AskByData(void)
{
    ULONG Major = SHARED(ULONG, 0x26C);

    DbgPrint("NtBuildNumber %u\n", NtBuildNumber & 0xFFFF);
    DbgPrint("SharedUserData %u.%u.%u product %u\n", Major, SHARED(ULONG, 0x270),
             Major >= 10 ? SHARED(ULONG, 0x260) : 0, SHARED(ULONG, 0x264));
}

static void AskByFeature(void)
{
    NTDDI_AVAILABLE Available = (NTDDI_AVAILABLE)Find(L"RtlIsNtDdiVersionAvailable");

    DbgPrint("wdm 1.20 %u 1.30 %u 6.0 %u 6.1 %u\n", IoIsWdmVersionAvailable(1, 0x20),
             IoIsWdmVersionAvailable(1, 0x30), IoIsWdmVersionAvailable(6, 0),
             IoIsWdmVersionAvailable(6, 1));
    if (Available != NULL)
        DbgPrint("ntddi win7 %u win8 %u win10 %u\n", Available(0x06010000), Available(0x06020000),
                 Available(0x0A000000));
    for (unsigned i = 0; i < sizeof Names / sizeof *Names; i++)
        DbgPrint("%ws %u\n", Names[i], Find(Names[i]) != NULL);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    AskByCall();
    AskByData();
    AskByFeature();
    return STATUS_UNSUCCESSFUL;
}
