/* SPDX-License-Identifier: MIT */
#include "registry.h"

ULONG RegistryReadNumber(HANDLE Key, PCWSTR Name, ULONG Least, ULONG Most, ULONG Default)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        UCHAR Bytes[FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + sizeof(ULONG)];
    } Value;
    UNICODE_STRING String;
    ULONG Length, Number;

    RtlInitUnicodeString(&String, Name);
    if (!NT_SUCCESS(ZwQueryValueKey(Key, &String, KeyValuePartialInformation, &Value,
                                    sizeof(Value), &Length)))
        return Default;
    if (Value.Information.Type != REG_DWORD || Value.Information.DataLength != sizeof(ULONG))
        return Default;
    RtlCopyMemory(&Number, Value.Information.Data, sizeof(Number));
    return Number >= Least && Number <= Most ? Number : Default;
}
