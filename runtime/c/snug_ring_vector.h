/* What the transforms of a ring form are written in. */
#ifndef SNUG_RING_VECTOR_H
#define SNUG_RING_VECTOR_H

#include <string.h>

#include "snug_requant.h"

/* What is written for every form is compiled for each: its sizes are constants. */
#if defined(__GNUC__)
#define SNUG_EACH_FORM static inline __attribute__((always_inline))
#else
#define SNUG_EACH_FORM static inline
#endif

/* Compilers would keep a pointer for every element of a patch, more than registers hold. */
#if defined(__GNUC__)
#define SNUG_OPAQUE(x) __asm__("" : "+r"(x));
#define SNUG_UNROLL16 _Pragma("GCC unroll 16")
#else
#define SNUG_UNROLL16
#define SNUG_OPAQUE(x)
#endif

/* Transforms are written once, on vectors of eight channels or, in portable C,
   on one: SNUG_RING_STEP of them. Operations that end in _E take elements of the
   input, which SUBW subtracts from a vector; those that end in _V take vectors. */
#if SNUG_NEON
#define SNUG_RING_STEP 8
typedef int8x8_t snug_ring_e;
typedef int16x8_t snug_ring_v;
typedef int16x8_t snug_ring_k;
#define SNUG_ADD(a, b) vaddq_s16(a, b)
#define SNUG_SUB(a, b) vsubq_s16(a, b)
#define SNUG_ADD_E(a, b) vaddl_s8(a, b)
#define SNUG_SUB_E(a, b) vsubl_s8(a, b)
#define SNUG_SUBW_E(a, b) vsubw_s8(a, b)
#define SNUG_WIDE_E(a) vmovl_s8(a)
#define SNUG_TWICE(a) vshlq_n_s16(a, 1)
/* a + FACTOR * b, a - FACTOR * b, by the element of k that holds the factor. */
#if defined(__aarch64__)
#define SNUG_ADDK(a, b, k, i) vmlaq_laneq_s16(a, b, k, i)
#define SNUG_SUBK(a, b, k, i) vmlsq_laneq_s16(a, b, k, i)
#else
#define SNUG_ADDK(a, b, k, i) vmlaq_lane_s16(a, b, (i) < 4 ? vget_low_s16(k) : vget_high_s16(k), (i) & 3)
#define SNUG_SUBK(a, b, k, i) vmlsq_lane_s16(a, b, (i) < 4 ? vget_low_s16(k) : vget_high_s16(k), (i) & 3)
#endif
static inline snug_ring_e snug_ring_load8(const int8_t *x)
{
    int8x8_t e = vld1_s8(x);
#if defined(__clang__) && !defined(__aarch64__)
    __asm__("" : "+w"(e)); /* or it would be loaded by way of the stack */
#endif
    return e;
}
static inline snug_ring_v snug_ring_load16(const int16_t *x) { return vld1q_s16(x); }
static inline void snug_ring_store(int16_t *y, snug_ring_v v) { vst1q_s16(y, v); }
/* The factors. A compiler that knew them would replace one multiply-add by a shift
   and an add; one that knew them to be the same in all iterations would
   keep a register for each. */
#if defined(__GNUC__)
#define SNUG_RING_FRESH(k) __asm__ volatile("" : "+w"(k));
#else
#define SNUG_RING_FRESH(k)
#endif
static inline snug_ring_k snug_ring_factors(void)
{
    static const int16_t factors[8] = {2, 5, 3, 7, 4, 8, 0, 0};
    return vld1q_s16(factors);
}
#else
#define SNUG_RING_STEP 1
typedef uint32_t snug_ring_e;
typedef uint32_t snug_ring_v;
typedef const uint32_t *snug_ring_k;
#define SNUG_RING_FRESH(k)
#define SNUG_ADD(a, b) ((a) + (b))
#define SNUG_SUB(a, b) ((a) - (b))
#define SNUG_ADD_E(a, b) SNUG_ADD(a, b)
#define SNUG_SUB_E(a, b) SNUG_SUB(a, b)
#define SNUG_SUBW_E(a, b) SNUG_SUB(a, b)
#define SNUG_WIDE_E(a) (a)
#define SNUG_TWICE(a) (2u * (a))
#define SNUG_ADDK(a, b, k, i) ((a) + (k)[i] * (b))
#define SNUG_SUBK(a, b, k, i) ((a) - (k)[i] * (b))
static inline snug_ring_e snug_ring_load8(const int8_t *x) { return (uint32_t)*x; }
static inline snug_ring_v snug_ring_load16(const int16_t *x) { return (uint32_t)*x; }
static inline void snug_ring_store(int16_t *y, snug_ring_v v) { *y = (int16_t)snug_wrap16(v); }
static inline snug_ring_k snug_ring_factors(void)
{
    static const uint32_t factors[8] = {2, 5, 3, 7, 4, 8, 0, 0};
    return factors;
}
#endif

/* Copies n bytes; pixels have few. */
static inline void snug_ring_copy(int8_t *y, const int8_t *x, int32_t n)
{
    for (; n >= 8; n -= 8, x += 8, y += 8) {
        (void)memcpy(y, x, 8);
    }
    for (; n >= 4; n -= 4, x += 4, y += 4) {
        (void)memcpy(y, x, 4);
    }
    for (; n > 0; n--, x++, y++) {
        *y = *x;
    }
}

#define SNUG_ADD_V(a, b) SNUG_ADD(a, b)
#define SNUG_SUB_V(a, b) SNUG_SUB(a, b)
#define SNUG_SUBW_V(a, b) SNUG_SUB(a, b)
#define SNUG_WIDE_V(a) (a)

#endif
