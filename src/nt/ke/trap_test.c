/* SPDX-License-Identifier: MIT */
#include "ke/trap_test.h"

#include "trace/rules.h"
#include "wdk/wdm_cpu.h"

/* ---- CR8, gs, shared user data --------------------------------------------------------------- */

GUEST_CODE(read_cr8, "movq %cr8, %rax\nret");
GUEST_CODE(read_cr8_high, "movq %r12, %r10\nmovq %cr8, %r12\nmovq %r12, %rax\n"
                          "movq %r10, %r12\nret");
GUEST_CODE(write_cr8, "movq %rcx, %cr8\nmovq %cr8, %rax\nret");
GUEST_CODE(read_gs, "movq %gs:0x188, %rax\nret");
GUEST_CODE(read_gs_number, "movzbl %gs:0x184, %eax\nshll $8, %eax\nmovl %gs:0x1a4, %edx\n"
                           "orl %edx, %eax\nret");
GUEST_CODE(read_shared, "movabsq $0xfffff78000000000, %rax\nmovq (%rax,%rcx), %rax\nret");
GUEST_CODE(read_shared_moffs, "movabsq 0xfffff78000000014, %rax\nret");
GUEST_CODE(write_shared, "movabsq $0xfffff78000000000, %rax\nmovl %ecx, 8(%rax)\nret");

static void irql_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t read = GUEST_ADD(&guest, read_cr8);
    uint64_t read_high = GUEST_ADD(&guest, read_cr8_high);
    uint64_t write = GUEST_ADD(&guest, write_cr8);
    assert_int_equal(KE_CALL(read), 0);
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(KE_CALL(read), DISPATCH_LEVEL);
    assert_int_equal(KE_CALL(read_high), DISPATCH_LEVEL);
    ke_irql_lower(old);
    assert_int_equal(KE_CALL(write, 0), 0);
    assert_int_equal(ke_irql(), 0);
    guest_close(&guest);
}

static void cr8_is_the_irql(void **state)
{
    (void)state;
    RUN(1, 2, irql_body);
}

GUEST_CODE(raise_and_lower, "movq %cr8, %r8\nmovl $2, %ecx\nmovq %rcx, %cr8\nmovq %cr8, %rax\n"
                            "movq %r8, %cr8\nmovq %cr8, %r9\nshlq $8, %r9\norq %r9, %rax\nret");

static void NTAPI dpc_ran(PKDPC dpc WEIR_UNUSED, PVOID context, PVOID a WEIR_UNUSED,
                          PVOID b WEIR_UNUSED)
{
    ++*(unsigned *)context;
}

static void lowering_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    unsigned ran = 0;
    KDPC dpc;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, raise_and_lower);
    KeInitializeDpc(&dpc, dpc_ran, &ran);
    assert_int_equal(KE_CALL(code), DISPATCH_LEVEL);
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_int_equal(ran, 0);
    KE_CALL(GUEST_ADD(&guest, write_cr8), 0);
    assert_int_equal(ran, 1);
    ke_irql_raise(DISPATCH_LEVEL); /* the call must give back the level it was made at */
    ke_irql_lower(old);
    guest_close(&guest);
}

static void lowering_cr8_runs_what_waited(void **state)
{
    struct world world;
    (void)state;
    world_live(&world, 1, 1, lowering_body);
    assert_int_equal(world.stopped, KE_STOP_DONE);
    assert_int_equal(world.rules[VERIFY_callback_irql], 1);
}

static void gs_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, read_gs)), (uint64_t)KeGetCurrentThread());
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);
    unsigned cpu = KeGetCurrentProcessorNumber();
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, read_gs_number)), cpu << 8 | cpu);
    ke_irql_lower(old);
    guest_close(&guest);
}

static void gs_leads_to_the_thread_and_the_number_of_this_cpu(void **state)
{
    (void)state;
    RUN(1, 1, gs_body);
    RUN(2, 4, gs_body);
}

static void shared_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    LARGE_INTEGER now;
    guest_open(&guest);
    uint64_t read = GUEST_ADD(&guest, read_shared);
    uint64_t moffs = GUEST_ADD(&guest, read_shared_moffs);
    sleep_ms(40);
    assert_int_equal(KE_CALL(read, 8), KeQueryInterruptTime());
    KeQuerySystemTime(&now);
    assert_int_equal(KE_CALL(moffs), now.QuadPart);
    KeQueryTickCount(&now);
    assert_int_equal(KE_CALL(read, 0x320), now.QuadPart);
    assert_int_equal((uint32_t)KE_CALL(read, 0x260), 19045);
    assert_int_equal((uint32_t)KE_CALL(read, 0x26c), 10);
    assert_int_equal((uint32_t)KE_CALL(read, 0x2e8), 65536);
    assert_int_equal((uint32_t)KE_CALL(read, 4), 0x0fa00000);
    assert_int_equal((uint16_t)KE_CALL(read, 0x30), 'C');
    assert_int_equal(KE_CALL(read, 0xff8), 0);
    guest_close(&guest);
}

static void shared_user_data_tells_virtual_time_and_the_version(void **state)
{
    (void)state;
    RUN(1, 1, shared_body);
}

static void shared_write_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    KE_CALL(GUEST_ADD(&guest, write_shared), 5);
}

static void writing_shared_user_data_is_a_bug_check(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, shared_write_body, 0xbe);
}

/* ---- Ports and privileged instructions ------------------------------------------------------- */

GUEST_CODE(port_in, "movl %ecx, %edx\nmovq $-1, %rax\ninb %dx, %al\nret");
GUEST_CODE(port_in_dword, "movl %ecx, %edx\nmovq $-1, %rax\ninl %dx, %eax\nret");
GUEST_CODE(port_out, "movl %edx, %eax\nmovl %ecx, %edx\noutw %ax, %dx\nret");
GUEST_CODE(port_in_string, "pushq %rdi\nmovq %r8, %rdi\nmovq %rdx, %r9\nmovl %ecx, %edx\n"
                           "movq %r9, %rcx\ncld\nrep insl\nmovq %rdi, %rax\npopq %rdi\nret");
GUEST_CODE(port_out_immediate, "movl $0x5a, %eax\noutb %al, $0x80\nret");
GUEST_CODE(interrupts_off, "cli\nret");
GUEST_CODE(interrupts_on, "sti\nret");
GUEST_CODE(harmless, "invlpg (%rcx)\nwbinvd\nmovl $7, %eax\nret");
GUEST_CODE(halt, "hlt\nret");
GUEST_CODE(read_msr, "rdmsr\nshlq $32, %rdx\norq %rdx, %rax\nret");
GUEST_CODE(read_tsc, "rdtsc\nshlq $32, %rdx\norq %rdx, %rax\nret");

static void port_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    uint32_t buffer[4] = {0};
    guest_open(&guest);
    guest.port_value = 0xa1b2c3d4;
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, port_in), 0x3f8), UINT64_MAX - 0xff + 0xd4);
    assert_int_equal(guest.port, 0x3f8);
    assert_int_equal(guest.port_bytes, 1);
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, port_in_dword), 0xcfc), 0xa1b2c3d4);
    uint64_t end = KE_CALL(GUEST_ADD(&guest, port_in_string), 0x1f0, 3, KE_ARG(buffer));
    assert_int_equal(end, (uint64_t)(buffer + 3));
    assert_int_equal(buffer[2], 0xa1b2c3d4);
    assert_int_equal(buffer[3], 0);
    KE_CALL(GUEST_ADD(&guest, port_out), 0x2f8, 0x1234);
    assert_int_equal(guest.port_value, 0x1234);
    assert_int_equal(guest.port_bytes, 2);
    KE_CALL(GUEST_ADD(&guest, port_out_immediate));
    assert_int_equal(guest.port, 0x80);
    assert_int_equal(guest.port_value, 0x5a);
    guest_close(&guest);
}

static void port_instructions_reach_the_ports(void **state)
{
    (void)state;
    RUN(1, 1, port_body);
}

static void privileged_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    struct guest guest;
    guest_open(&guest);
    assert_true(ke_interrupts_enabled(ke, 0));
    KE_CALL(GUEST_ADD(&guest, interrupts_off));
    assert_false(ke_interrupts_enabled(ke, 0));
    KE_CALL(GUEST_ADD(&guest, interrupts_on));
    assert_true(ke_interrupts_enabled(ke, 0));
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, harmless), 0), 7);
    uint64_t before = ke->trace->now_ns;
    KE_CALL(GUEST_ADD(&guest, halt));
    assert_true(ke->trace->now_ns - before >= 1000000);
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, read_msr), 0xc0000101), (uint64_t)ke_pcr(ke, 0));
    guest_close(&guest);
}

static void privileged_instructions_do_what_a_kernel_sees(void **state)
{
    (void)state;
    RUN(1, 1, privileged_body);
}

static void tsc_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    struct ke_trap_config config = {.trap_tsc = true};
    struct guest guest;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, read_tsc);
    ke_traps_remove(ke);
    assert_int_equal(ke_traps_install(ke, &config), 0);
    uint64_t now_ns = ke->trace->now_ns;
    assert_int_equal(KE_CALL(code), now_ns * 3);
    uint64_t ours = __builtin_ia32_rdtsc(); /* served too: the C library may use it */
    assert_true(ours > 0);
    guest_close(&guest);
}

static void the_time_stamp_counter_counts_virtual_time_when_asked_to(void **state)
{
    (void)state;
    RUN(1, 1, tsc_body);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

GUEST_CODE(load_dword, "movl (%rcx), %eax\nret");
GUEST_CODE(store_dword, "movl %edx, (%rcx)\nret");
GUEST_CODE(keep_everything,
           "pushq %rbx\npushq %rbp\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
           "movl $1, %ebx\nmovl $2, %ebp\nmovl $3, %r12d\nmovl $4, %r13d\nmovl $5, %r14d\n"
           "movl $6, %r15d\nmovl $7, %r8d\nmovl $8, %r9d\nmovl $9, %r10d\nmovl $10, %r11d\n"
           "movq %rdx, %xmm0\nmovq %rdx, %xmm5\nmovq %rdx, %xmm15\nstc\n"
           "movl (%rcx), %eax\n"
           "sbbq $0, %rax\naddq %rbx, %rax\naddq %rbp, %rax\naddq %r12, %rax\naddq %r13, %rax\n"
           "addq %r14, %rax\naddq %r15, %rax\naddq %r8, %rax\naddq %r9, %rax\naddq %r10, %rax\n"
           "addq %r11, %rax\n"
           "movq %xmm0, %r8\naddq %r8, %rax\nmovq %xmm5, %r8\naddq %r8, %rax\n"
           "movq %xmm15, %r8\naddq %r8, %rax\n"
           "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbp\npopq %rbx\nret");

static void device_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t load = GUEST_ADD(&guest, load_dword);
    uint64_t store = GUEST_ADD(&guest, store_dword);
    KE_CALL(store, guest.device_va + 0x10, 0xcafe1234);
    assert_int_equal(KE_CALL(load, guest.device_va + 0x10), 0xcafe1234);
    assert_int_equal(guest.reads, 1);
    assert_int_equal(guest.writes, 1);
    assert_int_equal(guest.last_bytes, 4);
    guest.device[0] = 100;
    assert_int_equal(KE_CALL(GUEST_ADD(&guest, keep_everything), guest.device_va, 1000),
                     100 - 1 + 55 + 3000);
    guest_close(&guest);
}

static void device_memory_is_reached_and_all_registers_survive(void **state)
{
    (void)state;
    RUN(1, 1, device_body);
}

static void lazy_body(struct world *world WEIR_UNUSED)
{
    struct ke *ke = ke_current();
    struct guest guest;
    guest_open(&guest);
    assert_int_equal(sim_space_reserve(ke->sim, false, 4096, 0, &guest.lazy_va), 0);
    uint64_t before_ns = ke->trace->now_ns;
    KE_CALL(GUEST_ADD(&guest, store_dword), guest.lazy_va, 77);
    assert_int_equal(guest.lazy_faults, 1);
    assert_int_equal(ke->trace->now_ns, before_ns); /* it was not an event of the machine's */
    assert_int_equal(*(uint32_t *)guest.lazy_va, 77);
    host_unmap((void *)guest.lazy_va, 4096);
    assert_int_equal(*(volatile uint32_t *)guest.lazy_va, 0); /* our own code may do it too */
    assert_int_equal(guest.lazy_faults, 2);
    host_unmap((void *)guest.lazy_va, 4096);
    guest_close(&guest);
}

static void a_page_that_appears_on_touch_is_no_event(void **state)
{
    (void)state;
    RUN(1, 1, lazy_body);
}

/* Our code on the driver's behalf. */
static uint64_t WEIR_MS_ABI copy_in(uint64_t to, uint64_t from, uint64_t count)
{
    memcpy((void *)to, (const void *)from, count);
    return to;
}

GUEST_CODE(call_it, "subq $40, %rsp\nmovq %rcx, %rax\nmovq %rdx, %rcx\nmovq %r8, %rdx\n"
                    "movq %r9, %r8\ncallq *%rax\naddq $40, %rsp\nret");
static const uint8_t call_it_unwind[] = {1, 4, 1, 0, 4, 0x42, 0, 0}; /* sub rsp, 40 */

static uint64_t add_call_it(struct guest *guest)
{
    uint64_t va = GUEST_ADD(guest, call_it);
    guest_store(guest, GUEST_UNWIND_RVA + 64 * (guest->image.pdata_count - 1), call_it_unwind,
                sizeof(call_it_unwind));
    return va;
}

static void host_copy_body(struct world *world WEIR_UNUSED)
{
    static uint8_t buffer[600];
    struct guest guest;
    guest_open(&guest);
    uint64_t call = add_call_it(&guest);
    uint64_t copy = KE_ARG(ke_thunk((const void *)copy_in, "copy_in", 0));
    for (unsigned i = 0; i < DEVICE_BYTES; i++)
        guest.device[i] = (uint8_t)(i * 7);
    for (unsigned count = 0; count < sizeof(buffer); count += count < 130 ? 1 : 97) {
        memset(buffer, 0, sizeof(buffer));
        KE_CALL(call, copy, KE_ARG(buffer), guest.device_va + 3, count);
        assert_memory_equal(buffer, guest.device + 3, count);
        memset(guest.device + 0x1000, 0, 600);
        KE_CALL(call, copy, guest.device_va + 0x1001, KE_ARG(buffer), count);
        assert_memory_equal(buffer, guest.device + 0x1001, count);
    }
    guest_close(&guest);
}

static void our_own_copy_reaches_device_memory(void **state)
{
    (void)state;
    RUN(1, 1, host_copy_body);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

GUEST_CODE(fast_fail, "movl $3, %ecx\nint $0x29\nret");
GUEST_CODE(assert_fails, "int $0x2c\nret");
GUEST_CODE(break_point, "int3\nret");
GUEST_CODE(illegal, "ud2\nret");
GUEST_CODE(divide_by, "movl $7, %eax\nxorl %edx, %edx\ndivl %ecx\nret");
GUEST_CODE(recurse, "1: pushq %rax\nsubq $256, %rsp\njmp 1b");
GUEST_CODE(lose_the_stack, "movl $0x12, %esp\nint3\nret");
GUEST_CODE(jump_to, "subq $40, %rsp\ncallq *%rcx\naddq $40, %rsp\nret");
GUEST_CODE(system_call_insn, "movl $39, %eax\nsyscall\nret");

struct ending {
    const uint8_t *code;
    const uint8_t *end;
    uint64_t argument;
    KIRQL irql;
    uint64_t bug_check;
};

static const struct ending *ending_now;

static void ending_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t code =
        guest_add(&guest, ending_now->code, (size_t)(ending_now->end - ending_now->code));
    ke_irql_raise(ending_now->irql);
    KE_CALL(code, ending_now->argument);
}

#define ENDING(name, argument, irql, code)                                                         \
    {                                                                                              \
        name, name##_end, argument, irql, code                                                     \
    }

static void bad_code_ends_in_the_documented_bug_check(void **state)
{
    static const uint64_t nothing = 0x4ffff0000000; /* system window, never mapped */
    const struct ending endings[] = {
        ENDING(fast_fail, 0, 0, 0x139),
        ENDING(assert_fails, 0, 0, 0x7e),
        ENDING(break_point, 0, 0, 0x7e),
        ENDING(break_point, 0, DISPATCH_LEVEL, 0x1e),
        ENDING(illegal, 0, 0, 0x7e),
        ENDING(divide_by, 0, 0, 0x7e),
        ENDING(load_dword, 0, 0, 0x7e),
        ENDING(load_dword, 8, DISPATCH_LEVEL, 0xd1),
        ENDING(load_dword, nothing, 0, 0x50),
        ENDING(load_dword, nothing, DISPATCH_LEVEL, 0xd1),
        ENDING(load_dword, 0x8000000000000000, 0, 0x7e), /* no canonical address */
        ENDING(load_dword, 0xffff800000000000, 0, 0x50),
        ENDING(store_dword, nothing, 0, 0x50),
        ENDING(recurse, 0, 0, 0x7f),
        ENDING(recurse, 0, DISPATCH_LEVEL, 0x7f),
        ENDING(lose_the_stack, 0, 0, 0x7f),
        ENDING(jump_to, nothing, 0, 0x50),
        ENDING(jump_to, 0x1000, 0, 0x7e),
        ENDING(jump_to, nothing, DISPATCH_LEVEL, 0xd1),
        ENDING(read_msr, 0x12345, 0, 0x7e),
    };
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(endings); i++) {
        ending_now = &endings[i];
        RUN_INTO_BUG_CHECK(1, 2, ending_body, endings[i].bug_check);
    }
}

static void readonly_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t store = GUEST_ADD(&guest, store_dword);
    assert_int_equal(host_protect(guest.base_va, 0x1000, HOST_READ), 0);
    KE_CALL(store, guest.base_va, 1);
}

static void execute_data_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t jump = GUEST_ADD(&guest, jump_to);
    assert_int_equal(host_protect(guest.base_va, 0x1000, HOST_READ), 0);
    KE_CALL(jump, guest.base_va);
}

static void protections_are_kept_as_windows_does(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, readonly_body, 0xbe);
    RUN_INTO_BUG_CHECK(1, 1, execute_data_body, 0xfc);
}

static uint64_t bad_copy_source;

static void bad_copy_body(struct world *world WEIR_UNUSED)
{
    static uint8_t buffer[64];
    struct guest guest;
    guest_open(&guest);
    uint64_t call = add_call_it(&guest);
    uint64_t copy = KE_ARG(ke_thunk((const void *)copy_in, "copy_in", 0));
    if (bad_copy_source == 8)
        ke_irql_raise(DISPATCH_LEVEL);
    KE_CALL(call, copy, KE_ARG(buffer), bad_copy_source, 16);
}

static void a_bad_address_in_a_call_of_ours_is_charged_to_the_driver(void **state)
{
    (void)state;
    bad_copy_source = 0x4ffff0000000;
    RUN_INTO_BUG_CHECK(1, 1, bad_copy_body, 0x50);
    bad_copy_source = 0x10;
    RUN_INTO_BUG_CHECK(1, 1, bad_copy_body, 0x7e);
    bad_copy_source = 8;
    RUN_INTO_BUG_CHECK(1, 1, bad_copy_body, 0x0a);
}

/* ---- Our own faults -------------------------------------------------------------------------- */

static void own_fault_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    static volatile int *volatile nowhere = (volatile int *)0x18;
    *nowhere = 1;
}

static int own_fault_process(void *ctx WEIR_UNUSED)
{
    struct world world;
    world_live(&world, 1, 1, own_fault_body);
    return 0;
}

static void a_fault_of_our_own_is_ours_and_ends_at_once(void **state)
{
    struct host_exit end = {0};
    int pid;
    (void)state;
    assert_int_equal(host_process_start(own_fault_process, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, 10000000000u, &end), 0);
    assert_true(end.signalled);
    assert_string_equal(host_signal_name(end.signal), "SIGABRT");
}

/* ---- System calls ---------------------------------------------------------------------------- */

static unsigned char selector;

static void syscall_body(struct world *world WEIR_UNUSED)
{
    struct guest guest;
    guest_open(&guest);
    uint64_t code = GUEST_ADD(&guest, system_call_insn);
    if (host_sandbox_enter(&selector) != 0)
        host_process_leave(77);
    selector = 1;
    KE_CALL(code);
}

static int syscall_process(void *ctx WEIR_UNUSED)
{
    struct world world;
    world_live(&world, 1, 1, syscall_body);
    if (world.bug_check != 0x7f || world.events[TRACE_syscall_trapped] != 1)
        return 1;
    return world.rules[VERIFY_syscall] == 1 ? 0 : 2;
}

static void a_system_call_in_driver_code_is_a_finding_and_the_end(void **state)
{
    struct host_exit end = {0};
    int pid;
    (void)state;
    assert_int_equal(host_process_start(syscall_process, NULL, &pid), 0);
    assert_int_equal(host_process_wait(pid, 10000000000u, &end), 0);
    assert_false(end.signalled);
    if (end.status == 77)
        skip(); /* this kernel has no syscall user dispatch */
    assert_int_equal(end.status, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cr8_is_the_irql),
        cmocka_unit_test(lowering_cr8_runs_what_waited),
        cmocka_unit_test(gs_leads_to_the_thread_and_the_number_of_this_cpu),
        cmocka_unit_test(shared_user_data_tells_virtual_time_and_the_version),
        cmocka_unit_test(writing_shared_user_data_is_a_bug_check),
        cmocka_unit_test(port_instructions_reach_the_ports),
        cmocka_unit_test(privileged_instructions_do_what_a_kernel_sees),
        cmocka_unit_test(the_time_stamp_counter_counts_virtual_time_when_asked_to),
        cmocka_unit_test(device_memory_is_reached_and_all_registers_survive),
        cmocka_unit_test(a_page_that_appears_on_touch_is_no_event),
        cmocka_unit_test(our_own_copy_reaches_device_memory),
        cmocka_unit_test(bad_code_ends_in_the_documented_bug_check),
        cmocka_unit_test(protections_are_kept_as_windows_does),
        cmocka_unit_test(a_bad_address_in_a_call_of_ours_is_charged_to_the_driver),
        cmocka_unit_test(a_fault_of_our_own_is_ours_and_ends_at_once),
        cmocka_unit_test(a_system_call_in_driver_code_is_a_finding_and_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
