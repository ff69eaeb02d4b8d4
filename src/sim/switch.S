/* SPDX-License-Identifier: MIT */
/* Switching between host stacks: saves what the System V ABI lets a callee rely on - rbx, rbp, r12
 * to r15, the control words of SSE and x87 - on the stack that is left, and loads the same from the
 * other one. The control words are loaded only when they differ: loading costs more than the rest
 * together. */

    .text

/* void sim_switch(uint64_t *save_rsp, uint64_t rsp) */
    .globl sim_switch
    .hidden sim_switch
    .type sim_switch, @function
sim_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl (%rsp), %eax
    movzwl 4(%rsp), %ecx
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    cmpl %eax, (%rsp)
    je 1f
    ldmxcsr (%rsp)
1:  cmpw %cx, 4(%rsp)
    je 2f
    fldcw 4(%rsp)
2:  addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size sim_switch, . - sim_switch

/* The first thing on a new fiber: sim_fiber_create left the fiber in rbx. */
    .globl sim_fiber_first
    .hidden sim_fiber_first
    .type sim_fiber_first, @function
sim_fiber_first:
    .cfi_startproc
    .cfi_undefined rip
    movq %rbx, %rdi
    xorl %ebp, %ebp
    call sim_fiber_main
    ud2
    .cfi_endproc
    .size sim_fiber_first, . - sim_fiber_first

    .section .note.GNU-stack, "", @progbits
