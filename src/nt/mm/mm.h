/* SPDX-License-Identifier: MIT */
/* Memory: RAM with a PC's holes, pages given out by a seeded policy, system and user mappings,
 * pool, MDLs, contiguous memory, device mappings. Windows functions (MmProbeAndLockPages,
 * ExAllocatePoolWithTag, MmAllocateContiguousMemory ...) stand in wdk/wdm.h and are implemented
 * here under their own names. RAM is one sparse memfd, mapped once as one window: reach a page by
 * its number with mm_page. Virtual addresses are uint64_t *_va, physical addresses the type below,
 * logical ones hal's. */
#ifndef WEIR_NT_MM_H
#define WEIR_NT_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ke/ke.h"
#include "wdk/wdm.h"

typedef struct mm_pa {
    uint64_t value;
} mm_pa; /* a physical address: what the CPU sees */
typedef uint64_t mm_pfn;
#define MM_PFN_NONE UINT64_MAX

enum mm_policy { MM_SCATTERED, MM_RUNS, MM_CONTIGUOUS, MM_HIGH, MM_LOW };
struct mm_config {
    uint64_t ram_bytes; /* 64 MB .. 1 TB */
    enum mm_policy policy; /* for client buffers and pool; default scattered */
    uint32_t run_pages; /* MM_RUNS: longest run */
    uint64_t low_memory_bytes; /* all there is below 4 GB for bounce pages and common buffers, in
                                  whole pages; 0 = default, 64 MB */
    uint64_t client_mappings; /* budget of host mappings for client buffers; 0 = default */
};
/* What a machine with so much RAM can be asked for. */
enum { MM_LOW_MEMORY_MIN = 256 << 10 };
struct mm_limits {
    uint64_t below_4g_bytes;
    uint64_t low_memory_default_bytes, low_memory_max_bytes;
};
void mm_limits(uint64_t ram_bytes, struct mm_limits *out);
struct mm;
int mm_create(struct ke *ke, const struct mm_config *config, struct mm **out);
void mm_destroy(struct mm *mm);
struct mm *mm_of(struct ke *ke);

/* ---- Physical pages -------------------------------------------------------------------------- */
enum { MM_PAGE_SIZE = 4096, MM_PAGE_SHIFT = 12 };
uint64_t mm_highest_pa(struct mm *mm); /* address after the last byte of RAM */
bool mm_is_ram(struct mm *mm, mm_pfn pfn);
void *mm_page(struct mm *mm, mm_pfn pfn); /* host address of the page in the window; must be RAM */
/* RAM at [pa, pa+size) as one host pointer: valid because the window is linear in RAM below and
 * above the hole; NULL when any byte of it is not RAM. */
void *mm_window(struct mm *mm, mm_pa pa, uint64_t size_bytes);
/* Single pages by the policy; limit_pa: every page below it (0 = anywhere). 0 or -ENOMEM. */
int mm_pages_allocate(struct mm *mm, uint64_t count, uint64_t limit_pa, mm_pfn *out);
void mm_pages_free(struct mm *mm, uint64_t count, const mm_pfn *pfns);
/* The low-memory pool (below 4 GB): contiguous pages for bouncing and common buffers. align_pages
 * is a power of two; limit_pa caps the last byte (0 = 4 GB). MM_PFN_NONE when it has no room. */
mm_pfn mm_low_allocate(struct mm *mm, uint64_t count, uint64_t align_pages, uint64_t limit_pa);
void mm_low_free(struct mm *mm, mm_pfn first, uint64_t count);
/* The same for many single pages: all of them or none (false). */
bool mm_low_pages_allocate(struct mm *mm, uint64_t count, uint64_t limit_pa, mm_pfn *out);
void mm_low_pages_free(struct mm *mm, uint64_t count, const mm_pfn *pfns);
uint64_t mm_low_free_pages(struct mm *mm);
/* A contiguous run anywhere in [low, high] that crosses no multiple of boundary (0 = none). */
mm_pfn mm_contiguous_allocate(struct mm *mm, uint64_t count, uint64_t low_pa, uint64_t high_pa,
                              uint64_t boundary_bytes);
void mm_contiguous_free(struct mm *mm, mm_pfn first, uint64_t count);

/* ---- Virtual mappings ------------------------------------------------------------------------ */
/* Maps pages at a seeded address in the system window; first_byte is added to the result. */
int mm_system_map(struct mm *mm, const mm_pfn *pfns, uint64_t count, unsigned host_protection,
                  uint64_t *out_va);
void mm_system_unmap(struct mm *mm, uint64_t va); /* pages stay allocated */
/* Image memory: size_bytes of fresh zeroed RAM at a seeded address aligned to 64 KB, writable. */
int mm_image_allocate(struct mm *mm, uint64_t size_bytes, uint64_t *out_va);
int mm_image_protect(struct mm *mm, uint64_t va, uint64_t size_bytes, unsigned host_protection);
void mm_image_discard(struct mm *mm, uint64_t va, uint64_t size_bytes); /* later touches fault */
void mm_image_free(struct mm *mm, uint64_t va);
/* Client memory in the user window. The range is reserved; pages exist at once, host mappings come
 * when a CPU touches them (mm resolves the fault). offset_bytes shifts the returned address within
 * the first page. */
int mm_user_allocate(struct mm *mm, uint64_t size_bytes, uint32_t offset_bytes, uint64_t *out_va);
void mm_user_free(struct mm *mm, uint64_t va);
/* Reads and writes client memory (or any mapped system memory) through the window, never faulting.
 * False when any byte is not mapped. Host code uses these for client buffers. */
bool mm_copy_from_va(struct mm *mm, void *to, uint64_t from_va, uint64_t size_bytes);
bool mm_copy_to_va(struct mm *mm, uint64_t to_va, const void *from, uint64_t size_bytes);
/* Page under a virtual address (system or user); MM_PFN_NONE when there is none. */
mm_pfn mm_pfn_of_va(struct mm *mm, uint64_t va);

/* ---- Device memory --------------------------------------------------------------------------- */
/* hal declares where device registers lie; MmMapIoSpace of such an address yields inaccessible
 * pages, whose faults come back through these. */
struct mm_io_ops {
    bool (*is_device)(void *ctx, mm_pa pa);
    uint64_t (*read)(void *ctx, mm_pa pa, unsigned size_bytes);
    void (*write)(void *ctx, mm_pa pa, unsigned size_bytes, uint64_t value);
    uint64_t (*port_read)(void *ctx, uint16_t port, unsigned size_bytes);
    void (*port_write)(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value);
};
void mm_set_io_ops(struct mm *mm, const struct mm_io_ops *ops, void *ctx);

/* ---- Pool ------------------------------------------------------------------------------------ */
/* The engine behind ExAllocatePoolWithTag; rooms use that, except below nt/ex. */
enum mm_pool_kind { MM_POOL_NONPAGED, MM_POOL_PAGED };
struct mm_pool_request {
    enum mm_pool_kind kind;
    bool cache_aligned; /* to 64 bytes */
    bool zero;
    uint32_t tag;
    uint64_t size_bytes;
    uint64_t caller_va; /* guest code that asks; 0: our own */
};
void *mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request); /* NULL: no memory */
/* tag 0 matches any. What is no live block is a finding and bug check 0xC2. */
void mm_pool_free(struct mm *mm, void *block, uint32_t tag);
bool mm_pool_is_paged(struct mm *mm, uint64_t va); /* in paged pool */

/* ---- Exceptions ------------------------------------------------------- */
/* MmProbeAndLockPages for code of ours, which has no exceptions to catch. */
NTSTATUS mm_lock_pages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
/* MmProbeAndLockPages and ProbeForRead raise through this; the default is ExRaiseStatus. It must
 * not return. */
typedef void mm_raise_fn(NTSTATUS status);
void mm_set_raise(struct mm *mm, mm_raise_fn *raise); /* NULL: the default */

/* ---- Whose memory ---------------------------------------------------------------------------- */
enum mm_owner_kind {
    MM_OWNER_NO_RAM,
    MM_OWNER_NOBODY, /* free */
    MM_OWNER_CLIENT,
    MM_OWNER_IMAGE, /* code and data of a driver */
    MM_OWNER_POOL,
    MM_OWNER_POOL_FREED,
    MM_OWNER_CONTIGUOUS, /* MmAllocateContiguousMemory and kin */
    MM_OWNER_LOW, /* bounce pages and common buffers in low memory */
    MM_OWNER_SYSTEM /* other pages that are given out */
};
struct mm_owner {
    enum mm_owner_kind kind;
    uint64_t va; /* at which the owner sees the byte; 0: at none of ours */
    uint64_t size_bytes; /* pool: of the block */
    uint64_t caller_va; /* pool: who allocated it, or freed it */
    uint32_t tag;
};
/* Slow: for reports. */
void mm_owner_of(struct mm *mm, mm_pa pa, struct mm_owner *out);

/* ---- Figures and leaks ----------------------------------------------------------------------- */
/* Emits a pool_leak event and finding for each block whose allocation came from guest code in
 * [base, end). */
void mm_report_leaks(struct mm *mm, uint64_t base_va, uint64_t end_va);

#endif
