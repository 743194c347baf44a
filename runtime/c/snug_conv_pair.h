/* A baseline with 32-bit sums and 8-bit operands: two products in 16 bits by SMULL
   and SMLAL2 (VMULL.S8, VMLAL.S8), added in pairs to 32 by SADALP (VPADAL). Two products
   of magnitude at most 128 * 127 fit 16 bits. */
#ifndef SNUG_CONV_PAIR_H
#define SNUG_CONV_PAIR_H

#include "snug_conv_smlal.h"
#include "snug_lanes.h"

#if SNUG_NEON

/* Four channels of as many pixels as snug_conv_s8_a16_smlal has, whose weights these
   are too: sums of pixel p and channel j in t##p##j. */
#define SNUG_PAIR_DECLARE(p) int32x4_t t##p##0 = zero, t##p##1 = zero, t##p##2 = zero, t##p##3 = zero;
#define SNUG_PAIR_POINT(p) const int8_t *x##p = x[p] + g->piece[i].at;
#define SNUG_PAIR_LOAD(p)                  \
    const int8x16_t u##p = vld1q_s8(x##p); \
    x##p += 16;
#define SNUG_PAIR_LOW(p) int16x8_t m##p = vmull_s8(vget_low_s8(v), vget_low_s8(u##p));
#define SNUG_PAIR_HIGH(p) m##p = SNUG_DOT_HIGH(m##p, v, u##p);
#define SNUG_PAIR_ADD(j, p) t##p##j = vpadalq_s16(t##p##j, m##p);
#if defined(__aarch64__)
#define SNUG_PAIR_ALL(j) SNUG_PAIR_ADD(j, 0) SNUG_PAIR_ADD(j, 1) SNUG_PAIR_ADD(j, 2) SNUG_PAIR_ADD(j, 3)
#else /* no weights are loaded before the last ones are used: registers hold no more */
#define SNUG_PAIR_ALL(j)                      \
    SNUG_PAIR_ADD(j, 0) SNUG_PAIR_ADD(j, 1)   \
    __asm__("" : "+w"(t0##j), "+w"(t1##j), "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3));
#endif
/* One channel of all pixels: chains that do not wait for each other. */
#define SNUG_PAIR_CHANNEL(j)                              \
    {                                                     \
        const int8x16_t v = vld1q_s8(w##j);               \
        w##j += 16;                                       \
        SNUG_DOT_EACH(SNUG_PAIR_LOW)                      \
        SNUG_DOT_EACH(SNUG_PAIR_HIGH)                     \
        SNUG_PAIR_ALL(j)                                  \
    }
#define SNUG_PAIR_EIGHT(p)                               \
    {                                                    \
        const int8x8_t u = vld1_s8(x##p);                \
        t##p##0 = vpadalq_s16(t##p##0, vmull_s8(v0, u)); \
        t##p##1 = vpadalq_s16(t##p##1, vmull_s8(v1, u)); \
        t##p##2 = vpadalq_s16(t##p##2, vmull_s8(v2, u)); \
        t##p##3 = vpadalq_s16(t##p##3, vmull_s8(v3, u)); \
    }
#define SNUG_PAIR_SUM(p) snug_dot_reduce32(t##p##0, t##p##1, t##p##2, t##p##3)
#define SNUG_PAIR_GIVE(p, r) snug_dot_give32(&q, t, SNUG_PAIR_SUM(p), SNUG_PAIR_SUM(r), y[p] + c, y[r] + c);
#define SNUG_PAIR_STORE(p) snug_dot_store(&q, SNUG_PAIR_SUM(p), c, n, y[p]);

static inline void snug_pair_tile(const snug_conv *g, const snug_dot_tables *t, const int8_t *const x[SNUG_DOT_PIXELS],
                                  int8_t *const y[SNUG_DOT_PIXELS], int32_t c, int32_t n)
{
    const snug_requant q = g->q;
    const int32x4_t zero = vdupq_n_s32(0);
    const int8_t *w0 = g->weights + c * g->k;
    const int8_t *w1 = n > 1 ? w0 + g->k : w0;
    const int8_t *w2 = n > 2 ? w1 + g->k : w1;
    const int8_t *w3 = n > 3 ? w2 + g->k : w2;
    int32_t i, k;
    SNUG_DOT_EACH(SNUG_PAIR_DECLARE)
    for (i = 0; i < g->pieces; i++) {
        SNUG_DOT_EACH(SNUG_PAIR_POINT)
        for (k = g->piece[i].len; k > 8; k -= 16) {
            SNUG_DOT_EACH(SNUG_PAIR_LOAD)
            SNUG_EACH4(SNUG_PAIR_CHANNEL)
        }
        if (k > 0) {
            const int8x8_t v0 = vld1_s8(w0), v1 = vld1_s8(w1), v2 = vld1_s8(w2), v3 = vld1_s8(w3);
            w0 += 8, w1 += 8, w2 += 8, w3 += 8;
            SNUG_DOT_EACH(SNUG_PAIR_EIGHT)
        }
    }
    if (t->form) {
        SNUG_DOT_TWO(SNUG_PAIR_GIVE)
    } else {
        SNUG_DOT_EACH(SNUG_PAIR_STORE)
    }
}

/* Up to eight channels of one pixel, as fully connected layers have. */
static inline void snug_pair_pixel(const snug_conv *g, const int8_t *x, int8_t *y, int32_t c, int32_t n)
{
    const snug_requant q = g->q;
    const int8_t *w[8];
    int32x4_t s[8];
    int32_t i, j, k;
    for (j = 0; j < 8; j++) {
        w[j] = g->weights + (c + (j < n ? j : 0)) * g->k;
        s[j] = vdupq_n_s32(0);
    }
    for (i = 0; i < g->pieces; i++) {
        const int8_t *xi = x + g->piece[i].at;
        for (k = g->piece[i].len; k > 8; k -= 16, xi += 16) {
            const int8x16_t u = vld1q_s8(xi);
            SNUG_UNROLL
            for (j = 0; j < 8; j++) {
                const int8x16_t v = vld1q_s8(w[j]);
                s[j] = vpadalq_s16(s[j], SNUG_DOT_HIGH(vmull_s8(vget_low_s8(v), vget_low_s8(u)), v, u));
                w[j] += 16;
            }
        }
        if (k > 0) {
            const int8x8_t u = vld1_s8(xi);
            SNUG_UNROLL
            for (j = 0; j < 8; j++) {
                s[j] = vpadalq_s16(s[j], vmull_s8(vld1_s8(w[j]), u));
                w[j] += 8;
            }
        }
    }
    snug_dot_store(&q, snug_dot_reduce32(s[0], s[1], s[2], s[3]), c, n < 4 ? n : 4, y);
    if (n > 4) {
        snug_dot_store(&q, snug_dot_reduce32(s[4], s[5], s[6], s[7]), c + 4, n - 4, y);
    }
}

static inline void snug_conv_s8_a32_sadalp(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    int32_t group, c, left;
    (void)scratch;
    for (group = 0; group < g->groups; group++) {
        if ((g->h == 1) && (g->w == 1)) {
            for (c = 0; c < g->c; c += 8) {
                snug_pair_pixel(g, x + group * g->x_group, y, group * g->c + c, g->c - c < 8 ? g->c - c : 8);
            }
            continue;
        }
        for (c = 0; c < g->c; c += 4) {
            const int32_t n = g->c - c < 4 ? g->c - c : 4;
            snug_walk p = {x + group * g->x_group, y, 0, g->w, g->x_col, g->y_col, 0, 0};
            const int8_t *xs[SNUG_DOT_PIXELS];
            int8_t *ys[SNUG_DOT_PIXELS];
            snug_dot_tables t;
            snug_dot_load(&g->q, group * g->c + c, n, &t);
            p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
            for (left = g->h * g->w; left > 0; left -= SNUG_DOT_PIXELS) {
                snug_walk_tile(&p, left, SNUG_DOT_PIXELS, xs, ys);
                snug_pair_tile(g, &t, xs, ys, group * g->c + c, n);
            }
        }
    }
}

#else

static inline int32_t snug_pair_sum(const snug_conv *g, const int8_t *x, int32_t group, int32_t c)
{
    const int8_t *w = g->weights + (group * g->c + c) * g->k;
    int32_t sum = 0, i, k;
    for (i = 0; i < g->pieces; i++) {
        for (k = 0; k < g->piece[i].len; k++) {
            sum += x[g->piece[i].at + k] * w[k];
        }
        w += (g->piece[i].len + 7) / 8 * 8;
    }
    return sum;
}

static inline void snug_conv_s8_a32_sadalp(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    (void)scratch;
    snug_conv_each(g, x, y, snug_pair_sum);
}

#endif
#endif
