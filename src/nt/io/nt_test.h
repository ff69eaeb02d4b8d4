/* SPDX-License-Identifier: MIT */
/* For tests of the executive: ke's test world with memory and all managers up to io, a thread that
 * runs the test body, and a driver of ours whose dispatch routines are C functions. Bodies run
 * inside the machine; what they assert ends the test. */
#ifndef WEIR_NT_IO_NT_TEST_H
#define WEIR_NT_IO_NT_TEST_H

#include "ke/ke_test.h"

#include "cm/cm.h"
#include "ex/ex.h"
#include "io/io.h"
#include "mm/mm.h"
#include "ob/ob.h"
#include "ps/ps.h"
#include "rtl/rtl.h"

struct nt {
    struct world world; /* first: bodies get it and see all */
    struct mm *mm;
    struct rtl *rtl;
    struct ex *ex;
    struct ob *ob;
    struct cm *cm;
    struct ps *ps;
    struct io *io;
    void (*test)(struct nt *nt);
    PDRIVER_OBJECT driver;
};

static inline void nt_open(struct nt *nt, uint64_t seed, unsigned cpus)
{
    struct mm_config config = {.ram_bytes = UINT64_C(1) << 30};

    memset(nt, 0, sizeof *nt);
    world_open(&nt->world, seed, cpus);
    assert_int_equal(mm_create(nt->world.ke, &config, &nt->mm), 0);
    assert_int_equal(rtl_create(nt->world.ke, &nt->rtl), 0);
    assert_int_equal(ex_create(nt->world.ke, &nt->ex), 0);
    assert_int_equal(ob_create(nt->world.ke, &nt->ob), 0);
    assert_int_equal(cm_create(nt->world.ke, &nt->cm), 0);
    assert_int_equal(ps_create(nt->world.ke, &nt->ps), 0);
    assert_int_equal(io_create(nt->world.ke, &nt->io), 0);
}

static inline void nt_close(struct nt *nt)
{
    io_destroy(nt->io);
    ps_destroy(nt->ps);
    cm_destroy(nt->cm);
    ob_destroy(nt->ob);
    ex_destroy(nt->ex);
    rtl_destroy(nt->rtl);
    mm_destroy(nt->mm);
    world_close(&nt->world);
}

static inline void nt_body(struct world *world)
{
    struct nt *nt = (struct nt *)world;

    nt->test(nt);
}

static inline void nt_live(struct nt *nt, uint64_t seed, unsigned cpus, void (*test)(struct nt *nt))
{
    struct ke_trap_config traps = {.watchdog = false};

    nt_open(nt, seed, cpus);
    nt->test = test;
    assert_int_equal(ke_traps_install(nt->world.ke, &traps), 0); /* mappings come when touched */
    world_run(&nt->world, nt_body);
    ke_traps_remove(nt->world.ke);
    nt_close(nt);
}

/* Runs the body on a few seeds; nothing may be found. */
#define NT_RUN(body)                                                                               \
    do {                                                                                           \
        for (uint64_t nt_seed = 1; nt_seed <= 3; nt_seed++) {                                      \
            struct nt run_nt;                                                                      \
            nt_live(&run_nt, nt_seed, (unsigned)nt_seed, (body));                                  \
            assert_int_equal(run_nt.world.bug_check, 0);                                           \
            assert_int_equal(run_nt.world.events[TRACE_finding], 0);                               \
            assert_int_equal(run_nt.world.stopped, KE_STOP_DONE);                                  \
        }                                                                                          \
    } while (0)

/* Exactly this rule is found, and the machine stops with this bug check (0: goes on). */
#define NT_FINDS(body, rule, code)                                                                 \
    do {                                                                                           \
        struct nt run_nt;                                                                          \
        nt_live(&run_nt, 1, 1, (body));                                                            \
        for (int nt_rule = 0; nt_rule < VERIFY_RULE_COUNT; nt_rule++) {                            \
            if (run_nt.world.rules[nt_rule] != 0 && nt_rule != VERIFY_##rule)                      \
                fail_msg("rule %d was found too", nt_rule);                                        \
        }                                                                                          \
        assert_true(run_nt.world.rules[VERIFY_##rule] > 0);                                        \
        assert_int_equal(run_nt.world.bug_check, (code));                                          \
    } while (0)

/* A cmocka test around a body. */
#define NT_TEST(body)                                                                              \
    static void test_##body(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        NT_RUN(body);                                                                              \
    }
#define NT_FINDING_TEST(body, rule, code)                                                          \
    static void test_##body(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        NT_FINDS(body, rule, code);                                                                \
    }

/* ---- A driver of ours ------------------------------------------------------------------------ */

static inline PDRIVER_OBJECT nt_driver(struct nt *nt, const char *name)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(io_driver_create(nt->io, name, 0, 0, 0, &driver), STATUS_SUCCESS);
    return driver;
}

static inline void nt_dispatch(PDRIVER_OBJECT driver, UCHAR major, PDRIVER_DISPATCH routine)
{
    driver->MajorFunction[major] = ke_thunk((const void *)routine, "test dispatch", 0);
}

static inline PDEVICE_OBJECT nt_device(PDRIVER_OBJECT driver, const WCHAR *name)
{
    UNICODE_STRING string;
    PDEVICE_OBJECT device;

    RtlInitUnicodeString(&string, name);
    assert_int_equal(IoCreateDevice(driver, 64, name != NULL ? &string : NULL, FILE_DEVICE_UNKNOWN,
                                    0, FALSE, &device),
                     STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

static inline NTSTATUS nt_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static inline NTSTATUS NTAPI nt_succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return nt_complete(irp, STATUS_SUCCESS, 0);
}

static inline UNICODE_STRING nt_string(const WCHAR *text)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, text);
    return string;
}

#endif
