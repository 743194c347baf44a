/* Sixteen channels in two registers of 16-bit lanes: how products are added to
   them and how they become a tensor. */
#ifndef SNUG_LANES_H
#define SNUG_LANES_H

#include "snug_requant.h"

#define SNUG_LANES 16

#if SNUG_NEON

/* On sixteen registers kernels come out as short as they are written only when a
   compiler neither moves a load away from its use nor looks through a pointer: an
   empty statement that "changes" a variable has to see it in a register. */
#if defined(__aarch64__)
#define SNUG_HIDE(p)
#else
#define SNUG_HIDE(p) __asm__("" : "+r"(p));
#endif

/* clang would move a widening behind every broadcast of an element, eight times the
   work: the empty statement hides from it where the register came from. */
static inline int16x8_t snug_kept(int16x8_t v)
{
#if defined(__clang__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* Eight elements widened, in a register. On ARMv7 clang would load by way of the
   stack. */
static inline int16x8_t snug_widen8(const int8_t *x)
{
    int8x8_t u = vld1_s8(x);
#if defined(__clang__) && !defined(__aarch64__)
    __asm__("" : "+w"(u));
#endif
    return snug_kept(vmovl_s8(u));
}

#if defined(__aarch64__)
#define SNUG_MLA(acc, w, x, j) vmlaq_laneq_s16(acc, w, x, j)
#define SNUG_NARROW(low, v) vqmovn_high_s16(low, v)
#define SNUG_NARROW_U(low, v) vqmovun_high_s16(low, v)
#else
#define SNUG_NARROW(low, v) vcombine_s8(low, vqmovn_s16(v))
#define SNUG_NARROW_U(low, v) vcombine_u8(low, vqmovun_s16(v))
#define SNUG_MLA(acc, w, x, j) vmlaq_lane_s16(acc, w, (j) < 4 ? vget_low_s16(x) : vget_high_s16(x), (j) & 3)
#endif

#if defined(__aarch64__)
/* acc += w * x[j]. gcc would move loads and broadcasts of elements so far ahead that
   registers do not suffice: it keeps statements of assembly in order. */
#if defined(__clang__) || defined(__AARCH64EB__)
#define SNUG_MLA_INTO(acc, w, x, j) acc = vmlaq_laneq_s16(acc, w, x, j);
#else
#define SNUG_MLA_INTO(acc, w, x, j) \
    __asm__ volatile("mla %0.8h, %1.8h, %2.h[%3]" : "+w"(acc) : "w"(w), "x"(x), "i"(j));
#endif
#endif

/* Kernels keep two registers of sums for each pixel p of a tile, a0, b0, a1...,
   and eight 16-bit inputs of it in x0, x1... */
#define SNUG_EACH1(M) M(0)
#define SNUG_EACH4(M) M(0) M(1) M(2) M(3)
#define SNUG_EACH8(M) SNUG_EACH4(M) M(4) M(5) M(6) M(7)

/* One product of each pixel: element j of x0... times the sixteen weights wl, wh. */
#define SNUG_PIXEL(p, j)                 \
    a##p = SNUG_MLA(a##p, wl, x##p, j);  \
    b##p = SNUG_MLA(b##p, wh, x##p, j);
#define SNUG_P0(p) SNUG_PIXEL(p, 0)
#define SNUG_P1(p) SNUG_PIXEL(p, 1)
#define SNUG_P2(p) SNUG_PIXEL(p, 2)
#define SNUG_P3(p) SNUG_PIXEL(p, 3)
#define SNUG_P4(p) SNUG_PIXEL(p, 4)
#define SNUG_P5(p) SNUG_PIXEL(p, 5)
#define SNUG_P6(p) SNUG_PIXEL(p, 6)
#define SNUG_P7(p) SNUG_PIXEL(p, 7)

/* The same for eight channels: half the registers of sums. */
#define SNUG_H0(p) a##p = SNUG_MLA(a##p, wl, x##p, 0);
#define SNUG_H1(p) a##p = SNUG_MLA(a##p, wl, x##p, 1);
#define SNUG_H2(p) a##p = SNUG_MLA(a##p, wl, x##p, 2);
#define SNUG_H3(p) a##p = SNUG_MLA(a##p, wl, x##p, 3);
#define SNUG_H4(p) a##p = SNUG_MLA(a##p, wl, x##p, 4);
#define SNUG_H5(p) a##p = SNUG_MLA(a##p, wl, x##p, 5);
#define SNUG_H6(p) a##p = SNUG_MLA(a##p, wl, x##p, 6);
#define SNUG_H7(p) a##p = SNUG_MLA(a##p, wl, x##p, 7);

#if defined(__aarch64__)
/* One load brings the weights of two products. */
#define SNUG_PAIR(T, i, j, EACH)                                    \
    {                                                              \
        const int16x8x4_t w4 = vld1q_s16_x4(w);                    \
        w += 2 * SNUG_LANES;                                       \
        {                                                          \
            const int16x8_t wl = w4.val[0], wh = w4.val[1];        \
            (void)wh;                                              \
            EACH(SNUG_##T##i)                                      \
        }                                                          \
        {                                                          \
            const int16x8_t wl = w4.val[2], wh = w4.val[3];        \
            (void)wh;                                              \
            EACH(SNUG_##T##j)                                      \
        }                                                          \
    }
#else
#define SNUG_PAIR(T, i, j, EACH) SNUG_ONE(T, i, EACH) SNUG_ONE(T, j, EACH)
#endif

#if defined(__aarch64__)
#define SNUG_ONE(T, i, EACH)                                      \
    {                                                             \
        const int16x8_t wl = vld1q_s16(w), wh = vld1q_s16(w + 8); \
        w += SNUG_LANES;                                          \
        (void)wh;                                                 \
        EACH(SNUG_##T##i)                                         \
    }
#else
/* Eight weights by a load that moves the pointer on. */
static inline int16x8_t snug_next8(const int16_t **w)
{
    const int16x8_t v = vld1q_s16(*w);
    *w += 8;
    SNUG_HIDE(*w)
    return v;
}

/* No weights are loaded before the last ones are used: eight sums, four inputs and
   two weights take fourteen registers of sixteen. An element is taken of q0 to q3
   alone, which is constraint x. */
#define SNUG_AFTER_P(p) __asm__("" : "+w"(a##p), "+w"(b##p), "+r"(w) : "x"(x##p));
#define SNUG_AFTER_H(p) __asm__("" : "+w"(a##p), "+r"(w) : "x"(x##p));
#define SNUG_ONE(T, i, EACH)                                      \
    {                                                             \
        const int16x8_t wl = snug_next8(&w), wh = snug_next8(&w); \
        (void)wh;                                                 \
        EACH(SNUG_##T##i)                                         \
        EACH(SNUG_AFTER_##T)                                      \
    }
#endif

/* Sums of sixteen channels to n of them, from c. a and b are the registers'
   lanes modulo 2^16; they hold the preload already. ta and tb are the tables. */
static inline void snug_lanes_store(const snug_requant *q, const snug_channels8 *ta, const snug_channels8 *tb, int16x8_t a,
                                    int16x8_t b, int32_t c, int32_t n, int8_t *y)
{
    int32_t i = 0;
    if (n >= 8) {
        vst1_s8(y, snug_clamp8(q, snug_requantize8(q, ta, a), ta->wide.top));
        i = 8;
    }
    if (n == SNUG_LANES) {
        vst1_s8(y + 8, snug_clamp8(q, snug_requantize8(q, tb, b), tb->wide.top));
        i = SNUG_LANES;
    }
    if (i < n) {
        int16_t lanes[SNUG_LANES];
        vst1q_s16(lanes, a);
        vst1q_s16(lanes + 8, b);
        for (; i < n; i++) {
            y[i] = snug_requantize(q, lanes[i], c + i);
        }
    }
}

/* Eight 32-bit sums of n channels from c to y; t are their tables. */
static inline void snug_wide_store(const snug_requant *q, const snug_wide8 *t, int32x4_t a, int32x4_t b, int32_t c, int32_t n,
                                   int8_t *y)
{
    if (n >= 8) {
        vst1_s8(y, snug_pack8(q, snug_wide4(q, t, 0, vaddq_s32(a, t->bias[0])), snug_wide4(q, t, 1, vaddq_s32(b, t->bias[1])),
                              t->top));
    } else {
        int32_t lanes[8], i;
        vst1q_s32(lanes, a);
        vst1q_s32(lanes + 4, b);
        for (i = 0; i < n; i++) {
            y[i] = snug_requantize(q, lanes[i], c + i);
        }
    }
}

/* Whether 32-bit sums are requantized by multipliers, with no shift to the left and
   nothing halved: all alike but for their tables. */
static inline int32_t snug_is_plain(const snug_requant *q)
{
    return q->narrow != 0 && q->mul != NULL && q->half == 0;
}

/* Eight sums of such a requantizer, unclamped. */
static inline int16x8_t snug_plain8(const snug_wide8 *t, int32x4_t a, int32x4_t b, int16x8_t zero)
{
    a = vrshlq_s32(vqrdmulhq_s32(vaddq_s32(a, t->bias[0]), t->mul[0]), t->shift[0]);
    b = vrshlq_s32(vqrdmulhq_s32(vaddq_s32(b, t->bias[1]), t->mul[1]), t->shift[1]);
    return vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), zero);
}

/* Two vectors of a fast requantizer to sixteen clamped channels. */
static inline int8x16_t snug_lanes_fast(int16x8_t a, int16x8_t b, const snug_narrow8 *ta, const snug_narrow8 *tb, int8x16_t lo,
                                        int8x16_t hi, int32_t half)
{
    const int8x16_t v = vcombine_s8(vqmovn_s16(snug_fast8(a, ta, half)), vqmovn_s16(snug_fast8(b, tb, half)));
    return vminq_s8(vmaxq_s8(v, lo), hi);
}

/* Forms of a fast requantizer: whether sums are halved; whether zero is the least
   level, as behind a ReLU: then narrowing to unsigned bytes clamps below; and
   then, of halved sums, whether there are 256 levels or the least is zero, which
   leaves one of two last steps out. */
#define SNUG_FORM_HALF 1
#define SNUG_FORM_RELU 2
#define SNUG_FORM_FULL 4
#define SNUG_FORM_ZERO 8
#define SNUG_FORM_ANY 16 /* a requantizer that is not fast */

/* What sixteen channels are clamped to: top is the greatest level, as it is, or in a
   RELU form how far it lies above the least, unsigned. */
typedef struct {
    int8x16_t lo, top;
    int32_t form;
} snug_ends;

/* The greatest levels of sixteen channels from c, or of eight, twice; fewer are not
   stored as a vector. */
static inline int8x16_t snug_top16(const snug_requant *q, int32_t c, int32_t n)
{
    if (n < 8) {
        return vdupq_n_s8((int8_t)q->hi);
    }
    return vcombine_s8(snug_top8(q, c), snug_top8(q, n < SNUG_LANES ? c : c + 8));
}

static inline snug_ends snug_lanes_ends(const snug_requant *q, int8x16_t top)
{
    snug_ends e;
    e.lo = vdupq_n_s8((int8_t)q->lo);
    e.form = (q->half ? SNUG_FORM_HALF : 0) | (q->zero == q->lo ? SNUG_FORM_RELU : 0);
    if (!snug_is_fast(q)) {
        e.form = SNUG_FORM_ANY;
    }
    if (e.form == (SNUG_FORM_HALF | SNUG_FORM_RELU)) {
        e.form |= q->hi - q->lo == 255 && q->tops == NULL ? SNUG_FORM_FULL : q->lo == 0 ? SNUG_FORM_ZERO : 0;
    }
    e.top = e.form & SNUG_FORM_RELU ? vsubq_s8(top, e.lo) : top;
    return e;
}

/* Two vectors to sixteen clamped channels; form is a constant. */
static inline int8x16_t snug_lanes_form(int32_t form, int16x8_t a, int16x8_t b, const snug_narrow8 *ta,
                                        const snug_narrow8 *tb, const snug_ends *e)
{
    a = snug_scale8(a, ta, form & SNUG_FORM_HALF), b = snug_scale8(b, tb, form & SNUG_FORM_HALF);
    if ((form & SNUG_FORM_RELU) != 0) {
        uint8x16_t v = SNUG_NARROW_U(vqmovun_s16(a), b);
        v = form & SNUG_FORM_FULL ? v : vminq_u8(v, vreinterpretq_u8_s8(e->top));
        return form & SNUG_FORM_ZERO ? vreinterpretq_s8_u8(v) : vaddq_s8(vreinterpretq_s8_u8(v), e->lo);
    }
    a = vqaddq_s16(a, ta->zero), b = vqaddq_s16(b, tb->zero);
    return vminq_s8(vmaxq_s8(SNUG_NARROW(vqmovn_s16(a), b), e->lo), e->top);
}

/* STORE with FORM a constant, for each form but SNUG_FORM_ANY. */
#define SNUG_LANES_CASE(form, value, STORE) \
    if ((form) == (value)) {                \
        enum { FORM = value };              \
        STORE                               \
    }
#define SNUG_LANES_FORMS(form, STORE)                                                         \
    SNUG_LANES_CASE(form, SNUG_FORM_HALF | SNUG_FORM_RELU | SNUG_FORM_FULL, STORE)            \
    else SNUG_LANES_CASE(form, SNUG_FORM_HALF | SNUG_FORM_RELU | SNUG_FORM_ZERO, STORE)       \
    else SNUG_LANES_CASE(form, SNUG_FORM_HALF | SNUG_FORM_RELU, STORE)                        \
    else SNUG_LANES_CASE(form, SNUG_FORM_RELU, STORE)                                         \
    else SNUG_LANES_CASE(form, SNUG_FORM_HALF, STORE)                                         \
    else {                                                                                    \
        enum { FORM = 0 };                                                                    \
        STORE                                                                                 \
    }

/* The tables of n channels from c; those of absent channels are not used. */
static inline void snug_lanes_tables(const snug_requant *q, int32_t c, int32_t n, snug_channels8 *ta, snug_channels8 *tb)
{
    const int16x8_t z = vdupq_n_s16(0);
    const int32x4_t w = vdupq_n_s32(0);
    *ta = *tb = (snug_channels8){{z, z, z, z}, {{w, w}, {w, w}, {w, w}, {w, w}, vdup_n_s8(0)}};
    if (n >= 8) {
        snug_load8(q, c, ta);
    }
    if (n == SNUG_LANES) {
        snug_load8(q, c + 8, tb);
    }
}

/* What the sums of n channels from c start from. */
static inline void snug_lanes_start(const snug_requant *q, int32_t c, int32_t n, int16x8_t *a, int16x8_t *b)
{
    int16_t lanes[SNUG_LANES] = {0};
    int32_t i;
    for (i = 0; q->preload && i < n; i++) {
        lanes[i] = q->preload[c + i];
    }
    *a = vld1q_s16(lanes);
    *b = vld1q_s16(lanes + 8);
}
#endif

#endif
