/* SPDX-License-Identifier: MIT */
/* Copying between a buffer's pages and the low pages that stand in for them. The pages of a frame
 * are scattered over RAM, and a CPU's own prefetching starts anew in each of them: read one after
 * the other they arrive at half the speed of memory. So four pages are copied abreast, a line of
 * each in turn, while the lines of the next four are asked for. A line of all four is loaded before
 * one is stored: lines at the same place of two pages look alike to the CPU, and it would hold the
 * load back. Stores go through the caches: the frame is read soon. How wide the loads are is up to
 * the CPU; which kernel runs changes no byte.
 *
 * Towards the buffer the scattered pages are written, and the sources lie in order. A CPU with fast
 * short string moves does not read what it is about to overwrite when it moves whole pages, which
 * memcpy makes use of there; then nothing that goes through the caches is better. On other CPUs
 * four abreast are.
 *
 * Pieces do not overlap, neither with one another nor with what they are copied from, and their
 * order does not matter. Kernels use xmm0 to xmm15 at most, which a Windows call may change or the
 * way out of it restores, and leave the upper halves of those empty. */
#ifndef WEIR_HAL_COPY_H
#define WEIR_HAL_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct copy_piece {
    uint8_t *buffer; /* in the driver's or client's memory */
    uint8_t *bounce; /* in low memory */
    uint32_t size_bytes; /* at most a page */
};

/* Copies four whole pages; next are the four that come after them. */
typedef void copy_four_fn(uint8_t *const to[4], const uint8_t *const from[4],
                          const uint8_t *const next[4]);
typedef bool copy_runs_here_fn(void);
struct copy_kernel {
    const char *name;
    copy_runs_here_fn *runs_here; /* whether this CPU can */
    copy_four_fn *four; /* NULL: page by page, by memcpy */
};

/* What this CPU does best in a direction. */
const struct copy_kernel *copy_best_to_bounce(void);
const struct copy_kernel *copy_best_from_bounce(void);
/* All of them, the widest first; NULL at the end. For tests and benchmarks. */
const struct copy_kernel *copy_kernel_at(unsigned index);

void copy_to_bounce(const struct copy_kernel *kernel, const struct copy_piece *pieces,
                    size_t count);
void copy_from_bounce(const struct copy_kernel *kernel, const struct copy_piece *pieces,
                      size_t count);

#endif
