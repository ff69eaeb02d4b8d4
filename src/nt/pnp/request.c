/* SPDX-License-Identifier: MIT */
/* PnP requests as the manager sends them: to the top of the stack, with STATUS_NOT_SUPPORTED
 * preset, waited for however long a driver pends them. What comes back as STATUS_NOT_SUPPORTED was
 * handled by nobody. */
#include "pnp/state.h"
#include "trace/rules.h"

NTSTATUS pnp_send(struct pnp *pnp, PDEVICE_OBJECT pdo, IO_STACK_LOCATION *location,
                  ULONG_PTR *information)
{
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    NTSTATUS status;

    location->MajorFunction = IRP_MJ_PNP;
    if (information != NULL)
        iosb.Information = *information;
    status = io_send(pdo, location, &iosb);
    if (information != NULL)
        *information = iosb.Information;
    TRACE(ke_trace(pnp->ke), pnp, location->MinorFunction, (uint32_t)status);
    return status;
}

NTSTATUS pnp_send_minor(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor)
{
    IO_STACK_LOCATION location = {.MinorFunction = minor};

    return pnp_send(pnp, pdo, &location, NULL);
}

void pnp_send_firm(struct pnp *pnp, PDEVICE_OBJECT pdo, UCHAR minor)
{
    NTSTATUS status = pnp_send_minor(pnp, pdo, minor);

    if (!NT_SUCCESS(status))
        KE_FINDING(pnp->ke, VERIFY_pnp_status, minor, (uint32_t)status);
}
