/* SPDX-License-Identifier: MIT */
/* Call stacks of driver code. A fiber's guest frames lie between boundaries (sim.h): where the
 * driver called us or trapped, its registers are in a boundary record, and from there .pdata
 * leads from frame to frame up to where we had called the driver. Then the next record goes on
 * below. Our own frames are left out. Nothing is believed: stacks are read through ke_try_load,
 * damaged unwind data ends the walk. */
#ifndef WEIR_NT_KE_UNWIND_H
#define WEIR_NT_KE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/internal.h"
#include "ke/trap.h"
#include "pe/pe_unwind.h"

enum { KE_STACK_FRAMES_MAX = 64 };

struct ke_stack_frame {
    uint64_t rip_va;
    uint64_t rsp_va;
    const struct ke_module *module; /* NULL: in none */
};

/* The current fiber's stack, newest frame first. frame: a trap whose registers come first
 * although its boundary is not pushed; NULL for none. Returns how many. */
unsigned ke_stack_walk(struct ke *ke, const struct ke_trap_frame *frame, struct ke_stack_frame *out,
                       unsigned count_max);

/* The image of a module as pe_unwind.h wants it. */
void ke_module_view(const struct ke_module *module, struct pe_image_view *out);

int ke_modules_create(struct ke *ke);
void ke_modules_destroy(struct ke *ke);

#endif
