/* A baseline with 32-bit sums, to measure narrow ones against: the same tiles and
   the same care, only wider registers. */
#ifndef SNUG_CONV_WIDE_H
#define SNUG_CONV_WIDE_H

#include "snug_conv_mla.h"

#if SNUG_NEON

/* The classical form: 16-bit operands, SMLAL.4s (VMLAL.S16) by element, eight
   pixels by eight channels, on ARMv7 four. Weights are those of
   snug_conv_s8_a16_mla, widened, eight channels after the other eight. */
#define SNUG_WIDE_DECLARE(p) int32x4_t a##p = vdupq_n_s32(0), b##p = a##p;
#define SNUG_WIDE_POINT(p) const int8_t *s##p = x[p] + g->piece[i].at;
#if defined(__aarch64__) || defined(__clang__)
#define SNUG_WIDE_LOAD(p)                     \
    const int16x8_t x##p = snug_widen8(s##p); \
    s##p += 8;                                \
    SNUG_HIDE(s##p)
#define SNUG_WIDE_PART(p, j) ((j) < 4 ? vget_low_s16(x##p) : vget_high_s16(x##p))
#define SNUG_WIDE_AFTER(p) SNUG_AFTER_P(p)
#else /* gcc for ARMv7 would copy the halves of a register again and again */
#define SNUG_WIDE_LOAD(p)                                                    \
    const int16x8_t x##p = snug_widen8(s##p);                                \
    int16x4_t l##p = vget_low_s16(x##p), h##p = vget_high_s16(x##p);         \
    s##p += 8;                                                               \
    __asm__("" : "+x"(l##p), "+x"(h##p), "+r"(s##p));
#define SNUG_WIDE_PART(p, j) ((j) < 4 ? l##p : h##p)
#define SNUG_WIDE_AFTER(p) __asm__("" : "+w"(a##p), "+w"(b##p), "+r"(w) : "x"(l##p), "x"(h##p));
#endif
#define SNUG_WIDE_STORE(p) snug_wide_store(&q, &t, a##p, b##p, c, n, y[p]);
#if defined(__aarch64__)
#define SNUG_WIDE_PIXEL(p, j)                                            \
    a##p = vmlal_laneq_s16(a##p, vget_low_s16(weights), x##p, j);        \
    b##p = vmlal_high_laneq_s16(b##p, weights, x##p, j);
#else
#define SNUG_WIDE_PIXEL(p, j)                                                            \
    a##p = vmlal_lane_s16(a##p, vget_low_s16(weights), SNUG_WIDE_PART(p, j), (j) & 3); \
    b##p = vmlal_lane_s16(b##p, vget_high_s16(weights), SNUG_WIDE_PART(p, j), (j) & 3);
#endif
#define SNUG_WIDE_0(p) SNUG_WIDE_PIXEL(p, 0)
#define SNUG_WIDE_1(p) SNUG_WIDE_PIXEL(p, 1)
#define SNUG_WIDE_2(p) SNUG_WIDE_PIXEL(p, 2)
#define SNUG_WIDE_3(p) SNUG_WIDE_PIXEL(p, 3)
#define SNUG_WIDE_4(p) SNUG_WIDE_PIXEL(p, 4)
#define SNUG_WIDE_5(p) SNUG_WIDE_PIXEL(p, 5)
#define SNUG_WIDE_6(p) SNUG_WIDE_PIXEL(p, 6)
#define SNUG_WIDE_7(p) SNUG_WIDE_PIXEL(p, 7)
#if defined(__aarch64__)
#define SNUG_WIDE_STEP(j, EACH)                 \
    {                                           \
        const int16x8_t weights = vld1q_s16(w); \
        w += 8;                                 \
        EACH(SNUG_WIDE_##j)                     \
    }
#else
#define SNUG_WIDE_STEP(j, EACH)                    \
    {                                              \
        const int16x8_t weights = snug_next8(&w);  \
        EACH(SNUG_WIDE_##j)                        \
        EACH(SNUG_WIDE_AFTER)                      \
    }
#endif
#define SNUG_WIDE_TILE(NAME, PIXELS, EACH)                                                                             \
    static inline void NAME(const snug_conv *g, const snug_wide8 *table, const int8_t *const x[PIXELS], int8_t *const y[PIXELS], \
                            const int16_t *w, int32_t c, int32_t n)                                                    \
    {                                                                                                                  \
        const snug_requant q = g->q;                                                                                   \
        const snug_wide8 t = *table;                                                                                   \
        int32_t i, k;                                                                                                  \
        EACH(SNUG_WIDE_DECLARE)                                                                                        \
        for (i = 0; i < g->pieces; i++) {                                                                              \
            const int32_t len = g->piece[i].len;                                                                       \
            EACH(SNUG_WIDE_POINT)                                                                                      \
            for (k = len; k >= 8; k -= 8) {                                                                            \
                EACH(SNUG_WIDE_LOAD)                                                                                   \
                SNUG_WIDE_STEP(0, EACH) SNUG_WIDE_STEP(1, EACH) SNUG_WIDE_STEP(2, EACH) SNUG_WIDE_STEP(3, EACH)        \
                SNUG_WIDE_STEP(4, EACH) SNUG_WIDE_STEP(5, EACH) SNUG_WIDE_STEP(6, EACH) SNUG_WIDE_STEP(7, EACH)        \
            }                                                                                                          \
            if (k > 0) {                                                                                               \
                EACH(SNUG_WIDE_LOAD)                                                                                   \
                SNUG_WIDE_STEP(0, EACH)                                                                                \
                if (k > 1) SNUG_WIDE_STEP(1, EACH)                                                                     \
                if (k > 2) SNUG_WIDE_STEP(2, EACH)                                                                     \
                if (k > 3) SNUG_WIDE_STEP(3, EACH)                                                                     \
                if (k > 4) SNUG_WIDE_STEP(4, EACH)                                                                     \
                if (k > 5) SNUG_WIDE_STEP(5, EACH)                                                                     \
                if (k > 6) SNUG_WIDE_STEP(6, EACH)                                                                     \
            }                                                                                                          \
        }                                                                                                              \
        EACH(SNUG_WIDE_STORE)                                                                                          \
    }
#if defined(__aarch64__)
#define SNUG_WIDE_PIXELS 8
SNUG_WIDE_TILE(snug_wide_tile, 8, SNUG_EACH8)
#else
#define SNUG_WIDE_PIXELS 4
SNUG_WIDE_TILE(snug_wide_tile, 4, SNUG_EACH4)
#endif
SNUG_WIDE_TILE(snug_wide_tile1, 1, SNUG_EACH1)
#undef SNUG_WIDE_TILE

/* Widens k products of sixteen channels, to eight channels after eight. */
static inline void snug_wide_widen(const int8_t *w, int32_t k, int16_t *wide)
{
    int32_t i;
    for (i = 0; i < k; i++) {
        const int8x16_t v = vld1q_s8(w + SNUG_LANES * i);
        vst1q_s16(wide + 8 * i, vmovl_s8(vget_low_s8(v)));
        vst1q_s16(wide + 8 * (k + i), vmovl_s8(vget_high_s8(v)));
    }
}

static inline void snug_conv_s8_a32_smlal(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const int32_t pixels = g->h * g->w;
    const int8_t *w = g->weights;
    int16_t *const wide = scratch;
    int32_t group, block, half, left;
    for (group = 0; group < g->groups; group++) {
        for (block = 0; block < g->c; block += SNUG_LANES, w += SNUG_LANES * g->k) {
            snug_wide_widen(w, g->k, wide);
            for (half = 0; half < SNUG_LANES && block + half < g->c; half += 8) {
                const int32_t c = group * g->c + block + half, n = g->c - block - half;
                snug_walk p = {x + group * g->x_group, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
                const int8_t *xs[SNUG_WIDE_PIXELS];
                int8_t *ys[SNUG_WIDE_PIXELS];
                snug_channels8 ta, tb;
                snug_lanes_tables(&g->q, c, n < 8 ? n : 8, &ta, &tb);
                p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
                for (left = pixels; left >= SNUG_WIDE_PIXELS; left -= SNUG_WIDE_PIXELS) {
                    snug_walk_take(&p, SNUG_WIDE_PIXELS, xs, ys);
                    snug_wide_tile(g, &ta.wide, xs, ys, wide + half * g->k, c, n);
                }
                for (; left > 0; left--) {
                    snug_walk_take(&p, 1, xs, ys);
                    snug_wide_tile1(g, &ta.wide, xs, ys, wide + half * g->k, c, n);
                }
            }
        }
    }
}

#else

static inline int32_t snug_wide_sum(const snug_conv *g, const int8_t *x, int32_t group, int32_t c)
{
    const int32_t blocks = (g->c + SNUG_LANES - 1) / SNUG_LANES;
    const int8_t *w = g->weights + ((group * blocks + c / SNUG_LANES) * g->k) * SNUG_LANES + c % SNUG_LANES;
    int32_t sum = 0, i, k;
    for (i = 0; i < g->pieces; i++) {
        for (k = 0; k < g->piece[i].len; k++, w += SNUG_LANES) {
            sum += x[g->piece[i].at + k] * *w;
        }
    }
    return sum;
}

static inline void snug_conv_s8_a32_smlal(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    (void)scratch;
    snug_conv_each(g, x, y, snug_wide_sum);
}

#endif
#endif
