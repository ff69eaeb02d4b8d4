/* SPDX-License-Identifier: MIT */
/* Every form of access to device memory, carried out three times from the same state: by the
 * processor on plain memory, by emulation in a trap, and through a rewritten site. Registers,
 * flags and memory must be the same. */
#include "ke/trap_test.h"

enum {
    FLAGS_ALL = 0xcd5, /* CF PF AF ZF SF DF OF */
    FLAGS_LOGIC = FLAGS_ALL & ~0x10, /* AF is undefined after logic */
    FLAGS_CARRY = 0x401, /* the bit instructions define CF only */
    CALLS = 2 * KE_PATCH_AFTER,
    FORMS_AT_ONCE = 16
};

/* Loads all registers from the state, runs the snippet, stores them back. */
#define STATE_IN                                                                                   \
    "pushq %rbx\npushq %rbp\npushq %rsi\npushq %rdi\npushq %r12\npushq %r13\npushq %r14\n"         \
    "pushq %r15\npushq %rcx\nmovq %rcx, %rax\n"                                                    \
    "movups 160(%rax), %xmm0\nmovups 176(%rax), %xmm1\nmovups 192(%rax), %xmm2\n"                  \
    "movups 208(%rax), %xmm3\npushq 128(%rax)\npopfq\n"                                            \
    "movq 24(%rax), %rbx\nmovq 40(%rax), %rbp\nmovq 48(%rax), %rsi\nmovq 56(%rax), %rdi\n"         \
    "movq 64(%rax), %r8\nmovq 72(%rax), %r9\nmovq 80(%rax), %r10\nmovq 88(%rax), %r11\n"           \
    "movq 96(%rax), %r12\nmovq 104(%rax), %r13\nmovq 112(%rax), %r14\nmovq 120(%rax), %r15\n"      \
    "movq 8(%rax), %rcx\nmovq 16(%rax), %rdx\nmovq 0(%rax), %rax\n"
#define STATE_OUT                                                                                  \
    "\npushq %rax\npushfq\nmovq 16(%rsp), %rax\npopq 128(%rax)\npopq 0(%rax)\n"                    \
    "movq %rcx, 8(%rax)\nmovq %rdx, 16(%rax)\nmovq %rbx, 24(%rax)\nmovq %rbp, 40(%rax)\n"          \
    "movq %rsi, 48(%rax)\nmovq %rdi, 56(%rax)\nmovq %r8, 64(%rax)\nmovq %r9, 72(%rax)\n"         \
    "movq %r10, 80(%rax)\n"                                                                       \
    "movq %r11, 88(%rax)\nmovq %r12, 96(%rax)\nmovq %r13, 104(%rax)\nmovq %r14, 112(%rax)\n"       \
    "movq %r15, 120(%rax)\nmovups %xmm0, 160(%rax)\nmovups %xmm1, 176(%rax)\n"                     \
    "movups %xmm2, 192(%rax)\nmovups %xmm3, 208(%rax)\npopq %rcx\npopq %r15\npopq %r14\n"          \
    "popq %r13\npopq %r12\npopq %rdi\npopq %rsi\npopq %rbp\npopq %rbx\ncld\nret"

struct state {
    uint64_t gpr[16];
    uint64_t rflags;
    uint64_t reserved[3];
    uint64_t xmm[4][2];
};

/*      name, instructions, flags that are defined */
#define FORMS(FORM) \
    FORM(store_8, "movb %al, 3(%rdx)", ALL) \
    FORM(store_16, "movw %ax, 4(%rdx)", ALL) \
    FORM(store_32, "movl %r9d, (%rdx)", ALL) \
    FORM(store_64, "movq %r15, 8(%rdx)", ALL) \
    FORM(store_high, "movb %ah, 1(%rdx)", ALL) \
    FORM(store_imm_8, "movb $0x81, (%rdx)", ALL) \
    FORM(store_imm_16, "movw $0x8182, (%rdx)", ALL) \
    FORM(store_imm_32, "movl $0x81828384, (%rdx)", ALL) \
    FORM(store_imm_64, "movq $-2, (%rdx)", ALL) \
    FORM(load_8, "movb 3(%rdx), %al", ALL) \
    FORM(load_8_low, "movb 3(%rdx), %sil", ALL) \
    FORM(load_8_r, "movb 3(%rdx), %r11b", ALL) \
    FORM(load_high, "movb (%rdx), %bh", ALL) \
    FORM(load_16, "movw 2(%rdx), %r12w", ALL) \
    FORM(load_32, "movl (%rdx), %eax", ALL) \
    FORM(load_32_x, "movl (%rdx), %r13d", ALL) \
    FORM(load_64, "movq -8(%rdx), %rdi", ALL) \
    FORM(load_index, "movl (%rdx,%rcx,4), %ebx", ALL) \
    FORM(load_index_32, "movl 4(%rdx,%rcx,8), %ebp", ALL) \
    FORM(load_own_base, "movq (%rdx), %rdx", ALL) \
    FORM(movzx_8, "movzbl 7(%rdx), %eax", ALL) \
    FORM(movzx_16, "movzwl 6(%rdx), %r10d", ALL) \
    FORM(movzx_64, "movzbq (%rdx), %rax", ALL) \
    FORM(movsx_8, "movsbl 7(%rdx), %eax", ALL) \
    FORM(movsx_8_16, "movsbw 7(%rdx), %ax", ALL) \
    FORM(movsx_16, "movswq 6(%rdx), %r8", ALL) \
    FORM(movsxd, "movslq 4(%rdx), %rcx", ALL) \
    FORM(movnti, "movnti %rax, (%rdx)", ALL) \
    FORM(movnti_32, "movnti %eax, (%rdx)", ALL) \
    FORM(xchg, "xchgl %eax, (%rdx)", ALL) \
    FORM(xchg_64, "xchgq %r8, (%rdx)", ALL) \
    FORM(xchg_8, "xchgb %cl, 5(%rdx)", ALL) \
    FORM(push_memory, "pushq 8(%rdx)\npopq %rax", ALL) \
    FORM(pop_memory, "pushq %rbx\npopq 16(%rdx)", ALL) \
    FORM(movbe_load, "movbe (%rdx), %eax", ALL) \
    FORM(movbe_store, "movbe %rax, (%rdx)", ALL) \
    FORM(add_to, "addl %eax, (%rdx)", ALL) \
    FORM(add_from, "addq 8(%rdx), %rbx", ALL) \
    FORM(add_8, "addb $0x7f, 1(%rdx)", ALL) \
    FORM(add_16, "addw $-3, 2(%rdx)", ALL) \
    FORM(add_imm, "addq $-1, (%rdx)", ALL) \
    FORM(adc_to, "adcl %eax, (%rdx)", ALL) \
    FORM(adc_from, "adcq 8(%rdx), %rbx", ALL) \
    FORM(adc_8, "adcb $0x7f, 1(%rdx)", ALL) \
    FORM(adc_16, "adcw $-3, 2(%rdx)", ALL) \
    FORM(adc_imm, "adcq $-1, (%rdx)", ALL) \
    FORM(sub_to, "subl %eax, (%rdx)", ALL) \
    FORM(sub_from, "subq 8(%rdx), %rbx", ALL) \
    FORM(sub_8, "subb $0x7f, 1(%rdx)", ALL) \
    FORM(sub_16, "subw $-3, 2(%rdx)", ALL) \
    FORM(sub_imm, "subq $-1, (%rdx)", ALL) \
    FORM(sbb_to, "sbbl %eax, (%rdx)", ALL) \
    FORM(sbb_from, "sbbq 8(%rdx), %rbx", ALL) \
    FORM(sbb_8, "sbbb $0x7f, 1(%rdx)", ALL) \
    FORM(sbb_16, "sbbw $-3, 2(%rdx)", ALL) \
    FORM(sbb_imm, "sbbq $-1, (%rdx)", ALL) \
    FORM(cmp_to, "cmpl %eax, (%rdx)", ALL) \
    FORM(cmp_from, "cmpq 8(%rdx), %rbx", ALL) \
    FORM(cmp_8, "cmpb $0x7f, 1(%rdx)", ALL) \
    FORM(cmp_16, "cmpw $-3, 2(%rdx)", ALL) \
    FORM(cmp_imm, "cmpq $-1, (%rdx)", ALL) \
    FORM(and_to, "andl %eax, (%rdx)", LOGIC) \
    FORM(and_8, "andb $0x55, 1(%rdx)", LOGIC) \
    FORM(and_64, "andq $-4, (%rdx)", LOGIC) \
    FORM(and_from, "andq 8(%rdx), %rbx", LOGIC) \
    FORM(and_lock, "lock andw %cx, (%rdx)", LOGIC) \
    FORM(or_to, "orl %eax, (%rdx)", LOGIC) \
    FORM(or_8, "orb $0x55, 1(%rdx)", LOGIC) \
    FORM(or_64, "orq $-4, (%rdx)", LOGIC) \
    FORM(or_from, "orq 8(%rdx), %rbx", LOGIC) \
    FORM(or_lock, "lock orw %cx, (%rdx)", LOGIC) \
    FORM(xor_to, "xorl %eax, (%rdx)", LOGIC) \
    FORM(xor_8, "xorb $0x55, 1(%rdx)", LOGIC) \
    FORM(xor_64, "xorq $-4, (%rdx)", LOGIC) \
    FORM(xor_from, "xorq 8(%rdx), %rbx", LOGIC) \
    FORM(xor_lock, "lock xorw %cx, (%rdx)", LOGIC) \
    FORM(test_to, "testl %eax, (%rdx)", LOGIC) \
    FORM(test_8, "testb $0x55, 1(%rdx)", LOGIC) \
    FORM(test_64, "testq $-4, (%rdx)", LOGIC) \
    FORM(inc_32, "incl (%rdx)", ALL) \
    FORM(inc_8, "incb (%rdx)", ALL) \
    FORM(inc_lock, "lock incq (%rdx)", ALL) \
    FORM(dec_32, "decl (%rdx)", ALL) \
    FORM(dec_8, "decb (%rdx)", ALL) \
    FORM(dec_lock, "lock decq (%rdx)", ALL) \
    FORM(neg_32, "negl (%rdx)", ALL) \
    FORM(neg_8, "negb (%rdx)", ALL) \
    FORM(neg_lock, "lock negq (%rdx)", ALL) \
    FORM(not_32, "notl (%rdx)", ALL) \
    FORM(not_8, "notb (%rdx)", ALL) \
    FORM(not_lock, "lock notq (%rdx)", ALL) \
    FORM(xadd, "lock xaddl %eax, (%rdx)", ALL) \
    FORM(xadd_8, "xaddb %cl, 2(%rdx)", ALL) \
    FORM(cmpxchg_fails, "lock cmpxchgl %ebx, (%rdx)", ALL) \
    FORM(cmpxchg_wins, "movq (%rdx), %rax\nlock cmpxchgq %rbx, (%rdx)", ALL) \
    FORM(cmpxchg_8, "cmpxchgb %bl, (%rdx)", ALL) \
    FORM(bt_imm, "btl $5, (%rdx)", CARRY) \
    FORM(bt_reg, "btl %r8d, (%rdx)", CARRY) \
    FORM(bt_reg_64, "btq %r8, (%rdx)", CARRY) \
    FORM(bt_16, "btw $15, (%rdx)", CARRY) \
    FORM(bts_imm, "btsl $5, (%rdx)", CARRY) \
    FORM(bts_reg, "btsl %r8d, (%rdx)", CARRY) \
    FORM(bts_reg_64, "btsq %r8, (%rdx)", CARRY) \
    FORM(bts_16, "btsw $15, (%rdx)", CARRY) \
    FORM(btr_imm, "btrl $5, (%rdx)", CARRY) \
    FORM(btr_reg, "btrl %r8d, (%rdx)", CARRY) \
    FORM(btr_reg_64, "btrq %r8, (%rdx)", CARRY) \
    FORM(btr_16, "btrw $15, (%rdx)", CARRY) \
    FORM(btc_imm, "btcl $5, (%rdx)", CARRY) \
    FORM(btc_reg, "btcl %r8d, (%rdx)", CARRY) \
    FORM(btc_reg_64, "btcq %r8, (%rdx)", CARRY) \
    FORM(btc_16, "btcw $15, (%rdx)", CARRY) \
    FORM(stos_b, "stosb", ALL) \
    FORM(rep_stos_b, "rep stosb", ALL) \
    FORM(lods_b, "lodsb", ALL) \
    FORM(rep_movs_b, "rep movsb", ALL) \
    FORM(movs_b, "movsb", ALL) \
    FORM(movs_in_b, "movq %rbx, %rdi\nrep movsb", ALL) \
    FORM(movs_out_b, "movq %rbx, %rsi\nrep movsb", ALL) \
    FORM(cmps_b, "cmpsb", ALL) \
    FORM(repe_cmps_b, "movq %rsi, %rdi\naddq $8, %rdi\nrepe cmpsb", ALL) \
    FORM(repne_scas_b, "repne scasb", ALL) \
    FORM(scas_b, "scasb", ALL) \
    FORM(stos_w, "stosw", ALL) \
    FORM(rep_stos_w, "rep stosw", ALL) \
    FORM(lods_w, "lodsw", ALL) \
    FORM(rep_movs_w, "rep movsw", ALL) \
    FORM(movs_w, "movsw", ALL) \
    FORM(movs_in_w, "movq %rbx, %rdi\nrep movsw", ALL) \
    FORM(movs_out_w, "movq %rbx, %rsi\nrep movsw", ALL) \
    FORM(cmps_w, "cmpsw", ALL) \
    FORM(repe_cmps_w, "movq %rsi, %rdi\naddq $8, %rdi\nrepe cmpsw", ALL) \
    FORM(repne_scas_w, "repne scasw", ALL) \
    FORM(scas_w, "scasw", ALL) \
    FORM(stos_l, "stosl", ALL) \
    FORM(rep_stos_l, "rep stosl", ALL) \
    FORM(lods_l, "lodsl", ALL) \
    FORM(rep_movs_l, "rep movsl", ALL) \
    FORM(movs_l, "movsl", ALL) \
    FORM(movs_in_l, "movq %rbx, %rdi\nrep movsl", ALL) \
    FORM(movs_out_l, "movq %rbx, %rsi\nrep movsl", ALL) \
    FORM(cmps_l, "cmpsl", ALL) \
    FORM(repe_cmps_l, "movq %rsi, %rdi\naddq $8, %rdi\nrepe cmpsl", ALL) \
    FORM(repne_scas_l, "repne scasl", ALL) \
    FORM(scas_l, "scasl", ALL) \
    FORM(stos_q, "stosq", ALL) \
    FORM(rep_stos_q, "rep stosq", ALL) \
    FORM(lods_q, "lodsq", ALL) \
    FORM(rep_movs_q, "rep movsq", ALL) \
    FORM(movs_q, "movsq", ALL) \
    FORM(movs_in_q, "movq %rbx, %rdi\nrep movsq", ALL) \
    FORM(movs_out_q, "movq %rbx, %rsi\nrep movsq", ALL) \
    FORM(cmps_q, "cmpsq", ALL) \
    FORM(repe_cmps_q, "movq %rsi, %rdi\naddq $8, %rdi\nrepe cmpsq", ALL) \
    FORM(repne_scas_q, "repne scasq", ALL) \
    FORM(scas_q, "scasq", ALL) \
    FORM(rep_movs_down, "std\nrep movsl\ncld", ALL) \
    FORM(movups_load, "movups 16(%rdx), %xmm1", ALL) \
    FORM(movups_store, "movups %xmm2, 16(%rdx)", ALL) \
    FORM(movaps_load, "movaps 16(%rdx), %xmm1", ALL) \
    FORM(movaps_store, "movaps %xmm2, 16(%rdx)", ALL) \
    FORM(movupd_load, "movupd 16(%rdx), %xmm1", ALL) \
    FORM(movupd_store, "movupd %xmm2, 16(%rdx)", ALL) \
    FORM(movapd_load, "movapd 16(%rdx), %xmm1", ALL) \
    FORM(movapd_store, "movapd %xmm2, 16(%rdx)", ALL) \
    FORM(movdqu_load, "movdqu 16(%rdx), %xmm1", ALL) \
    FORM(movdqu_store, "movdqu %xmm2, 16(%rdx)", ALL) \
    FORM(movdqa_load, "movdqa 16(%rdx), %xmm1", ALL) \
    FORM(movdqa_store, "movdqa %xmm2, 16(%rdx)", ALL) \
    FORM(movntdq, "movntdq %xmm3, (%rdx)", ALL) \
    FORM(movntps, "movntps %xmm3, (%rdx)", ALL) \
    FORM(movntpd, "movntpd %xmm3, (%rdx)", ALL) \
    FORM(movlps_load, "movlps 8(%rdx), %xmm1", ALL) \
    FORM(movlps_store, "movlps %xmm2, 8(%rdx)", ALL) \
    FORM(movhps_load, "movhps 8(%rdx), %xmm1", ALL) \
    FORM(movhps_store, "movhps %xmm2, 8(%rdx)", ALL) \
    FORM(movlpd_load, "movlpd 8(%rdx), %xmm1", ALL) \
    FORM(movlpd_store, "movlpd %xmm2, 8(%rdx)", ALL) \
    FORM(movhpd_load, "movhpd 8(%rdx), %xmm1", ALL) \
    FORM(movhpd_store, "movhpd %xmm2, 8(%rdx)", ALL) \
    FORM(movss_load, "movss 4(%rdx), %xmm0", ALL) \
    FORM(movss_store, "movss %xmm3, 4(%rdx)", ALL) \
    FORM(movd_load, "movd 4(%rdx), %xmm0", ALL) \
    FORM(movd_store, "movd %xmm3, 4(%rdx)", ALL) \
    FORM(movsd_xload, "movsd 8(%rdx), %xmm0", ALL) \
    FORM(movsd_xstore, "movsd %xmm3, 8(%rdx)", ALL) \
    FORM(movq_xload, "movq 8(%rdx), %xmm0", ALL) \
    FORM(movq_xstore, "movq %xmm3, 8(%rdx)", ALL)

#define FORM(name, text, flags) GUEST_CODE(form_##name, STATE_IN text STATE_OUT);
FORMS(FORM)
#undef FORM

struct form {
    const char *name;
    const uint8_t *code;
    const uint8_t *end;
    uint64_t flags;
};

static const struct form forms[] = {
#define FORM(name, text, flags) {#name, form_##name, form_##name##_end, FLAGS_##flags},
    FORMS(FORM)
#undef FORM
};

struct outcome {
    struct state state;
    uint8_t device[DEVICE_BYTES];
    uint8_t memory[256]; /* what lies at rbx */
    uint64_t time_ns;
};

static void prepare(struct guest *guest, struct state *state)
{
    uint8_t *memory = (uint8_t *)guest->base_va + 0x400;
    memset(state, 0, sizeof(*state));
    for (unsigned i = 0; i < 16; i++)
        state->gpr[i] = 0x8182838485868788u * (i + 3);
    state->gpr[KE_RCX] = 5;
    state->gpr[KE_RDX] = guest->device_va + 0x100;
    state->gpr[KE_RBX] = (uint64_t)memory;
    state->gpr[KE_RSI] = guest->device_va + 0x200;
    state->gpr[KE_RDI] = guest->device_va + 0x400;
    state->gpr[KE_R8] = 37; /* a bit beyond the operand */
    state->rflags = 0x203; /* carry set */
    for (unsigned i = 0; i < 8; i++)
        state->xmm[i / 2][i % 2] = 0x0123456789abcdefu * (i + 1);
    for (unsigned i = 0; i < DEVICE_BYTES; i++)
        guest->device[i] = (uint8_t)(i * 13 + i / 256);
    for (unsigned i = 0; i < 256; i++)
        memory[i] = (uint8_t)(255 - i);
}

static void run_once(struct guest *guest, uint64_t code, struct outcome *out)
{
    struct ke *ke = ke_current();
    prepare(guest, &out->state);
    uint64_t before_ns = ke->trace->now_ns;
    KE_CALL(code, KE_ARG(&out->state));
    out->time_ns = ke->trace->now_ns - before_ns;
    memcpy(out->device, guest->device, DEVICE_BYTES);
    memcpy(out->memory, (uint8_t *)guest->base_va + 0x400, sizeof(out->memory));
}

/* The processor itself, with memory where the device would be. */
static void run_native(struct guest *guest, uint64_t code, struct outcome *out)
{
    prepare(guest, &out->state);
    assert_int_equal(host_map_at(guest->device_va, -1, 0, DEVICE_BYTES, HOST_READ | HOST_WRITE), 0);
    memcpy((void *)guest->device_va, guest->device, DEVICE_BYTES);
    KE_CALL(code, KE_ARG(&out->state));
    memcpy(out->device, (void *)guest->device_va, DEVICE_BYTES);
    memcpy(out->memory, (uint8_t *)guest->base_va + 0x400, sizeof(out->memory));
    assert_int_equal(host_decommit(guest->device_va, DEVICE_BYTES), 0);
}

static void expect_same(const struct form *form, const char *how, const struct outcome *expected,
                        struct outcome *found)
{
    found->state.rflags &= form->flags;
    for (unsigned i = 0; i < 16; i++) {
        if (found->state.gpr[i] != expected->state.gpr[i])
            fail_msg("%s %s: register %u is %llx, not %llx", form->name, how, i,
                     (unsigned long long)found->state.gpr[i],
                     (unsigned long long)expected->state.gpr[i]);
    }
    if (found->state.rflags != expected->state.rflags)
        fail_msg("%s %s: flags are %llx, not %llx", form->name, how,
                 (unsigned long long)found->state.rflags,
                 (unsigned long long)expected->state.rflags);
    if (memcmp(found->state.xmm, expected->state.xmm, sizeof(expected->state.xmm)) != 0)
        fail_msg("%s %s: vectors differ", form->name, how);
    if (memcmp(found->device, expected->device, DEVICE_BYTES) != 0)
        fail_msg("%s %s: device memory differs", form->name, how);
    if (memcmp(found->memory, expected->memory, sizeof(expected->memory)) != 0)
        fail_msg("%s %s: memory differs", form->name, how);
}

static void try_form(struct guest *guest, const struct form *form, uint64_t code)
{
    static struct outcome native;
    static struct outcome trapped;
    static struct outcome found;
    run_native(guest, code, &native);
    native.state.rflags &= form->flags;
    for (unsigned call = 0; call < CALLS; call++) {
        run_once(guest, code, call == 0 ? &trapped : &found);
        expect_same(form, call < KE_PATCH_AFTER ? "trapped" : "rewritten", &native,
                    call == 0 ? &trapped : &found);
    }
    assert_int_equal(found.time_ns, trapped.time_ns);
}

/* An image is read once for all its sites, so its code is there before anything runs. */
static void try_forms(struct world *world, const struct form *first, unsigned count)
{
    uint64_t code[FORMS_AT_ONCE];
    struct guest guest;
    guest_open(&guest);
    for (unsigned i = 0; i < count; i++)
        code[i] = guest_add(&guest, first[i].code, (size_t)(first[i].end - first[i].code));
    for (unsigned i = 0; i < count; i++) {
        world_drain(world);
        uint64_t sites = world->events[TRACE_site_patched];
        try_form(&guest, &first[i], code[i]);
        world_drain(world);
        if (world->events[TRACE_site_patched] == sites)
            fail_msg("%s was never rewritten", first[i].name);
    }
    guest_close(&guest);
}

static void forms_body(struct world *world)
{
    for (unsigned i = 0; i < ARRAY_LEN(forms); i += FORMS_AT_ONCE) {
        unsigned left = (unsigned)ARRAY_LEN(forms) - i;
        try_forms(world, &forms[i], left < FORMS_AT_ONCE ? left : FORMS_AT_ONCE);
    }
}

static void every_form_gives_what_the_processor_gives_trapped_and_rewritten(void **state)
{
    (void)state;
    RUN(1, 1, forms_body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_what_the_processor_gives_trapped_and_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
