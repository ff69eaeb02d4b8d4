/* SPDX-License-Identifier: MIT */
/* The software camera of softcam.c, which runs only where it finds what its INF (installed.inf), a
 * registry file and a folder of files gave it. Each thing it misses has a status of its own. */
#include "../../drivers/common/windows.h"

#define CHECK(number, expression)                                                                  \
    do {                                                                                           \
        if (!(expression))                                                                         \
            return (NTSTATUS)(0xE0000000 | (number));                                              \
    } while (0)

NTSTATUS NTAPI CameraEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

static PDRIVER_ADD_DEVICE AddCamera;

static ULONG ReadNumber(HANDLE Key, PCWSTR Name)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        UCHAR Bytes[64];
    } Value;
    UNICODE_STRING String;
    ULONG Length;

    RtlInitUnicodeString(&String, Name);
    if (!NT_SUCCESS(ZwQueryValueKey(Key, &String, KeyValuePartialInformation, &Value,
                                    sizeof(Value), &Length)) ||
        Value.Information.Type != REG_DWORD)
        return 0;
    return *(ULONG *)Value.Information.Data;
}

static NTSTATUS OpenBelow(HANDLE Root, PCWSTR Name, PHANDLE Key)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Name);
    InitializeObjectAttributes(&Attributes, &String, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Root,
                               NULL);
    return ZwOpenKey(Key, KEY_READ, &Attributes);
}

static NTSTATUS CheckService(PUNICODE_STRING RegistryPath)
{
    static const WCHAR End[] = L"\\Services\\InstalledCamera";
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Service, Parameters;
    ULONG Chars = sizeof(End) / sizeof(WCHAR) - 1, Depth, Type;

    CHECK(1, RegistryPath->Length / sizeof(WCHAR) > Chars);
    CHECK(2, RtlCompareMemory(RegistryPath->Buffer + RegistryPath->Length / sizeof(WCHAR) - Chars,
                              End, Chars * sizeof(WCHAR)) == Chars * sizeof(WCHAR));
    InitializeObjectAttributes(&Attributes, RegistryPath, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(3, NT_SUCCESS(ZwOpenKey(&Service, KEY_READ, &Attributes)));
    CHECK(4, NT_SUCCESS(OpenBelow(Service, L"Parameters", &Parameters)));
    Type = ReadNumber(Service, L"Type");
    Depth = ReadNumber(Parameters, L"Depth");
    ZwClose(Parameters);
    ZwClose(Service);
    CHECK(5, Type == 1);
    CHECK(6, Depth == 12);
    return STATUS_SUCCESS;
}

static NTSTATUS CheckProperty(PDEVICE_OBJECT Pdo, DEVICE_REGISTRY_PROPERTY Property, PCWSTR Text)
{
    WCHAR Buffer[128];
    ULONG Length, I;

    CHECK(10, NT_SUCCESS(IoGetDeviceProperty(Pdo, Property, sizeof(Buffer), Buffer, &Length)));
    for (I = 0; Text[I] != 0; I++)
        CHECK(11, Buffer[I] == Text[I]);
    CHECK(12, Buffer[I] == 0);
    return STATUS_SUCCESS;
}

static NTSTATUS CheckKeys(PDEVICE_OBJECT Pdo)
{
    HANDLE Key, Sub;
    ULONG Own, Missing, Nested, Hardware;

    CHECK(20, NT_SUCCESS(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &Key)));
    Own = ReadNumber(Key, L"Own");
    Missing = ReadNumber(Key, L"Depth"); /* the service's alone */
    CHECK(21, NT_SUCCESS(OpenBelow(Key, L"Nested\\Deeper", &Sub)));
    Nested = ReadNumber(Sub, L"Value");
    ZwClose(Sub);
    ZwClose(Key);
    CHECK(22, NT_SUCCESS(IoOpenDeviceRegistryKey(Pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &Key)));
    Hardware = ReadNumber(Key, L"FromFile"); /* of the registry file */
    ZwClose(Key);
    CHECK(23, Own == 7);
    CHECK(24, Missing == 0);
    CHECK(25, Nested == 0x8000);
    CHECK(26, Hardware == 42);
    return STATUS_SUCCESS;
}

static NTSTATUS OpenFile(PCWSTR Path, ACCESS_MASK Access, ULONG Disposition, PHANDLE File)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Path);
    InitializeObjectAttributes(&Attributes, &String, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwCreateFile(File, Access | SYNCHRONIZE, &Attributes, &Iosb, NULL, 0, FILE_SHARE_READ,
                        Disposition, FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL,
                        0);
}

static NTSTATUS CheckFiles(void)
{
    FILE_STANDARD_INFORMATION Standard;
    IO_STATUS_BLOCK Iosb;
    HANDLE File;
    CHAR Text[8];

    OpenFile(L"\\??\\C:\\not there.bin", FILE_READ_DATA, FILE_OPEN, &File); /* for the summary */
    CHECK(30, NT_SUCCESS(OpenFile(L"\\SystemRoot\\system32\\Drivers\\CAMERA.bin", FILE_READ_DATA,
                                  FILE_OPEN, &File)));
    CHECK(31, NT_SUCCESS(ZwQueryInformationFile(File, &Iosb, &Standard, sizeof(Standard),
                                                FileStandardInformation)));
    CHECK(32, Standard.EndOfFile.QuadPart == 5);
    CHECK(33, NT_SUCCESS(ZwReadFile(File, NULL, NULL, NULL, &Iosb, Text, sizeof(Text), NULL,
                                    NULL)));
    ZwClose(File);
    CHECK(34, Iosb.Information == 5 && Text[0] == 'f' && Text[4] == '5');
    CHECK(35, NT_SUCCESS(OpenFile(L"\\??\\C:\\camera.log", FILE_WRITE_DATA, FILE_OVERWRITE_IF,
                                  &File)));
    CHECK(36, NT_SUCCESS(ZwWriteFile(File, NULL, NULL, NULL, &Iosb, Text, 5, NULL, NULL)));
    ZwClose(File);
    return STATUS_SUCCESS;
}

/* From ksecdd.sys. */
NTSTATUS NTAPI BCryptGenRandom(PVOID Algorithm, PUCHAR Buffer, ULONG Bytes, ULONG Flags);

static NTSTATUS CheckRandom(void)
{
    UCHAR Bytes[16] = {0};
    ULONG I, Set = 0;

    CHECK(40, NT_SUCCESS(BCryptGenRandom(NULL, Bytes, sizeof(Bytes), 2)));
    for (I = 0; I < sizeof(Bytes); I++)
        Set |= Bytes[I];
    CHECK(41, Set != 0);
    CHECK(42, !NT_SUCCESS(BCryptGenRandom(NULL, Bytes, sizeof(Bytes), 0)));
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    NTSTATUS Status = CheckKeys(Pdo);

    if (NT_SUCCESS(Status))
        Status = CheckProperty(Pdo, DevicePropertyDeviceDescription, L"Installed camera");
    if (NT_SUCCESS(Status))
        Status = CheckProperty(Pdo, DevicePropertyManufacturer, L"Example");
    if (NT_SUCCESS(Status))
        Status = CheckProperty(Pdo, DevicePropertyHardwareID, L"ROOT\\InstalledCamera");
    if (NT_SUCCESS(Status))
        Status = CheckProperty(Pdo, DevicePropertyClassName, L"Image");
    if (NT_SUCCESS(Status))
        Status = CheckFiles();
    if (NT_SUCCESS(Status))
        Status = CheckRandom();
    return NT_SUCCESS(Status) ? AddCamera(DriverObject, Pdo) : Status;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status = CheckService(RegistryPath);

    if (NT_SUCCESS(Status))
        Status = CameraEntry(DriverObject, RegistryPath);
    if (!NT_SUCCESS(Status))
        return Status;
    AddCamera = DriverObject->DriverExtension->AddDevice;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    return STATUS_SUCCESS;
}
