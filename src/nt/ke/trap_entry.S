/* SPDX-License-Identifier: MIT */
/* Into and out of a trap (trap.h). The vector registers are saved one by one: XSAVEC with XRSTOR
 * takes 160 ns on the machines this was measured on, 64 moves take 30. Everything the C code may
 * touch is saved, up to the width that the CPU has. */
#include "ke/trap_layout.h"
#include "sim/cross.h"

#define GPR(n) (TRAP_GPR + 8 * (n))
#define VECTOR(n) (TRAP_VECTOR + 64 * (n))

    .data
    .globl ke_vector_level
    .hidden ke_vector_level
    .type ke_vector_level, @object
    .size ke_vector_level, 4
    .balign 4
ke_vector_level:
    .long 0

    .text

/* rbx is the frame. */
    .macro save_vectors
    stmxcsr TRAP_MXCSR(%rbx)
    cmpl $1, ke_vector_level(%rip)
    jb 91f
    je 92f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    vmovaps %zmm\n, VECTOR(\n)(%rbx)
    .endr
    .irp n, 0,1,2,3,4,5,6,7
    kmovq %k\n, TRAP_OPMASK + 8 * \n(%rbx)
    .endr
    vzeroupper
    jmp 93f
92: .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    vmovaps %ymm\n, VECTOR(\n)(%rbx)
    .endr
    vzeroupper
    jmp 93f
91: .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    movaps %xmm\n, VECTOR(\n)(%rbx)
    .endr
93:
    .endm

    .macro restore_vectors
    cmpl $1, ke_vector_level(%rip)
    jb 94f
    je 95f
    .irp n, 0,1,2,3,4,5,6,7
    kmovq TRAP_OPMASK + 8 * \n(%rbx), %k\n
    .endr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    vmovaps VECTOR(\n)(%rbx), %zmm\n
    .endr
    jmp 96f
95: .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    vmovaps VECTOR(\n)(%rbx), %ymm\n
    .endr
    jmp 96f
94: .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    movaps VECTOR(\n)(%rbx), %xmm\n
    .endr
96: ldmxcsr TRAP_MXCSR(%rbx)
    .endm

/* rsp is the frame: all registers but rsp. */
    .macro restore_gprs
    movq GPR(0)(%rsp), %rax
    movq GPR(1)(%rsp), %rcx
    movq GPR(2)(%rsp), %rdx
    movq GPR(3)(%rsp), %rbx
    movq GPR(5)(%rsp), %rbp
    movq GPR(6)(%rsp), %rsi
    movq GPR(7)(%rsp), %rdi
    movq GPR(8)(%rsp), %r8
    movq GPR(9)(%rsp), %r9
    movq GPR(10)(%rsp), %r10
    movq GPR(11)(%rsp), %r11
    movq GPR(12)(%rsp), %r12
    movq GPR(13)(%rsp), %r13
    movq GPR(14)(%rsp), %r14
    movq GPR(15)(%rsp), %r15
    .endm

/* Entered from a signal: rsp is the frame, which holds the general registers already. The stack
 * and the flags may be anything on the way back, so it is an iretq. */
    .globl ke_trap_entry
    .hidden ke_trap_entry
    .type ke_trap_entry, @function
ke_trap_entry:
    .cfi_startproc
    .cfi_undefined rip
    movq %rsp, %rbx
    xorl %ebp, %ebp
    save_vectors
    movq %rbx, %rdi
    call ke_trap_run
.Lreturn:
    movl %cs, %eax
    movq %rax, TRAP_IRET + 8(%rbx)
    movl %ss, %eax
    movq %rax, TRAP_IRET + 32(%rbx)
    movq TRAP_RIP(%rbx), %rax
    movq %rax, TRAP_IRET + 0(%rbx)
    movq TRAP_RFLAGS(%rbx), %rax
    movq %rax, TRAP_IRET + 16(%rbx)
    movq GPR(4)(%rbx), %rax
    movq %rax, TRAP_IRET + 24(%rbx)
    restore_vectors
    movq %rbx, %rsp
    restore_gprs
    leaq TRAP_IRET(%rsp), %rsp
    iretq
    .cfi_endproc
    .size ke_trap_entry, . - ke_trap_entry

/* _Noreturn void ke_trap_leave(struct ke_trap_frame *frame): into code whose registers these are. */
    .globl ke_trap_leave
    .hidden ke_trap_leave
    .type ke_trap_leave, @function
ke_trap_leave:
    .cfi_startproc
    .cfi_undefined rip
    movq %rdi, %rbx
    jmp .Lreturn
    .cfi_endproc
    .size ke_trap_leave, . - ke_trap_leave

/* Called by a stub, on the guest stack: builds the whole frame where a signal would have put it.
 * The bytes below the guest's rsp are nobody's (x64 Windows has no red zone, an interrupt would
 * write there too). */
    .globl ke_trap_stub_entry
    .hidden ke_trap_stub_entry
    .type ke_trap_stub_entry, @function
ke_trap_stub_entry:
    .cfi_startproc
    .cfi_undefined rip
    pushfq
    pushq %rax
    movq sim_ambient_fiber(%rip), %rax
    movq SIM_FIBER_NEWEST(%rax), %rax
    leaq -TRAP_FRAME_BYTES(%rax), %rax
    andq $-64, %rax
    movq %rcx, GPR(1)(%rax)
    movq %rdx, GPR(2)(%rax)
    movq %rbx, GPR(3)(%rax)
    movq %rbp, GPR(5)(%rax)
    movq %rsi, GPR(6)(%rax)
    movq %rdi, GPR(7)(%rax)
    movq %r8, GPR(8)(%rax)
    movq %r9, GPR(9)(%rax)
    movq %r10, GPR(10)(%rax)
    movq %r11, GPR(11)(%rax)
    movq %r12, GPR(12)(%rax)
    movq %r13, GPR(13)(%rax)
    movq %r14, GPR(14)(%rax)
    movq %r15, GPR(15)(%rax)
    popq GPR(0)(%rax)
    popq TRAP_RFLAGS(%rax)
    popq TRAP_RIP(%rax)
    movq %rsp, GPR(4)(%rax)
    movq %rax, %rsp
    movq %rax, %rbx
    cld
    xorl %ebp, %ebp
    save_vectors
    movq %rbx, %rdi
    call ke_trap_run_stub
    testb %al, %al
    jz .Lreturn
    movq GPR(4)(%rbx), %rcx
    movq TRAP_RIP(%rbx), %rax
    movq %rax, -8(%rcx)
    movq TRAP_RFLAGS(%rbx), %rax
    movq %rax, -16(%rcx)
    restore_vectors
    movq %rbx, %rsp
    restore_gprs
    movq GPR(4)(%rsp), %rsp
    leaq -16(%rsp), %rsp
    popfq
    ret
    .cfi_endproc
    .size ke_trap_stub_entry, . - ke_trap_stub_entry

/* The instructions that may fault without harm: between begin and end nothing is on the stack,
 * so a fault goes on at ke_probe_failed. */
    .globl ke_probe_begin
    .hidden ke_probe_begin
ke_probe_begin:

/* bool ke_try_load(uint64_t va, unsigned size_bytes, uint64_t *value) */
    .globl ke_try_load
    .hidden ke_try_load
    .type ke_try_load, @function
ke_try_load:
    .cfi_startproc
    cmpl $4, %esi
    je 4f
    ja 8f
    cmpl $2, %esi
    je 2f
    movzbl (%rdi), %ecx
    jmp 9f
2:  movzwl (%rdi), %ecx
    jmp 9f
4:  movl (%rdi), %ecx
    jmp 9f
8:  movq (%rdi), %rcx
9:  movl $1, %eax
    movq %rcx, (%rdx)
    ret
    .cfi_endproc
    .size ke_try_load, . - ke_try_load

/* bool ke_try_store(uint64_t va, unsigned size_bytes, uint64_t value) */
    .globl ke_try_store
    .hidden ke_try_store
    .type ke_try_store, @function
ke_try_store:
    .cfi_startproc
    movl $1, %eax
    cmpl $4, %esi
    je 4f
    ja 8f
    cmpl $2, %esi
    je 2f
    movb %dl, (%rdi)
    ret
2:  movw %dx, (%rdi)
    ret
4:  movl %edx, (%rdi)
    ret
8:  movq %rdx, (%rdi)
    ret
    .cfi_endproc
    .size ke_try_store, . - ke_try_store

    .globl ke_probe_end
    .hidden ke_probe_end
ke_probe_end:
    .globl ke_probe_failed
    .hidden ke_probe_failed
    .type ke_probe_failed, @function
ke_probe_failed:
    xorl %eax, %eax
    ret
    .size ke_probe_failed, . - ke_probe_failed

    .section .note.GNU-stack, "", @progbits
