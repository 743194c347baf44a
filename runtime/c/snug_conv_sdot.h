/* Convolution for cores with a dot product: SDOT by lane, 32-bit sums. */
#ifndef SNUG_CONV_SDOT_H
#define SNUG_CONV_SDOT_H

#include "snug_conv_mla.h"

/* weights[channel/8][k/4][8][4]: four products of a channel side by side, each
   piece padded with zeros to a multiple of four, the last block of a group with
   zero channels. Up to seven elements past a piece are read and weigh nothing. */

#if SNUG_NEON && defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

/* Sixteen inputs of pixel p are in x0..., the sums of its eight channels in a0,
   b0...: eight pixels and four vectors of weights fill 28 registers. */
#define SNUG_SDOT_DECLARE(p) int32x4_t a##p = vdupq_n_s32(0), b##p = a##p;
#define SNUG_SDOT_POINT(p) const int8_t *s##p = x[p] + at;
#define SNUG_SDOT_LOAD(p)                  \
    const int8x16_t x##p = vld1q_s8(s##p); \
    s##p += 16;
#define SNUG_SDOT_REST(p) \
    const int8x16_t x##p = k > 8 ? vld1q_s8(s##p) : vcombine_s8(vld1_s8(s##p), vdup_n_s8(0));
#define SNUG_SDOT_STORE(p) snug_wide_store(&q, &t, a##p, b##p, c, n, y[p]);
#define SNUG_SDOT_GIVE(p) vst1_s8(y[p], snug_sdot_give(&t, a##p, b##p, zero, lo, hi, 0));
#define SNUG_SDOT_GIVE_HALF(p) vst1_s8(y[p], snug_sdot_give(&t, a##p, b##p, zero, lo, hi, 1));
#define SNUG_SDOT_PIXEL(p, j)                  \
    a##p = vdotq_laneq_s32(a##p, wl, x##p, j); \
    b##p = vdotq_laneq_s32(b##p, wh, x##p, j);
#define SNUG_SDOT_0(p) SNUG_SDOT_PIXEL(p, 0)
#define SNUG_SDOT_1(p) SNUG_SDOT_PIXEL(p, 1)
#define SNUG_SDOT_2(p) SNUG_SDOT_PIXEL(p, 2)
#define SNUG_SDOT_3(p) SNUG_SDOT_PIXEL(p, 3)

/* gcc would put the products of one sum behind each other, each waiting for the
   last: no pixel goes on before all have had their four. */
#if defined(__clang__)
#define SNUG_SDOT_AFTER(p)
#else
#define SNUG_SDOT_AFTER(p) __asm__ volatile("" : "+w"(a##p), "+w"(b##p));
#endif

/* Four products of every sum, and eight by one load. */
#define SNUG_SDOT_ONE(i, EACH)                                   \
    {                                                            \
        const int8x16_t wl = vld1q_s8(w), wh = vld1q_s8(w + 16); \
        w += 32;                                                 \
        EACH(SNUG_SDOT_##i)                                      \
        EACH(SNUG_SDOT_AFTER)                                    \
    }
#define SNUG_SDOT_PAIR(i, j, EACH)                            \
    {                                                         \
        const int8x16x4_t w4 = vld1q_s8_x4(w);                \
        w += 64;                                              \
        {                                                     \
            const int8x16_t wl = w4.val[0], wh = w4.val[1];   \
            EACH(SNUG_SDOT_##i)                               \
            EACH(SNUG_SDOT_AFTER)                             \
        }                                                     \
        {                                                     \
            const int8x16_t wl = w4.val[2], wh = w4.val[3];   \
            EACH(SNUG_SDOT_##j)                               \
            EACH(SNUG_SDOT_AFTER)                             \
        }                                                     \
    }

/* Eight sums to clamped channels, by a requantizer that has multipliers and no
   shift to the left. */
static inline int8x8_t snug_sdot_give(const snug_wide8 *t, int32x4_t a, int32x4_t b, int16x8_t zero, int8x8_t lo, int8x8_t hi,
                                      int32_t half)
{
    a = vaddq_s32(a, t->bias[0]), b = vaddq_s32(b, t->bias[1]);
    if (half != 0) {
        a = vrshrq_n_s32(a, 1), b = vrshrq_n_s32(b, 1);
    }
    a = vrshlq_s32(vqrdmulhq_s32(a, t->mul[0]), t->shift[0]);
    b = vrshlq_s32(vqrdmulhq_s32(b, t->mul[1]), t->shift[1]);
    return vmin_s8(vmax_s8(vqmovn_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero)), lo), hi);
}

/* A tile: the pixels whose windows begin at x[0]..., channels c to c+n-1 of
   which at most eight are stored. */
#define SNUG_SDOT_TILE(NAME, PIXELS, EACH)                                                                             \
    static inline void NAME(const snug_conv *g, const snug_wide8 *table, const int8_t *const x[PIXELS],               \
                            int8_t *const y[PIXELS], const int8_t *w, int32_t c, int32_t n)                           \
    {                                                                                                                 \
        const snug_requant q = g->q;                                                                                  \
        const snug_wide8 t = *table;                                                                                  \
        int32_t i, k;                                                                                                 \
        EACH(SNUG_SDOT_DECLARE)                                                                                       \
        for (i = 0; i < g->pieces; i++) {                                                                             \
            const int32_t at = g->piece[i].at;                                                                        \
            EACH(SNUG_SDOT_POINT)                                                                                     \
            for (k = g->piece[i].len; k >= 16; k -= 16) {                                                             \
                EACH(SNUG_SDOT_LOAD)                                                                                  \
                SNUG_SDOT_PAIR(0, 1, EACH) SNUG_SDOT_PAIR(2, 3, EACH)                                                 \
            }                                                                                                         \
            if (k > 0) {                                                                                              \
                EACH(SNUG_SDOT_REST)                                                                                  \
                SNUG_SDOT_ONE(0, EACH)                                                                                \
                if (k > 4) SNUG_SDOT_ONE(1, EACH)                                                                     \
                if (k > 8) SNUG_SDOT_ONE(2, EACH)                                                                     \
                if (k > 12) SNUG_SDOT_ONE(3, EACH)                                                                    \
            }                                                                                                         \
        }                                                                                                             \
        if (q.narrow && q.mul && n >= 8) {                                                                            \
            const int16x8_t zero = vdupq_n_s16((int16_t)q.zero);                                                      \
            const int8x8_t lo = vdup_n_s8((int8_t)q.lo), hi = t.top;                                                  \
            if (q.half) {                                                                                             \
                EACH(SNUG_SDOT_GIVE_HALF)                                                                             \
            } else {                                                                                                  \
                EACH(SNUG_SDOT_GIVE)                                                                                  \
            }                                                                                                         \
        } else {                                                                                                      \
            EACH(SNUG_SDOT_STORE)                                                                                     \
        }                                                                                                             \
    }
SNUG_SDOT_TILE(snug_sdot_tile8, 8, SNUG_EACH8)
SNUG_SDOT_TILE(snug_sdot_tile4, 4, SNUG_EACH4)
SNUG_SDOT_TILE(snug_sdot_tile1, 1, SNUG_EACH1)
#undef SNUG_SDOT_TILE

static inline void snug_conv_s8_a32_sdot(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const int8_t *w = g->weights;
    int32_t group, block, left;
    (void)scratch;
    for (group = 0; group < g->groups; group++) {
        for (block = 0; block < g->c; block += 8, w += 8 * g->k) {
            const int32_t c = group * g->c + block, n = g->c - block;
            snug_walk p = {x + group * g->x_group, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
            const int8_t *xs[8];
            int8_t *ys[8];
            snug_channels8 ta, tb;
            snug_lanes_tables(&g->q, c, n < 8 ? n : 8, &ta, &tb);
            p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
            for (left = g->h * g->w; left >= 8; left -= 8) {
                snug_walk_take(&p, 8, xs, ys);
                snug_sdot_tile8(g, &ta.wide, xs, ys, w, c, n);
            }
            if (left >= 4) {
                snug_walk_take(&p, 4, xs, ys);
                snug_sdot_tile4(g, &ta.wide, xs, ys, w, c, n);
                left -= 4;
            }
            for (; left > 0; left--) {
                snug_walk_take(&p, 1, xs, ys);
                snug_sdot_tile1(g, &ta.wide, xs, ys, w, c, n);
            }
        }
    }
}

#else

static inline int32_t snug_sdot_sum(const snug_conv *g, const int8_t *x, int32_t group, int32_t c)
{
    const int32_t blocks = (g->c + 7) / 8;
    const int8_t *w = g->weights + (group * blocks + c / 8) * 8 * g->k + c % 8 * 4;
    int32_t sum = 0, i, k;
    for (i = 0; i < g->pieces; i++) {
        const int32_t len = g->piece[i].len;
        for (k = 0; k < len; k++) {
            sum += x[g->piece[i].at + k] * w[k / 4 * 32 + k % 4];
        }
        w += (len + 3) / 4 * 32;
    }
    return sum;
}

static inline void snug_conv_s8_a32_sdot(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    (void)scratch;
    snug_conv_each(g, x, y, snug_sdot_sum);
}

#endif
#endif
