/* SPDX-License-Identifier: MIT */
/* NTSTATUS to the error codes of the Win32 API, for the statuses that drivers and AVStream use.
 * ERROR_MR_MID_NOT_FOUND (317) is what Windows answers for a status it has no code for. */
#include "rtl/rtl.h"

struct error_row {
    NTSTATUS status;
    ULONG error;
};

static const struct error_row error_rows[] = {
    {STATUS_SUCCESS, 0},
    {STATUS_TIMEOUT, 258},
    {STATUS_PENDING, 997},
    {STATUS_BUFFER_OVERFLOW, 234},
    {STATUS_NO_MORE_ENTRIES, 259},
    {STATUS_UNSUCCESSFUL, 31},
    {STATUS_NOT_IMPLEMENTED, 1},
    {STATUS_INVALID_HANDLE, 6},
    {STATUS_INVALID_PARAMETER, 87},
    {STATUS_NO_SUCH_DEVICE, 2},
    {STATUS_INVALID_DEVICE_REQUEST, 1},
    {STATUS_NO_MEMORY, 8},
    {STATUS_ACCESS_DENIED, 5},
    {STATUS_BUFFER_TOO_SMALL, 122},
    {STATUS_OBJECT_TYPE_MISMATCH, 6},
    {STATUS_OBJECT_NAME_INVALID, 123},
    {STATUS_OBJECT_NAME_NOT_FOUND, 2},
    {STATUS_OBJECT_NAME_COLLISION, 183},
    {STATUS_OBJECT_PATH_NOT_FOUND, 3},
    {STATUS_SHARING_VIOLATION, 32},
    {STATUS_INSUFFICIENT_RESOURCES, 1450},
    {STATUS_DEVICE_NOT_READY, 21},
    {STATUS_NOT_SUPPORTED, 50},
    {STATUS_IO_TIMEOUT, 121},
    {STATUS_CANCELLED, 995},
    {STATUS_DEVICE_BUSY, 170},
    {STATUS_DELETE_PENDING, 5},
    {STATUS_NOT_FOUND, 1168},
    {STATUS_NO_MATCH, 1169},
    {STATUS_PROPSET_NOT_FOUND, 1170},
    {STATUS_INVALID_BUFFER_SIZE, 1784},
    {STATUS_DEVICE_DOES_NOT_EXIST, 433},
    {STATUS_ACCESS_VIOLATION, 998},
};

ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS status)
{
    ULONG facility;
    size_t i;

    for (i = 0; i < RTL_NUMBER_OF(error_rows); i++) {
        if (error_rows[i].status == status)
            return error_rows[i].error;
    }
    facility = (ULONG)status & 0x3FFF0000u;
    if (facility == 0x00070000u) /* FACILITY_NTWIN32: the code is in the status */
        return (ULONG)status & 0xFFFF;
    return 317;
}

ULONG NTAPI RtlNtStatusToDosError(NTSTATUS status)
{
    return RtlNtStatusToDosErrorNoTeb(status);
}
