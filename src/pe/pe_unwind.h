/* SPDX-License-Identifier: MIT */
/* Unwinding one frame of x64 Windows code by its .pdata and .xdata.
 * Works on an image as mapped (struct pe_image_view), whose bytes are not trusted: a driver may
 * have written over them since they were parsed. Reads stack memory through the caller's reader
 * only. Nothing is allocated. Callable on any fiber at any IRQL, and from the supervisor on a copy
 * of a dead machine. Not here: which image holds an address, walking frame by frame, calling
 * handlers, scope tables. */
#ifndef WEIR_PE_PE_UNWIND_H
#define WEIR_PE_PE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pe_image_view {
    const uint8_t *bytes; /* the mapped image, size_bytes long */
    uint32_t       size_bytes;
    uint64_t       base_va; /* where the code believes to be */
    uint32_t       pdata_rva;
    uint32_t       pdata_count;
};

/* One RUNTIME_FUNCTION. */
struct pe_function {
    uint32_t begin_rva;
    uint32_t end_rva;
    uint32_t unwind_rva;
    uint32_t entry_rva; /* of this entry; 0 when it came out of chained unwind data */
};

/* Registers by their number in instructions, which is also the one in unwind codes. */
enum pe_register {
    PE_RAX, PE_RCX, PE_RDX, PE_RBX, PE_RSP, PE_RBP, PE_RSI, PE_RDI,
    PE_R8, PE_R9, PE_R10, PE_R11, PE_R12, PE_R13, PE_R14, PE_R15,
    PE_REGISTER_COUNT,
};

struct pe_context {
    uint64_t gpr[PE_REGISTER_COUNT];
    uint64_t rip;
    uint64_t xmm[PE_REGISTER_COUNT][2];
};

/* Reads eight bytes of stack; false when there is no memory. */
typedef bool pe_read_stack_fn(void *ctx, uint64_t address_va, uint64_t *out);

struct pe_stack_reader {
    pe_read_stack_fn *read; /* required */
    void             *ctx;
};

enum {
    PE_HANDLER_EXCEPTION = 1,
    PE_HANDLER_UNWIND = 2,
};

struct pe_unwound {
    struct pe_function function;         /* as looked up; all zero for a leaf function */
    uint64_t           establisher_frame; /* base of the fixed stack allocation */
    uint32_t           handler_rva;      /* 0: none, or not to be called at this instruction */
    uint32_t           handler_data_rva;
    uint8_t            handler_flags;
    bool               machine_frame;    /* the caller's state came from an interrupt frame */
};

/* The entry that covers rva, indirection resolved, by binary search. false: a leaf function. */
bool pe_function_find(const struct pe_image_view *view, uint32_t rva, struct pe_function *out);

/* The entry at the end of the chain that starts at function: where the function begins and its
 * handler is named. */
bool pe_function_root(const struct pe_image_view *view, const struct pe_function *function,
                      struct pe_function *out);

/* Takes *context from rip to the state just after the return into the caller.
 * 0; -EINVAL when rip is outside the view; -ENOEXEC for damaged unwind data; -EFAULT when the
 * stack cannot be read. *context and *out are untouched on failure. */
int pe_virtual_unwind(const struct pe_image_view *view, uint64_t rip, struct pe_context *context,
                      const struct pe_stack_reader *reader, struct pe_unwound *out);

#endif
