/* SPDX-License-Identifier: MIT */
/* For the tests of traps: driver code in machine memory, with an image around it that has
 * .pdata, and a device of two pages that is either a back end or, for comparison, plain memory. */
#ifndef WEIR_NT_KE_TRAP_TEST_H
#define WEIR_NT_KE_TRAP_TEST_H

#include "host/host.h"
#include "ke/ke_test.h"
#include "ke/patch.h"
#include "ke/pcr.h"
#include "ke/trap.h"
#include "ke/unwind.h"
#include "pe/pe.h"

enum {
    GUEST_CODE_RVA = 0x1000,
    GUEST_UNWIND_RVA = 0x5000,
    GUEST_PDATA_RVA = 0x6000,
    GUEST_IMAGE_BYTES = 0x7000,
    GUEST_FUNCTIONS_MAX = 32,
    DEVICE_BYTES = 0x2000
};

/* Code between two labels of an assembly snippet. */
#define GUEST_CODE(name, text)                                                                     \
    __asm__(".pushsection .rodata\n" #name ":\n" text "\n" #name "_end:\n.popsection\n");         \
    extern const uint8_t name[] __asm__(#name);                                                    \
    extern const uint8_t name##_end[] __asm__(#name "_end")
#define GUEST_ADD(guest, name) guest_add((guest), (name), (size_t)(name##_end - (name)))

struct guest {
    uint64_t base_va;
    struct pe_image image;
    struct ke_module module;
    uint8_t copy[GUEST_IMAGE_BYTES];
    uint32_t code_used;
    uint64_t device_va;
    uint8_t device[DEVICE_BYTES];
    unsigned reads;
    unsigned writes;
    unsigned last_bytes;
    uint64_t lazy_va; /* a page that is mapped when it is touched */
    unsigned lazy_faults;
    uint32_t port_value;
    uint16_t port;
    unsigned port_bytes;
};

static inline enum ke_fault guest_resolve(void *ctx, uint64_t va, enum ke_access access)
{
    struct guest *guest = ctx;
    (void)access;
    if (va - guest->device_va < DEVICE_BYTES)
        return KE_FAULT_IO;
    if (guest->lazy_va && va - guest->lazy_va < HOST_PAGE_SIZE) {
        assert_int_equal(
            host_map_at(guest->lazy_va, -1, 0, HOST_PAGE_SIZE, HOST_READ | HOST_WRITE), 0);
        guest->lazy_faults++;
        return KE_FAULT_RETRY;
    }
    return va < SIM_SYSTEM_WINDOW_BASE ? KE_FAULT_USER : KE_FAULT_BAD;
}

static inline uint64_t guest_io_read(void *ctx, uint64_t va, unsigned size_bytes)
{
    struct guest *guest = ctx;
    uint64_t value = 0;
    memcpy(&value, guest->device + (va - guest->device_va), size_bytes);
    guest->reads++;
    guest->last_bytes = size_bytes;
    return value;
}

static inline void guest_io_write(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value)
{
    struct guest *guest = ctx;
    memcpy(guest->device + (va - guest->device_va), &value, size_bytes);
    guest->writes++;
    guest->last_bytes = size_bytes;
}

static inline uint64_t guest_port_read(void *ctx, uint16_t port, unsigned size_bytes)
{
    struct guest *guest = ctx;
    guest->port = port;
    guest->port_bytes = size_bytes;
    return guest->port_value;
}

static inline void guest_port_write(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value)
{
    struct guest *guest = ctx;
    guest->port = port;
    guest->port_bytes = size_bytes;
    guest->port_value = (uint32_t)value;
}

static const struct ke_memory_ops guest_ops = {
    .resolve = guest_resolve,
    .io_read = guest_io_read,
    .io_write = guest_io_write,
    .port_read = guest_port_read,
    .port_write = guest_port_write,
};

static inline void guest_open(struct guest *guest)
{
    struct ke *ke = ke_current();
    struct ke_trap_config config = {.watchdog = true};
    memset(guest, 0, sizeof(*guest));
    assert_int_equal(
        sim_space_reserve(ke->sim, false, GUEST_IMAGE_BYTES, HOST_PAGE_SIZE, &guest->base_va), 0);
    assert_int_equal(host_map_at(guest->base_va, -1, 0, GUEST_IMAGE_BYTES,
                                 HOST_READ | HOST_WRITE | HOST_EXECUTE), 0);
    memset((void *)(guest->base_va + GUEST_CODE_RVA), 0xcc, GUEST_UNWIND_RVA - GUEST_CODE_RVA);
    memset(guest->copy + GUEST_CODE_RVA, 0xcc, GUEST_UNWIND_RVA - GUEST_CODE_RVA);
    assert_int_equal(
        sim_space_reserve(ke->sim, false, DEVICE_BYTES, HOST_PAGE_SIZE, &guest->device_va), 0);
    guest->image.size_of_image = GUEST_IMAGE_BYTES;
    guest->image.pdata_rva = GUEST_PDATA_RVA;
    guest->image.section_count = 1;
    guest->image.sections[0] = (struct pe_section){.rva = GUEST_CODE_RVA,
                                                   .virtual_size = 0x4000,
                                                   .readable = true,
                                                   .writable = true,
                                                   .executable = true};
    guest->module = (struct ke_module){.name = "guest.sys",
                                       .base_va = guest->base_va,
                                       .size_bytes = GUEST_IMAGE_BYTES,
                                       .image = &guest->image,
                                       .copy = guest->copy};
    ke_module_add(ke, &guest->module);
    ke_set_memory_ops(ke, &guest_ops, guest);
    assert_int_equal(ke_traps_install(ke, &config), 0);
}

static inline void guest_close(struct guest *guest)
{
    struct ke *ke = ke_current();
    ke_traps_remove(ke);
    ke_module_remove(ke, guest->base_va);
    host_unmap((void *)guest->base_va, GUEST_IMAGE_BYTES);
    sim_space_release(ke->sim, guest->base_va);
    sim_space_release(ke->sim, guest->device_va);
}

static inline void guest_store(struct guest *guest, uint32_t rva, const void *bytes, size_t count)
{
    memcpy((void *)(guest->base_va + rva), bytes, count);
    memcpy(guest->copy + rva, bytes, count);
}

/* A function without unwind codes of its own: it leaves rsp alone. */
static inline void guest_describe(struct guest *guest, uint32_t begin, uint32_t end,
                                  const void *unwind, size_t unwind_bytes)
{
    uint32_t unwind_rva = GUEST_UNWIND_RVA + 64 * guest->image.pdata_count;
    uint32_t entry[3] = {begin, end, unwind_rva};
    assert_true(guest->image.pdata_count < GUEST_FUNCTIONS_MAX);
    guest_store(guest, unwind_rva, unwind, unwind_bytes);
    guest_store(guest, GUEST_PDATA_RVA + 12 * guest->image.pdata_count, entry, sizeof(entry));
    guest->image.pdata_count++;
}

static inline uint64_t guest_add(struct guest *guest, const void *code, size_t count)
{
    static const uint8_t no_codes[4] = {1, 0, 0, 0};
    uint32_t rva = GUEST_CODE_RVA + guest->code_used;
    assert_true(guest->code_used + count + 32 < GUEST_UNWIND_RVA - GUEST_CODE_RVA);
    guest_store(guest, rva, code, count);
    guest_describe(guest, rva, rva + (uint32_t)count, no_codes, sizeof(no_codes));
    guest->code_used += (uint32_t)bits_align_up(count + 1, 16);
    return guest->base_va + rva;
}

#endif
