/* SPDX-License-Identifier: MIT */
/* The I/O manager: driver, device and file objects, IRPs, work items, interrupts' objects, device
 * interfaces. Windows functions stand in wdk/wdm.h; this door holds what machine, client, pnp and
 * inbox need beside them. Order: io_create after mm, ex, ob, cm and ps; io_destroy before them. */
#ifndef WEIR_NT_IO_H
#define WEIR_NT_IO_H

#include "base/list.h"
#include "ke/ke.h"
#include "wdk/wdm.h"

struct io;
int io_create(struct ke *ke, struct io **out);
void io_destroy(struct io *io);
struct io *io_of(struct ke *ke);

/* ---- Drivers --------------------------------------------------------------------------------- */
/* A driver object with all MajorFunction slots failing; entry_va is DriverEntry as loaded, or 0 for
 * one of ours. name is the service name ("grabber"): \Driver\grabber,
 * \Registry\Machine\System\CurrentControlSet\Services\grabber. */
NTSTATUS io_driver_create(struct io *io, const char *name, uint64_t base_va, uint64_t size_bytes,
                          uint64_t entry_va, PDRIVER_OBJECT *out);
/* Calls DriverEntry with the registry path. When it fails the driver object is freed: forget it. */
NTSTATUS io_driver_initialize(PDRIVER_OBJECT driver);
/* DriverUnload, then checks for leftovers; frees the driver object. STATUS_INVALID_DEVICE_REQUEST
 * for a driver without DriverUnload, which stays. */
NTSTATUS io_driver_unload(PDRIVER_OBJECT driver);
/* Frees a driver object without asking the driver: one of ours, or one whose DriverEntry never
 * ran. */
void io_driver_destroy(PDRIVER_OBJECT driver);
/* Checks for leftovers and frees the driver object, without asking the driver. */
void io_driver_end(PDRIVER_OBJECT driver);
/* \Registry\Machine\System\CurrentControlSet\Services\<name>, where drivers can read it. */
PUNICODE_STRING io_driver_registry_path(PDRIVER_OBJECT driver);
const char *io_driver_name(PDRIVER_OBJECT driver); /* the service's */

/* ---- Files ----------------------------------------------------------------------------------- */
/* Files as an application opens them; on a thread of ours at PASSIVE_LEVEL, RequestorMode UserMode.
 * path: a device interface link or \Device\ name, with an optional \reference string; counted, may
 * hold zero words. relative_to: parent file object or NULL. access: FILE_READ_DATA etc. */
NTSTATUS io_file_open(struct io *io, PFILE_OBJECT relative_to, const UNICODE_STRING *path,
                      ACCESS_MASK access, PFILE_OBJECT *out);
void io_file_close(PFILE_OBJECT file); /* cleanup, then close once nothing refers to it */
/* A handle to it, as KSPIN_CONNECT.PinToHandle and the like want one; closing the last one does not
 * close the file. */
NTSTATUS io_file_handle(PFILE_OBJECT file, HANDLE *out);
/* Asynchronous device control: returns STATUS_PENDING or the final status. in_va and out_va are
 * client (user window) addresses. iosb and event (both in memory of ours) stay valid until
 * completion; event is set then, whatever the status. out_irp may be NULL; it is for
 * io_file_cancel_irp while the request is outstanding. */
NTSTATUS io_file_control(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                         uint64_t out_va, ULONG out_bytes, PKEVENT event, PIO_STATUS_BLOCK iosb,
                         PIRP *out_irp);
/* The same, waits for the end. */
NTSTATUS io_file_control_wait(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                              uint64_t out_va, ULONG out_bytes, ULONG_PTR *out_information);
void io_file_cancel(PFILE_OBJECT file); /* CancelIo: every IRP outstanding on it, oldest first */
unsigned io_file_outstanding(PFILE_OBJECT file);

/* Enabled device interfaces of a class, in order of registration; links are counted strings owned
 * by io. index from 0; STATUS_NO_MORE_ENTRIES at the end. */
NTSTATUS io_interface_at(struct io *io, const GUID *class_guid, unsigned index,
                         const UNICODE_STRING **out_link);
/* The same for all classes at once. */
NTSTATUS io_interface_of_any_class(struct io *io, unsigned index, GUID *out_class,
                                   const UNICODE_STRING **out_link);

/* ---- Requests of ours ------------------------------------------------------------------------ */
/* Sends a request with this stack location (major, minor, parameters) to the device's top of stack
 * and waits for its end. IoStatus starts as STATUS_NOT_SUPPORTED, or *iosb when the caller set it;
 * the result is in *iosb. */
NTSTATUS io_send(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location, PIO_STATUS_BLOCK iosb);

/* ---- Device nodes: what is known of a PDO ---------------------------------------------------- */
/* pnp fills one in from what the bus driver answers; io's property, registry, interface and
 * interrupt functions read it. Strings are ASCII; lists of ids are "a\0b\0\0". */
struct io_node {
    uint64_t magic;
    struct list_node link; /* of io */
    PDEVICE_OBJECT pdo;
    char device_id[128]; /* "PCI\VEN_1234&DEV_5678&SUBSYS_...&REV_01" */
    char instance_id[64];
    char instance_path[200]; /* device_id \ instance_id */
    char hardware_ids[512];
    char compatible_ids[512];
    char description[128];
    char location[128];
    char service[64];
    char driver_key[96]; /* "{class guid}\0000" */
    char manufacturer[128];
    char class_name[64]; /* "MEDIA" */
    char class_text[48]; /* its GUID in braces */
    GUID class_guid;
    GUID bus_type;
    INTERFACE_TYPE legacy_bus;
    ULONG bus_number;
    DEVICE_CAPABILITIES capabilities;
    PCM_RESOURCE_LIST raw; /* pool, owned; NULL: none */
    PCM_RESOURCE_LIST translated;
    PIO_RESOURCE_REQUIREMENTS_LIST requirements; /* pool, owned */
    DEVICE_POWER_STATE power; /* after the last device power IRP that succeeded */
    struct list_node properties; /* that drivers set */
    bool started;
    bool removed; /* by surprise */
};
NTSTATUS io_node_create(struct io *io, PDEVICE_OBJECT pdo, struct io_node **out);
struct io_node *io_node_of(PDEVICE_OBJECT pdo); /* NULL: no PDO that pnp knows */
void io_node_destroy(struct io_node *node); /* its interfaces go with it */
/* The device started or stopped being there: interfaces that were enabled appear or vanish. */
void io_node_set_started(struct io_node *node, bool started);
void io_node_disable_interfaces(struct io_node *node);

/* What io asks of pnp, on any thread up to DISPATCH_LEVEL. */
struct io_pnp_ops {
    void (*invalidate_state)(void *ctx, PDEVICE_OBJECT pdo);
    void (*invalidate_relations)(void *ctx, PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type);
    void (*last_file_closed)(void *ctx, PDEVICE_OBJECT pdo); /* of a device removed by surprise */
};
void io_set_pnp_ops(struct io *io, const struct io_pnp_ops *ops, void *ctx);

#endif
