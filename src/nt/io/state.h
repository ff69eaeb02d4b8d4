/* SPDX-License-Identifier: MIT */
/* What the files of io share: the side state of drivers, devices, files and IRPs. The public
 * objects lie in pool, where drivers read and write them; what we must be able to trust lies here.
 */
#ifndef WEIR_NT_IO_STATE_H
#define WEIR_NT_IO_STATE_H

#include "base/base.h"
#include "io/io.h"
#include "mm/mm.h"
#include "ob/ob.h"

enum {
    IO_STACK_MAX = 32, /* stack locations of an IRP that is kept for reuse */
    IO_IRPS_KEPT_MAX = 64, /* of each size */
};

#define IO_TAG_IRP 0x20707249u /* 'Irp ' */
#define IO_TAG_DEVICE 0x69766544u /* 'Devi' */
#define IO_TAG_DRIVER 0x76697244u /* 'Driv' */
#define IO_TAG_FILE 0x656C6946u /* 'File' */
#define IO_TAG_BUFFER 0x20206F49u /* 'Io  ' */
#define IO_TAG_INTERRUPT 0x6E496F49u /* 'IoIn' */
#define IO_TAG_LIST 0x6C6E6F49u /* 'Ionl' */
#define IO_TAG_WORK 0x77496F49u /* 'IoIw' */

struct io_driver {
    struct list_node link;
    struct io *io;
    PDRIVER_OBJECT object;
    char *name; /* the service's, ASCII */
    uint64_t base_va;
    uint64_t size_bytes;
    struct list_node extensions;
    struct list_node reinitializations;
    ULONG reinitialize_count;
};

/* Packets that were asked for from within StartIo, and how the last of them. */
struct io_deferred_start {
    unsigned count;
    BOOLEAN cancelable, by_key;
    ULONG key;
};

struct io_device {
    struct list_node link;
    struct io *io;
    struct io_driver *driver;
    PDEVICE_OBJECT object;
    PDEVICE_OBJECT attached_to;
    bool deleted; /* IoDeleteDevice was called; gone with the last reference */
    PIO_TIMER_ROUTINE timer_routine;
    PVOID timer_context;
    bool timer_running;
    bool start_io_deferred, start_io_noncancelable, start_io_active;
    struct io_deferred_start deferred_start;
    struct io_node *node; /* of a PDO */
};

/* One passage through a dispatch routine, on the stack of whoever called it. */
struct io_call {
    struct io_call *next;
    struct io_irp *irp; /* NULL once the IRP is freed */
    CHAR location;
    bool completed;
    bool marked_pending;
    NTSTATUS final;
};

enum io_irp_kind {
    IO_IRP_PLAIN, /* a driver allocated it and frees it */
    IO_IRP_THREADED, /* freed by us when it ends (IoBuildSynchronousFsdRequest, our own requests) */
    IO_IRP_FILE /* the same, and it belongs to a file that waits for it */
};

struct io_irp {
    PIRP irp;
    enum io_irp_kind kind;
    bool allocated;
    bool in_flight; /* sent, and not yet back at its owner */
    struct io_call *calls;
    struct list_node link; /* of the file */
    PFILE_OBJECT file;
    /* Of a file's request: where the application wants to hear of its end. The IRP shows drivers
     * addresses of its own instead. */
    PIO_STATUS_BLOCK iosb;
    PKEVENT event;
    struct io_irp *next_free;
};

struct io_file {
    struct io *io;
    PFILE_OBJECT object;
    PDEVICE_OBJECT device; /* referenced by ReferenceCount while open */
    struct list_node irps; /* outstanding, oldest first */
    bool created; /* IRP_MJ_CREATE succeeded: CLEANUP and CLOSE are due */
};

struct io_interrupt {
    PKINTERRUPT object;
    struct ke_interrupt *connection;
    uint64_t routine_va;
};

struct io_queued_work {
    PIO_WORKITEM work;
    uint64_t routine_va;
};

struct io_second {
    KTIMER timer;
    KDPC dpc;
};

struct io {
    uint64_t magic;
    struct ke *ke;
    struct mm *mm;
    struct ob *ob;
    struct list_node drivers;
    struct list_node devices;
    struct list_node nodes;
    struct list_node interfaces;
    struct list_node notifications;
    struct list_node shutdown;
    KSPIN_LOCK cancel_lock;
    struct map irps; /* PIRP -> struct io_irp, freed ones included while they are kept */
    ARRAY(struct io_interrupt) interrupts; /* connected, oldest first */
    struct io_irp *free_irps[IO_STACK_MAX + 1];
    unsigned free_irp_counts[IO_STACK_MAX + 1];
    uint32_t next_device_number;
    uint32_t next_instance;
    struct io_second *second; /* pool: the timer behind IoStartTimer, and its DPC */
    unsigned timers_running;
    ARRAY(struct io_queued_work) queued_work; /* IoQueueWorkItem's, not yet running */
    uint64_t last_notification_id;
    const struct io_pnp_ops *pnp_ops;
    void *pnp_ctx;
    /* Thunks of functions whose address drivers can see. */
    PDRIVER_DISPATCH invalid_request;
    PIO_COMPLETION_ROUTINE signal_completion;
    PWORKER_THREAD_ROUTINE run_work_item;
    PKDEFERRED_ROUTINE timer_expired;
    PDRIVER_CANCEL csq_cancel;
    UNICODE_STRING hardware_database; /* its buffer is pool; driver objects hold copies of this */
    ARRAY(PKEVENT) events; /* pool, for those who send and wait; drivers see their addresses */
    uint64_t next_trace_handle;
    ULONG next_wmi_instance;
    PIRP top_level_irp;
    PKTHREAD top_level_thread;
};

/* irp.c */
struct io_irp *io_irp_of(struct io *io, PIRP irp); /* NULL: not one of ours */
PIRP io_irp_allocate(struct io *io, CCHAR stack_size, enum io_irp_kind kind,
                     struct io_irp **out_state);
void io_irp_free(struct io *io, struct io_irp *state);
void io_irps_flush(struct io *io); /* gives what is kept for reuse back to the pool */
void io_irps_fini(struct io *io);

/* complete.c */
void io_irp_finish(struct io *io, struct io_irp *state);
/* Sends a plain IRP whose next location is filled and waits for its end; the IRP stays the
 * caller's. */
NTSTATUS io_send_irp(struct io *io, PDEVICE_OBJECT top, PIRP irp);
NTSTATUS NTAPI io_signal_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context);

PKEVENT io_event_take(struct io *io); /* not signalled; NULL: no memory */
void io_event_give(struct io *io, PKEVENT event);

/* device.c, driver.c */
struct io_driver *io_driver_of(struct io *io, PDRIVER_OBJECT driver); /* stops for what is none */
struct io_device *io_device_of(struct io *io, PDEVICE_OBJECT device); /* NULL: none, or deleted */
NTSTATUS NTAPI io_invalid_request(PDEVICE_OBJECT device, PIRP irp);

/* wanted.c */
bool io_is_file_path(const UNICODE_STRING *path); /* \??\C:\..., \SystemRoot\... */
NTSTATUS io_absent_file(const UNICODE_STRING *path);
WCHAR *io_below_system_root(const UNICODE_STRING *path, UNICODE_STRING *out);
void io_note_wanted(struct io *io, const UNICODE_STRING *path, const char *why);

/* file.c */
struct io_file *io_file_of(struct io *io, PFILE_OBJECT file);

/* others */
void NTAPI io_run_work_item(PVOID context);
void NTAPI io_timer_expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2);
void NTAPI io_csq_cancel(PDEVICE_OBJECT device, PIRP irp);
/* A finding for each thing of a driver's that outlives its image [base, end). */
void io_report_work(struct io *io, uint64_t base_va, uint64_t end_va);
void io_report_interrupts(struct io *io, uint64_t base_va, uint64_t end_va);
void io_report_notifications(struct io *io, uint64_t base_va, uint64_t end_va);
void io_interfaces_fini(struct io *io);
void io_nodes_fini(struct io *io);
void io_notifications_fini(struct io *io);
struct io_interface;
void io_notify_interface(struct io *io, const GUID *class_guid, const UNICODE_STRING *link,
                         bool arrival);

#endif
