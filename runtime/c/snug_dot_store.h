/* Sums of four channels whose lanes split products, to those channels. */
#ifndef SNUG_DOT_STORE_H
#define SNUG_DOT_STORE_H

#include "snug_conv.h"

#if SNUG_NEON

/* The sums of four registers' lanes, modulo 2^16. */
static inline int16x4_t snug_dot_reduce16(int16x8_t a, int16x8_t b, int16x8_t c, int16x8_t d)
{
#if defined(__aarch64__)
    const int16x8_t v = vpaddq_s16(vpaddq_s16(a, b), vpaddq_s16(c, d));
    return vpadd_s16(vget_low_s16(v), vget_high_s16(v));
#else
    const int16x4_t ab = vpadd_s16(vadd_s16(vget_low_s16(a), vget_high_s16(a)), vadd_s16(vget_low_s16(b), vget_high_s16(b)));
    const int16x4_t cd = vpadd_s16(vadd_s16(vget_low_s16(c), vget_high_s16(c)), vadd_s16(vget_low_s16(d), vget_high_s16(d)));
    return vpadd_s16(ab, cd);
#endif
}

/* The same of two pixels. */
static inline int16x8_t snug_dot_reduce16x2(int16x8_t a, int16x8_t b, int16x8_t c, int16x8_t d, int16x8_t e, int16x8_t f,
                                            int16x8_t g, int16x8_t h)
{
#if defined(__aarch64__)
    return vpaddq_s16(vpaddq_s16(vpaddq_s16(a, b), vpaddq_s16(c, d)), vpaddq_s16(vpaddq_s16(e, f), vpaddq_s16(g, h)));
#else
    return vcombine_s16(snug_dot_reduce16(a, b, c, d), snug_dot_reduce16(e, f, g, h));
#endif
}

static inline int32x4_t snug_dot_reduce32(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d)
{
#if defined(__aarch64__)
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
#else
    const int32x2_t ab = vpadd_s32(vadd_s32(vget_low_s32(a), vget_high_s32(a)), vadd_s32(vget_low_s32(b), vget_high_s32(b)));
    const int32x2_t cd = vpadd_s32(vadd_s32(vget_low_s32(c), vget_high_s32(c)), vadd_s32(vget_low_s32(d), vget_high_s32(d)));
    return vcombine_s32(ab, cd);
#endif
}

/* The greatest levels of four channels, twice. */
static inline int8x8_t snug_top4(const snug_requant *q, int32_t c)
{
    int32_t four;
    if (q->tops == NULL) {
        return vdup_n_s8((int8_t)q->hi);
    }
    (void)memcpy(&four, q->tops + c, sizeof four);
    return vreinterpret_s8_s32(vdup_n_s32(four));
}

/* Four sums to n channels of y. */
static inline void snug_dot_store(const snug_requant *q, int32x4_t sum, int32_t c, int32_t n, int8_t *y)
{
    int32_t i;
    if (n == 4) {
        const int32x4_t v = snug_requantize4(q, sum, c);
        const int32x2_t word = vreinterpret_s32_s8(snug_pack8(q, v, v, snug_top4(q, c)));
        const int32_t four = vget_lane_s32(word, 0);
        (void)memcpy(y + c, &four, sizeof four);
    } else {
        int32_t lanes[4];
        vst1q_s32(lanes, sum);
        for (i = 0; i < n; i++) {
            y[c + i] = snug_requantize(q, lanes[i], c + i);
        }
    }
}

/* Four sums modulo 2^16, of which n are wanted, with their preloads. */
static inline int32x4_t snug_dot_whole(const snug_requant *q, int16x4_t sum, int32_t c, int32_t n)
{
    int16_t pre[4] = {0, 0, 0, 0};
    int32_t i;
    if (q->preload != NULL) {
        for (i = 0; i < n; i++) {
            pre[i] = q->preload[c + i];
        }
        sum = vadd_s16(sum, vld1_s16(pre));
    }
    return vmovl_s16(sum);
}

/* The tables of four channels. Two pixels share vectors of 16 bits: there the
   channels come twice. form is 2 when they are requantized in 16 bits, 1 in 32
   without a shift to the left, 0 by the functions above. */
typedef struct {
    snug_narrow8 narrow;
    int16x8_t preload;
    int32x4_t bias, half, mul, shift;
    int8x8_t top;
    int32_t form;
} snug_dot_tables;

static inline void snug_dot_load(const snug_requant *q, int32_t c, int32_t n, snug_dot_tables *t)
{
    const int16x8_t z = vdupq_n_s16(0);
    const int32x4_t w = vdupq_n_s32(0);
    *t = (snug_dot_tables){{z, z, z, z}, z, w, w, w, w, vdup_n_s8(0), 0};
    if (n >= 4 && q->mul && q->narrow) {
        const int16x4_t mul = vld1_s16(q->mul + c);
        int16_t shift[4], i;
        for (i = 0; i < 4; i++) {
            shift[i] = (int16_t)-q->shift[c + i];
        }
        t->bias = vld1q_s32(q->bias + c);
        t->half = vdupq_n_s32(q->half ? -1 : 0);
        t->mul = vshll_n_s16(mul, 16);
        t->shift = vmovl_s16(vld1_s16(shift));
        t->narrow.bias = vcombine_s16(vmovn_s32(t->bias), vmovn_s32(t->bias));
        t->narrow.mul = vcombine_s16(mul, mul);
        t->narrow.shift = vcombine_s16(vld1_s16(shift), vld1_s16(shift));
        t->narrow.zero = vdupq_n_s16((int16_t)q->zero);
        if (q->preload != NULL) {
            t->preload = vcombine_s16(vld1_s16(q->preload + c), vld1_s16(q->preload + c));
        }
        t->top = snug_top4(q, c);
        t->form = q->narrow;
    }
}

/* Four channels of two pixels. */
static inline void snug_dot_give(int8x8_t v, int8_t *y0, int8_t *y1)
{
    const int32x2_t word = vreinterpret_s32_s8(v);
    const int32_t first = vget_lane_s32(word, 0), second = vget_lane_s32(word, 1);
    (void)memcpy(y0, &first, sizeof first);
    (void)memcpy(y1, &second, sizeof second);
}

/* From 16-bit sums with their preloads, and from 32-bit sums. */
static inline void snug_dot_give16(const snug_requant *q, const snug_dot_tables *t, int16x8_t v, int8_t *y0, int8_t *y1)
{
    snug_dot_give(snug_clamp8(q, snug_fast8(v, &t->narrow, q->half), t->top), y0, y1);
}

static inline void snug_dot_give32(const snug_requant *q, const snug_dot_tables *t, int32x4_t a, int32x4_t b, int8_t *y0,
                                   int8_t *y1)
{
    a = vqrdmulhq_s32(vrshlq_s32(vaddq_s32(a, t->bias), t->half), t->mul);
    b = vqrdmulhq_s32(vrshlq_s32(vaddq_s32(b, t->bias), t->half), t->mul);
    snug_dot_give(snug_pack8(q, vrshlq_s32(a, t->shift), vrshlq_s32(b, t->shift), t->top), y0, y1);
}

#endif
#endif
