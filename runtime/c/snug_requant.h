/* From a sum to the next tensor's levels, in integers. */
#ifndef SNUG_REQUANT_H
#define SNUG_REQUANT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__ARM_NEON) && !defined(SNUG_PORTABLE)
#include <arm_neon.h>
#define SNUG_NEON 1
#else
#define SNUG_NEON 0
#endif

/* Before a loop of a few vectors: its arrays live in registers once it is unrolled. */
#if defined(__GNUC__)
#define SNUG_UNROLL _Pragma("GCC unroll 9")
#else
#define SNUG_UNROLL
#endif

/* A function that wants all registers for itself. */
#if defined(__GNUC__)
#define SNUG_ALONE __attribute__((noinline, unused))
#else
#define SNUG_ALONE
#endif

/* The code relies on >> of a negative number being arithmetic, as it is on
   every compiler for the targets; C99 leaves it to the implementation. */
typedef char snug_assert_arithmetic_shift[((-1) >> 1) == -1 ? 1 : -1];

/* y = clamp(zero + round((sum + bias) * mul / 2^15 / 2^shift), lo, hi), with
   tables of one entry a channel. mul is in [2^14, 2^15), or null: the factor
   is 2^-shift alone. A negative shift moves the sum left first. With half,
   sum + bias is halved before all that, ties up. preload is added
   to a 16-bit sum modulo 2^16, bias takes it off again; null: zeros. tops are the
   greatest levels of the channels, up to hi; null: hi. narrow is 1
   when no shift is negative; it is 2 when 16 bits are enough to requantize in
   besides: every bias fits them, and sum + bias is halved, or where it would leave
   them the result is clamped whether it saturates or not. */
typedef struct {
    const int32_t *bias;
    const int16_t *mul;
    const int8_t *shift;
    const int16_t *preload;
    const int8_t *tops;
    int32_t zero, lo, hi, half, narrow;
} snug_requant;

static inline int32_t snug_clamp(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* t * mul / 2^15 / 2^shift, rounding to nearest in both steps. */
static inline int32_t snug_scale(int32_t t, int32_t mul, int32_t shift)
{
    int64_t v;
    if (shift < 0) {
        t *= (int32_t)1 << -shift;
        shift = 0;
    }
    v = t;
    if (mul != 0) {
        v = (v * mul + 16384) >> 15;
    }
    return (int32_t)((v + (((int64_t)1 << shift) >> 1)) >> shift);
}

static inline int8_t snug_requantize(const snug_requant *q, int32_t sum, int32_t c)
{
    const int32_t t = sum + q->bias[c];
    const int32_t v = snug_scale(q->half ? (t + 1) >> 1 : t, q->mul ? q->mul[c] : 0, q->shift[c]);
    return (int8_t)snug_clamp(v + q->zero, q->lo, q->tops ? q->tops[c] : q->hi);
}

/* The 16-bit sum that a register holds after wrapping adds, read as signed. */
static inline int32_t snug_wrap16(uint32_t v)
{
    const uint32_t half = (v & 0xffffu) ^ 0x8000u;
    return (int32_t)half - 0x8000;
}

#if SNUG_NEON
/* The greatest levels of eight channels. */
static inline int8x8_t snug_top8(const snug_requant *q, int32_t c)
{
    return q->tops ? vld1_s8(q->tops + c) : vdup_n_s8((int8_t)q->hi);
}

/* Channels c..c+3, unclamped. VQRDMULH by mul << 16 is (t*mul + 2^14) >> 15, and
   VRSHL by -shift rounds as snug_scale does. */
static inline int32x4_t snug_requantize4(const snug_requant *q, int32x4_t sum, int32_t c)
{
    int32_t lanes[4];
    int32x4_t t, shift, left;
    int32_t i;
    for (i = 0; i < 4; i++) {
        lanes[i] = q->shift[c + i];
    }
    shift = vld1q_s32(lanes);
    left = vmaxq_s32(vnegq_s32(shift), vdupq_n_s32(0));
    t = vaddq_s32(sum, vld1q_s32(q->bias + c));
    t = vshlq_s32(q->half ? vrshrq_n_s32(t, 1) : t, left);
    if (q->mul != NULL) {
        t = vqrdmulhq_s32(t, vshll_n_s16(vld1_s16(q->mul + c), 16));
    }
    return vrshlq_s32(t, vminq_s32(vnegq_s32(shift), vdupq_n_s32(0)));
}

/* Eight channels to int8, up to top. Saturation on the way is monotone and
   [lo, top] lies inside int8, so the clamp at the end decides. */
static inline int8x8_t snug_pack8(const snug_requant *q, int32x4_t a, int32x4_t b, int8x8_t top)
{
    int16x8_t v = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
    int8x8_t y = vqmovn_s16(vqaddq_s16(v, vdupq_n_s16((int16_t)q->zero)));
    return vmin_s8(vmax_s8(y, vdup_n_s8((int8_t)q->lo)), top);
}

/* The tables of eight channels, as a tile of pixels uses them again and again:
   for requantizing in 16 bits, and in 32 or by any requantizer. */
typedef struct {
    int16x8_t bias, mul, shift, zero;
} snug_narrow8;

typedef struct {
    int32x4_t bias[2], mul[2], shift[2], left[2];
    int8x8_t top;
} snug_wide8;

typedef struct {
    snug_narrow8 narrow;
    snug_wide8 wide;
} snug_channels8;

static inline void snug_load_narrow8(const snug_requant *q, int32_t c, snug_narrow8 *t)
{
    t->bias = vcombine_s16(vmovn_s32(vld1q_s32(q->bias + c)), vmovn_s32(vld1q_s32(q->bias + c + 4)));
    t->mul = q->mul ? vld1q_s16(q->mul + c) : vdupq_n_s16(0);
    t->shift = vnegq_s16(vmaxq_s16(vmovl_s8(vld1_s8(q->shift + c)), vdupq_n_s16(0)));
    t->zero = vdupq_n_s16((int16_t)q->zero);
}

static inline void snug_load8(const snug_requant *q, int32_t c, snug_channels8 *t)
{
    const snug_narrow8 *const n = &t->narrow;
    const int16x8_t left = vnegq_s16(vminq_s16(vmovl_s8(vld1_s8(q->shift + c)), vdupq_n_s16(0)));
    snug_load_narrow8(q, c, &t->narrow);
    t->wide.bias[0] = vld1q_s32(q->bias + c), t->wide.bias[1] = vld1q_s32(q->bias + c + 4);
    t->wide.mul[0] = vshll_n_s16(vget_low_s16(n->mul), 16), t->wide.mul[1] = vshll_n_s16(vget_high_s16(n->mul), 16);
    t->wide.shift[0] = vmovl_s16(vget_low_s16(n->shift)), t->wide.shift[1] = vmovl_s16(vget_high_s16(n->shift));
    t->wide.left[0] = vmovl_s16(vget_low_s16(left)), t->wide.left[1] = vmovl_s16(vget_high_s16(left));
    t->wide.top = snug_top8(q, c);
}

/* Requantizers whose every layer is alike but for its tables: 16 bits, with
   multipliers. */
static inline int32_t snug_is_fast(const snug_requant *q)
{
    return q->narrow == 2 && q->mul;
}

/* Eight channels of such a requantizer, without zero. VQRDMULH is (t*mul + 2^14) >> 15,
   and VRHADD halves as half says. */
static inline int16x8_t snug_scale8(int16x8_t sum, const snug_narrow8 *t, int32_t half)
{
    const int16x8_t v = half ? vrhaddq_s16(sum, t->bias) : vqaddq_s16(sum, t->bias);
    return vrshlq_s16(vqrdmulhq_s16(v, t->mul), t->shift);
}

/* The same with zero, unclamped. */
static inline int16x8_t snug_fast8(int16x8_t sum, const snug_narrow8 *t, int32_t half)
{
    return vqaddq_s16(snug_scale8(sum, t, half), t->zero);
}

static inline int32x4_t snug_wide4(const snug_requant *q, const snug_wide8 *t, int32_t i, int32x4_t v)
{
    if (q->half != 0) {
        v = vrshrq_n_s32(v, 1);
    }
    if (q->narrow == 0) {
        v = vshlq_s32(v, t->left[i]);
    }
    if (q->mul != NULL) {
        v = vqrdmulhq_s32(v, t->mul[i]);
    }
    return vrshlq_s32(v, t->shift[i]);
}

/* Eight channels of any requantizer, unclamped, from 16-bit sums. */
static inline int16x8_t snug_requantize8(const snug_requant *q, const snug_channels8 *t, int16x8_t sum)
{
    int32x4_t a, b;
    if (snug_is_fast(q) != 0) {
        return snug_fast8(sum, &t->narrow, q->half);
    }
    a = snug_wide4(q, &t->wide, 0, vaddw_s16(t->wide.bias[0], vget_low_s16(sum)));
    b = snug_wide4(q, &t->wide, 1, vaddw_s16(t->wide.bias[1], vget_high_s16(sum)));
    return vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), t->narrow.zero);
}

static inline int8x8_t snug_clamp8(const snug_requant *q, int16x8_t v, int8x8_t top)
{
    return vmin_s8(vmax_s8(vqmovn_s16(v), vdup_n_s8((int8_t)q->lo)), top);
}
#endif

#endif
