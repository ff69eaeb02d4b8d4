/* SPDX-License-Identifier: MIT */
/* Properties from the application's side. Requests and results lie in client memory, as
 * METHOD_NEITHER drivers get user addresses; here they are copied through the scratch area. */
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"

NTSTATUS client_control(struct client_session *session, PFILE_OBJECT file, ULONG code,
                        const void *request, uint32_t request_bytes, void *out,
                        uint32_t *out_bytes)
{
    uint64_t out_va = session->scratch_va + CLIENT_SCRATCH_OUT;
    ULONG_PTR information = 0;
    NTSTATUS status;

    weir_assert(request_bytes <= CLIENT_SCRATCH_OUT);
    weir_assert(*out_bytes <= CLIENT_SCRATCH_BYTES - CLIENT_SCRATCH_OUT);
    mm_copy_to_va(session->mm, session->scratch_va, request, request_bytes);
    if (out != NULL)
        mm_copy_to_va(session->mm, out_va, out, *out_bytes);
    status = io_file_control_wait(file, code, session->scratch_va, request_bytes,
                                  *out_bytes != 0 ? out_va : 0, *out_bytes, &information);
    if (NT_SUCCESS(status) && out != NULL)
        mm_copy_from_va(session->mm, out, out_va,
                        information < *out_bytes ? information : *out_bytes);
    *out_bytes = (uint32_t)information;
    return status;
}

NTSTATUS client_property(struct client_session *session, PFILE_OBJECT file, const void *request,
                         uint32_t request_bytes, void *out, uint32_t *out_bytes)
{
    return client_control(session, file, IOCTL_KS_PROPERTY, request, request_bytes, out, out_bytes);
}

NTSTATUS client_pin_property(struct client_session *session, ULONG pin_id, ULONG id, void *out,
                             uint32_t *out_bytes)
{
    KSP_PIN request = {.Property = {.Set = KSPROPSETID_Pin, .Id = id,
                                    .Flags = KSPROPERTY_TYPE_GET},
                       .PinId = pin_id};

    return client_property(session, session->filter, &request, sizeof request, out, out_bytes);
}

NTSTATUS client_set(struct client_session *session, PFILE_OBJECT file, const GUID *set, ULONG id,
                    const void *value, uint32_t value_bytes)
{
    KSPROPERTY request = {.Set = *set, .Id = id, .Flags = KSPROPERTY_TYPE_SET};
    uint8_t copy[256];

    weir_assert(value_bytes <= sizeof copy);
    memcpy(copy, value, value_bytes);
    return client_property(session, file, &request, sizeof request, copy, &value_bytes);
}

NTSTATUS client_control_sized(struct client_session *session, PFILE_OBJECT file, ULONG code,
                              const void *request, uint32_t request_bytes, void **out,
                              uint32_t *out_bytes)
{
    uint32_t bytes = 0, room;
    NTSTATUS status = client_control(session, file, code, request, request_bytes, NULL, &bytes);
    void *value;

    if (status != STATUS_BUFFER_OVERFLOW)
        return NT_SUCCESS(status) ? STATUS_NO_DATA_DETECTED : status;
    if (bytes == 0 || bytes > CLIENT_SCRATCH_BYTES - CLIENT_SCRATCH_OUT)
        return STATUS_INVALID_BUFFER_SIZE;
    value = calloc(1, bytes);
    if (value == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    room = bytes;
    status = client_control(session, file, code, request, request_bytes, value, &bytes);
    if (!NT_SUCCESS(status)) {
        free(value);
        return status;
    }
    *out = value;
    *out_bytes = bytes < room ? bytes : room; /* the driver may claim more */
    return status;
}

NTSTATUS client_property_sized(struct client_session *session, PFILE_OBJECT file,
                               const void *request, uint32_t request_bytes, void **out,
                               uint32_t *out_bytes)
{
    return client_control_sized(session, file, IOCTL_KS_PROPERTY, request, request_bytes, out,
                                out_bytes);
}
