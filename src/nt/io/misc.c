/* SPDX-License-Identifier: MIT */
/* The rest of the I/O manager that drivers ask for: versions, stacks, WMI, invalidation, error log
 * packets, share access. */
#include "io/state.h"

#include <string.h>

#include "rtl/rtl.h"
#include "sim/sim.h"

/* WDM 1.30 was Server 2003's and 6.0 Vista's; later ones kept 6.0 and added nothing. */
BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR major, UCHAR minor)
{
    enum ke_windows windows = ke_windows(ke_current());
    unsigned have = windows >= KE_WINDOWS_VISTA    ? 0x600
                    : windows >= KE_WINDOWS_WS2003 ? 0x130
                                                   : 0x120;

    return ((unsigned)major << 8 | minor) <= have;
}

/* ---- Stacks ---------------------------------------------------------------------------------- */

/* The limits of the driver's stack that this call came from. */
void NTAPI IoGetStackLimits(PULONG_PTR low, PULONG_PTR high)
{
    struct sim_boundary *boundary = sim_boundary_newest(sim_fiber_current());
    uint64_t low_va = 0;
    uint64_t top_va = 0;

    if (boundary != NULL && boundary->direction == SIM_TO_HOST)
        (void)sim_guest_stack_range(ke_sim(ke_current()), boundary->guest_rsp, &low_va, &top_va);
    *low = low_va;
    *high = top_va;
}

/* UNDOC: the region must lie in the stack that the caller runs on, a thread's or a CPU's for DPCs;
 * the former's other stacks are not looked at. */
ULONG NTAPI IoWithinStackLimits(ULONG_PTR start, SIZE_T bytes)
{
    ULONG_PTR low, high;

    IoGetStackLimits(&low, &high);
    return start >= low && start <= high && bytes <= high - start;
}

PVOID NTAPI IoGetInitialStack(void)
{
    ULONG_PTR low, high;

    IoGetStackLimits(&low, &high);
    return (PVOID)high;
}

/* ---- The IRP at the top of a thread's file system work --------------------------------------- */

/* Only file systems set it; it is kept for the one thread that does so at a time. */
PIRP NTAPI IoGetTopLevelIrp(void)
{
    struct io *io = io_of(ke_current());

    return io->top_level_thread == KeGetCurrentThread() ? io->top_level_irp : NULL;
}

void NTAPI IoSetTopLevelIrp(PIRP irp)
{
    struct io *io = io_of(ke_current());

    io->top_level_irp = irp;
    io->top_level_thread = irp != NULL ? KeGetCurrentThread() : NULL;
}

/* For drivers that check more than the code's own access bits. */
NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP irp, ULONG required)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;

    if ((required & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (irp->RequestorMode == KernelMode || file == NULL)
        return STATUS_SUCCESS;
    if (((required & FILE_READ_ACCESS) && !file->ReadAccess) ||
        ((required & FILE_WRITE_ACCESS) && !file->WriteAccess))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* ---- WMI: nobody queries --------------------------------------------------------------------- */

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    ULONG code = action & 0xFFFF;

    (void)device;
    return code >= WMIREG_ACTION_REGISTER && code <= WMIREG_ACTION_BLOCK_IRPS
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

/* The event would be freed by the system. */
NTSTATUS NTAPI IoWMIWriteEvent(PVOID event)
{
    ExFreePool(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID *guid, ULONG count, ULONG *first)
{
    struct io *io = io_of(ke_current());

    (void)guid;
    *first = io->next_wmi_instance;
    io->next_wmi_instance += count;
    return STATUS_SUCCESS;
}

/* The device's instance path; the caller frees the string. */
NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT pdo, PUNICODE_STRING link, BOOLEAN combine,
                                        PUNICODE_STRING name)
{
    struct io_node *node = pdo != NULL ? io_node_of(pdo) : NULL;
    ANSI_STRING path;

    (void)link;
    (void)combine;
    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    RtlInitAnsiString(&path, node->instance_path);
    return RtlAnsiStringToUnicodeString(name, &path, TRUE);
}

ULONG NTAPI IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT device)
{
    return (ULONG)KE_ARG(device);
}

/* ---- What changed ---------------------------------------------------------------------------- */

void NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT pdo)
{
    struct io *io = io_of(ke_current());

    if (io->pnp_ops != NULL)
        io->pnp_ops->invalidate_state(io->pnp_ctx, pdo);
}

void NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type)
{
    struct io *io = io_of(ke_current());

    if (io->pnp_ops != NULL)
        io->pnp_ops->invalidate_relations(io->pnp_ctx, pdo, type);
}

NTSTATUS NTAPI IoGetDeviceNumaNode(PDEVICE_OBJECT pdo, PUSHORT number)
{
    (void)pdo;
    *number = 0;
    return STATUS_SUCCESS;
}

/* ---- Error log ------------------------------------------------------------------------------- */

/* A packet becomes a line of debug output when it is written; that frees it. */
PVOID NTAPI IoAllocateErrorLogEntry(PVOID object, UCHAR bytes)
{
    PVOID entry;

    (void)object;
    if (bytes < sizeof(IO_ERROR_LOG_PACKET) || bytes > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    entry = ExAllocatePoolWithTag(NonPagedPool, bytes, IO_TAG_BUFFER);
    if (entry != NULL)
        memset(entry, 0, bytes);
    return entry;
}

void NTAPI IoFreeErrorLogEntry(PVOID entry)
{
    ExFreePoolWithTag(entry, IO_TAG_BUFFER);
}

void NTAPI IoWriteErrorLogEntry(PVOID entry)
{
    PIO_ERROR_LOG_PACKET packet = entry;

    DbgPrint("error log: code %08lx, unique value %lu, final status %08lx\n", packet->ErrorCode,
             packet->UniqueErrorValue, packet->FinalStatus);
    IoFreeErrorLogEntry(entry);
}

/* ---- Share access ---------------------------------------------------------------------------- */

static void add_share(PSHARE_ACCESS share, PFILE_OBJECT file, ULONG step)
{
    share->OpenCount += step;
    share->Readers += file->ReadAccess ? step : 0;
    share->Writers += file->WriteAccess ? step : 0;
    share->Deleters += file->DeleteAccess ? step : 0;
    share->SharedRead += file->SharedRead ? step : 0;
    share->SharedWrite += file->SharedWrite ? step : 0;
    share->SharedDelete += file->SharedDelete ? step : 0;
}

static void set_file_access(ACCESS_MASK access, ULONG share, PFILE_OBJECT file)
{
    file->ReadAccess = (access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    file->SharedRead = (share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (share & FILE_SHARE_DELETE) != 0;
}

static bool uses_data(PFILE_OBJECT file)
{
    return file->ReadAccess || file->WriteAccess || file->DeleteAccess;
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK access, ULONG wanted_share, PFILE_OBJECT file,
                                  PSHARE_ACCESS share, BOOLEAN update)
{
    ULONG open = share->OpenCount;

    set_file_access(access, wanted_share, file);
    if (!uses_data(file))
        return STATUS_SUCCESS;
    if ((file->ReadAccess && share->SharedRead < open) ||
        (file->WriteAccess && share->SharedWrite < open) ||
        (file->DeleteAccess && share->SharedDelete < open) ||
        (share->Readers != 0 && !file->SharedRead) || (share->Writers != 0 && !file->SharedWrite) ||
        (share->Deleters != 0 && !file->SharedDelete))
        return STATUS_SHARING_VIOLATION;
    if (update)
        add_share(share, file, 1);
    return STATUS_SUCCESS;
}

void NTAPI IoSetShareAccess(ACCESS_MASK access, ULONG wanted_share, PFILE_OBJECT file,
                            PSHARE_ACCESS share)
{
    set_file_access(access, wanted_share, file);
    *share = (SHARE_ACCESS){0};
    if (uses_data(file))
        add_share(share, file, 1);
}

void NTAPI IoUpdateShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share)
{
    if (uses_data(file))
        add_share(share, file, 1);
}

void NTAPI IoRemoveShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share)
{
    if (uses_data(file))
        add_share(share, file, (ULONG)-1);
}
