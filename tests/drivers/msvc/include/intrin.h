/* SPDX-License-Identifier: MIT */
/* In place of the compiler's own, which pulls in every vector extension: the intrinsics that the
 * DDK headers use, known to the compiler by name. */
#ifndef WEIR_TEST_INTRIN_H
#define WEIR_TEST_INTRIN_H

unsigned char __readgsbyte(unsigned long);
unsigned short __readgsword(unsigned long);
unsigned long __readgsdword(unsigned long);
unsigned __int64 __readgsqword(unsigned long);
static __inline unsigned __int64 __readcr8(void)
{
    unsigned __int64 value;

    __asm__ volatile("movq %%cr8, %0" : "=r"(value) : : "memory");
    return value;
}

static __inline void __writecr8(unsigned __int64 value)
{
    __asm__ volatile("movq %0, %%cr8" : : "r"(value) : "memory");
}

void __int2c(void);
void __debugbreak(void);
void _mm_pause(void);
void _ReadWriteBarrier(void);
void __faststorefence(void);
long _InterlockedIncrement(long volatile *);
long _InterlockedDecrement(long volatile *);
long _InterlockedExchange(long volatile *, long);
long _InterlockedExchangeAdd(long volatile *, long);
long _InterlockedCompareExchange(long volatile *, long, long);
long _InterlockedOr(long volatile *, long);
long _InterlockedAnd(long volatile *, long);
long _InterlockedXor(long volatile *, long);
__int64 _InterlockedCompareExchange64(__int64 volatile *, __int64, __int64);
__int64 _InterlockedExchange64(__int64 volatile *, __int64);
__int64 _InterlockedExchangeAdd64(__int64 volatile *, __int64);
__int64 _InterlockedIncrement64(__int64 volatile *);
__int64 _InterlockedDecrement64(__int64 volatile *);
__int64 _InterlockedOr64(__int64 volatile *, __int64);
__int64 _InterlockedAnd64(__int64 volatile *, __int64);
void *_InterlockedExchangePointer(void *volatile *, void *);
void *_InterlockedCompareExchangePointer(void *volatile *, void *, void *);
unsigned char _interlockedbittestandset(long volatile *, long);
unsigned char _interlockedbittestandreset(long volatile *, long);
unsigned char _interlockedbittestandset64(__int64 volatile *, __int64);
unsigned char _interlockedbittestandreset64(__int64 volatile *, __int64);
unsigned char _bittest(long const *, long);
unsigned char _bittest64(__int64 const *, __int64);
unsigned char _bittestandset(long *, long);
unsigned char _bittestandreset(long *, long);
unsigned char _bittestandcomplement(long *, long);
unsigned char _bittestandset64(__int64 *, __int64);
unsigned char _bittestandreset64(__int64 *, __int64);
unsigned char _bittestandcomplement64(__int64 *, __int64);
unsigned char _BitScanForward(unsigned long *, unsigned long);
unsigned char _BitScanReverse(unsigned long *, unsigned long);
unsigned char _BitScanForward64(unsigned long *, unsigned __int64);
unsigned char _BitScanReverse64(unsigned long *, unsigned __int64);

/* ---- Instructions without an intrinsic here -------------------------------------------------- */

#define PORT_INTRINSICS(name, type, suffix, accumulator)                                           \
    static __inline type __in##name(unsigned short port)                                           \
    {                                                                                              \
        type value;                                                                                \
                                                                                                   \
        __asm__ volatile("in" suffix " %1, %" accumulator : "=a"(value) : "Nd"(port) : "memory");  \
        return value;                                                                              \
    }                                                                                              \
    static __inline void __out##name(unsigned short port, type value)                              \
    {                                                                                              \
        __asm__ volatile("out" suffix " %" accumulator ", %1" : : "a"(value), "Nd"(port)           \
                         : "memory");                                                              \
    }                                                                                              \
    static __inline void __in##name##string(unsigned short port, type *to, unsigned long count)    \
    {                                                                                              \
        unsigned __int64 left = count;                                                             \
                                                                                                   \
        __asm__ volatile("rep ins" suffix : "+D"(to), "+c"(left) : "d"(port) : "memory");          \
    }                                                                                              \
    static __inline void __out##name##string(unsigned short port, const type *from,                \
                                             unsigned long count)                                  \
    {                                                                                              \
        unsigned __int64 left = count;                                                             \
                                                                                                   \
        __asm__ volatile("rep outs" suffix : "+S"(from), "+c"(left) : "d"(port) : "memory");       \
    }
PORT_INTRINSICS(byte, unsigned char, "b", "0")
PORT_INTRINSICS(word, unsigned short, "w", "0")
PORT_INTRINSICS(dword, unsigned long, "l", "0")

#define MOVE_INTRINSIC(name, type, instruction)                                                    \
    static __inline void name(type *to, const type *from, unsigned __int64 count)                  \
    {                                                                                              \
        __asm__ volatile("rep " instruction : "+D"(to), "+S"(from), "+c"(count) : : "memory");     \
    }
MOVE_INTRINSIC(__movsb, unsigned char, "movsb")
MOVE_INTRINSIC(__movsw, unsigned short, "movsw")
MOVE_INTRINSIC(__movsd, unsigned long, "movsl")
MOVE_INTRINSIC(__movsq, unsigned __int64, "movsq")

#endif
