/* SPDX-License-Identifier: MIT */
/* The I/O manager: driver, device and file objects, IRPs, work items, interrupts' objects, device interfaces.
 * Windows functions stand in wdk/wdm.h; this door holds what machine, client, pnp and inbox need beside them. */
#ifndef WEIR_NT_IO_H
#define WEIR_NT_IO_H

#include "ke/ke.h"
#include "wdk/wdm.h"

struct io;
int io_create(struct ke *ke, struct io **out);
void io_destroy(struct io *io);
struct io *io_of(struct ke *ke);

/* A driver object with all MajorFunction slots failing; entry_va is DriverEntry as loaded, or 0 for one of ours.
 * name is the service name ("grabber"): \Driver\grabber, \Registry\Machine\System\CurrentControlSet\Services\grabber. */
NTSTATUS io_driver_create(struct io *io, const char *name, uint64_t base_va, uint64_t size_bytes,
                          uint64_t entry_va, PDRIVER_OBJECT *out);
NTSTATUS io_driver_initialize(PDRIVER_OBJECT driver); /* calls DriverEntry with the registry path */
NTSTATUS io_driver_unload(PDRIVER_OBJECT driver); /* DriverUnload, then checks for leftovers */

/* Files as an application opens them; on a thread of ours at PASSIVE_LEVEL, RequestorMode UserMode.
 * path: a device interface link or \Device\ name, with an optional \reference string; counted, may hold zero words.
 * relative_to: parent file object or NULL. access: FILE_READ_DATA etc. */
NTSTATUS io_file_open(struct io *io, PFILE_OBJECT relative_to, const UNICODE_STRING *path,
                      ACCESS_MASK access, PFILE_OBJECT *out);
void io_file_close(PFILE_OBJECT file); /* cleanup, then close once nothing refers to it */
/* Asynchronous device control: returns STATUS_PENDING or the final status. in_va and out_va are client (user
 * window) addresses. iosb and event stay valid until completion; event is set then. */
NTSTATUS io_file_control(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                         uint64_t out_va, ULONG out_bytes, PKEVENT event, PIO_STATUS_BLOCK iosb,
                         PIRP *out_irp);
/* The same, waits for the end. */
NTSTATUS io_file_control_wait(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                              uint64_t out_va, ULONG out_bytes, ULONG_PTR *out_information);
void io_file_cancel(PFILE_OBJECT file); /* CancelIo: every IRP outstanding on it */

/* Enabled device interfaces of a class, in order of registration; links are counted strings owned by io.
 * index from 0; STATUS_NO_MORE_ENTRIES at the end. */
NTSTATUS io_interface_at(struct io *io, const GUID *class_guid, unsigned index,
                         const UNICODE_STRING **out_link);
/* The device stack's bus driver announced a PDO: io knows its interfaces' prefix and registry key by this. */
#endif
