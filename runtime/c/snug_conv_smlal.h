/* Convolution with a dot product split over eight 16-bit lanes: SMLAL.8h
   (VMLAL.S8), operands never widened. */
#ifndef SNUG_CONV_SMLAL_H
#define SNUG_CONV_SMLAL_H

#include "snug_dot64.h"
#include "snug_dot_store.h"
#include "snug_walk.h"

/* weights[channel][k], each piece padded with zeros to a multiple of eight; the
   padding may read up to seven elements past a piece, which weigh nothing.
   A segment's bound holds for each lane: lane i sums products i, i+8, ... */

#if SNUG_NEON

/* Four channels of a tile of pixels: sums in s00..., that of pixel p and channel
   j in s##p##j. On ARMv8 four pixels fill sixteen registers; on ARMv7 two fill
   eight of sixteen. */
#if defined(__aarch64__)
#define SNUG_DOT_PIXELS 4
#define SNUG_DOT_EACH(M) M(0) M(1) M(2) M(3)
#define SNUG_DOT_TWO(M) M(0, 1) M(2, 3)
#else
#define SNUG_DOT_PIXELS 2
#define SNUG_DOT_EACH(M) M(0) M(1)
#define SNUG_DOT_TWO(M) M(0, 1)
#endif

#if defined(__aarch64__)
#define SNUG_DOT_HIGH(s, w, x) vmlal_high_s8(s, w, x)
#else
#define SNUG_DOT_HIGH(s, w, x) vmlal_s8(s, vget_high_s8(w), vget_high_s8(x))
#endif

#define SNUG_DOT_DECLARE(p) int16x8_t s##p##0 = vdupq_n_s16(0), s##p##1 = s##p##0, s##p##2 = s##p##0, s##p##3 = s##p##0;
#define SNUG_DOT_POINT(p) const int8_t *x##p = x[p] + g->piece[i].at;
#define SNUG_DOT_SIXTEEN(p)                                             \
    {                                                                   \
        const int8x16_t u = vld1q_s8(x##p);                             \
        x##p += 16;                                                     \
        s##p##0 = vmlal_s8(s##p##0, vget_low_s8(v0), vget_low_s8(u));   \
        s##p##1 = vmlal_s8(s##p##1, vget_low_s8(v1), vget_low_s8(u));   \
        s##p##2 = vmlal_s8(s##p##2, vget_low_s8(v2), vget_low_s8(u));   \
        s##p##3 = vmlal_s8(s##p##3, vget_low_s8(v3), vget_low_s8(u));   \
        s##p##0 = SNUG_DOT_HIGH(s##p##0, v0, u);                        \
        s##p##1 = SNUG_DOT_HIGH(s##p##1, v1, u);                        \
        s##p##2 = SNUG_DOT_HIGH(s##p##2, v2, u);                        \
        s##p##3 = SNUG_DOT_HIGH(s##p##3, v3, u);                        \
    }
#define SNUG_DOT_EIGHT(p)                              \
    {                                                  \
        const int8x8_t u = vld1_s8(x##p);              \
        s##p##0 = vmlal_s8(s##p##0, v0, u);            \
        s##p##1 = vmlal_s8(s##p##1, v1, u);            \
        s##p##2 = vmlal_s8(s##p##2, v2, u);            \
        s##p##3 = vmlal_s8(s##p##3, v3, u);            \
    }
#define SNUG_DOT_FLUSH(p)                                  \
    wide[p][0] = vpadalq_s16(wide[p][0], s##p##0);         \
    wide[p][1] = vpadalq_s16(wide[p][1], s##p##1);         \
    wide[p][2] = vpadalq_s16(wide[p][2], s##p##2);         \
    wide[p][3] = vpadalq_s16(wide[p][3], s##p##3);         \
    s##p##0 = s##p##1 = s##p##2 = s##p##3 = vdupq_n_s16(0);
/* One pixel, and two; what is absent is stored where a pixel that is there is. */
#define SNUG_DOT_WIDE(p) snug_dot_reduce32(wide[p][0], wide[p][1], wide[p][2], wide[p][3])
#define SNUG_DOT_STORE(p)                                                                                          \
    snug_dot_store(&q, flushes ? SNUG_DOT_WIDE(p)                                                                  \
                               : snug_dot_whole(&q, snug_dot_reduce16(s##p##0, s##p##1, s##p##2, s##p##3), c, n), \
                   c, n, y[p]);
#define SNUG_DOT_GIVE32(p, r) snug_dot_give32(&q, t, SNUG_DOT_WIDE(p), SNUG_DOT_WIDE(r), y[p] + c, y[r] + c);
#define SNUG_DOT_BOTH(p, r)                                                                                     \
    const int16x8_t both##p = vaddq_s16(                                                                        \
        snug_dot_reduce16x2(s##p##0, s##p##1, s##p##2, s##p##3, s##r##0, s##r##1, s##r##2, s##r##3), t->preload);
#define SNUG_DOT_GIVE16(p, r) snug_dot_give16(&q, t, both##p, y[p] + c, y[r] + c);
#define SNUG_DOT_GIVE16W(p, r)                                                                                        \
    snug_dot_give32(&q, t, vmovl_s16(vget_low_s16(both##p)), vmovl_s16(vget_high_s16(both##p)), y[p] + c, y[r] + c);

/* Pixels that begin at x[0..], channels c..c+3 of which n are stored; the rows
   of channels past n repeat the last. */
static inline void snug_dot_tile(const snug_conv *g, const snug_dot_tables *t, const int8_t *const x[SNUG_DOT_PIXELS],
                                 int8_t *const y[SNUG_DOT_PIXELS], int32_t c, int32_t n, int32_t flushes)
{
    const snug_requant q = g->q;
    const int8_t *w0 = g->weights + c * g->k;
    const int8_t *w1 = n > 1 ? w0 + g->k : w0;
    const int8_t *w2 = n > 2 ? w1 + g->k : w1;
    const int8_t *w3 = n > 3 ? w2 + g->k : w2;
    int32x4_t wide[SNUG_DOT_PIXELS][4];
    int32_t i, k;
    SNUG_DOT_EACH(SNUG_DOT_DECLARE)
    for (i = 0; flushes && i < SNUG_DOT_PIXELS; i++) {
        wide[i][0] = wide[i][1] = wide[i][2] = wide[i][3] = vdupq_n_s32(0);
    }
    for (i = 0; i < g->pieces; i++) {
        const int32_t len = g->piece[i].len;
        SNUG_DOT_EACH(SNUG_DOT_POINT)
        for (k = len; k > 8; k -= 16) {
            const int8x16_t v0 = vld1q_s8(w0), v1 = vld1q_s8(w1), v2 = vld1q_s8(w2), v3 = vld1q_s8(w3);
            w0 += 16, w1 += 16, w2 += 16, w3 += 16;
            SNUG_DOT_EACH(SNUG_DOT_SIXTEEN)
        }
        if (k > 0) {
            const int8x8_t v0 = vld1_s8(w0), v1 = vld1_s8(w1), v2 = vld1_s8(w2), v3 = vld1_s8(w3);
            w0 += 8, w1 += 8, w2 += 8, w3 += 8;
            SNUG_DOT_EACH(SNUG_DOT_EIGHT)
        }
        if (flushes && g->piece[i].flush) {
            SNUG_DOT_EACH(SNUG_DOT_FLUSH)
        }
    }
    if (t->form == 0) {
        SNUG_DOT_EACH(SNUG_DOT_STORE)
    } else if (flushes != 0) {
        SNUG_DOT_TWO(SNUG_DOT_GIVE32)
    } else {
        SNUG_DOT_TWO(SNUG_DOT_BOTH)
        if (t->form == 2) {
            SNUG_DOT_TWO(SNUG_DOT_GIVE16)
        } else {
            SNUG_DOT_TWO(SNUG_DOT_GIVE16W)
        }
    }
}

/* One pixel, eight channels from c, of which n are stored: what a fully
   connected layer is made of. */
static inline void snug_dot_pixel(const snug_conv *g, const int8_t *x, int8_t *y, int32_t c, int32_t n, int32_t flushes)
{
    const snug_requant q = g->q;
    const int8_t *w[8];
    int32x4_t wide[8];
    int16x8_t s[8];
    int32_t i, j, k;
    SNUG_UNROLL
    for (j = 0; j < 8; j++) {
        w[j] = g->weights + (c + (j < n ? j : n - 1)) * g->k;
        s[j] = vdupq_n_s16(0);
        wide[j] = vdupq_n_s32(0);
    }
    for (i = 0; i < g->pieces; i++) {
        const int8_t *xi = x + g->piece[i].at;
        k = g->piece[i].len;
#if SNUG_TILE64
        if (!flushes && k >= 64) { /* segments are shorter */
            snug_dot_lines(w, s, xi, k / 64);
            snug_dot_lines(w + 4, s + 4, xi, k / 64);
            xi += k / 64 * 64;
            k %= 64;
        }
#endif
        for (; k > 8; k -= 16, xi += 16) {
            const int8x16_t u = vld1q_s8(xi);
            SNUG_UNROLL
            for (j = 0; j < 8; j++) {
                const int8x16_t v = vld1q_s8(w[j]);
                w[j] += 16;
                s[j] = SNUG_DOT_HIGH(vmlal_s8(s[j], vget_low_s8(v), vget_low_s8(u)), v, u);
            }
        }
        if (k > 0) {
            const int8x8_t u = vld1_s8(xi);
            SNUG_UNROLL
            for (j = 0; j < 8; j++) {
                s[j] = vmlal_s8(s[j], vld1_s8(w[j]), u);
                w[j] += 8;
            }
        }
        if (flushes && g->piece[i].flush) {
            SNUG_UNROLL
            for (j = 0; j < 8; j++) {
                wide[j] = vpadalq_s16(wide[j], s[j]);
                s[j] = vdupq_n_s16(0);
            }
        }
    }
    k = n < 4 ? n : 4;
    snug_dot_store(&q, flushes ? snug_dot_reduce32(wide[0], wide[1], wide[2], wide[3])
                               : snug_dot_whole(&q, snug_dot_reduce16(s[0], s[1], s[2], s[3]), c, k), c, k, y);
    if (n > 4) {
        snug_dot_store(&q, flushes ? snug_dot_reduce32(wide[4], wide[5], wide[6], wide[7])
                                   : snug_dot_whole(&q, snug_dot_reduce16(s[4], s[5], s[6], s[7]), c + 4, n - 4),
                       c + 4, n - 4, y);
    }
}

static inline void snug_conv_s8_a16_smlal(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const int32_t pixels = g->h * g->w;
    int32_t group, c, p, i, flushes = 0;
    (void)scratch;
    for (i = 0; i < g->pieces; i++) {
        flushes |= g->piece[i].flush;
    }
    for (group = 0; group < g->groups; group++) {
        if (pixels < 3) {
            for (p = 0; p < pixels; p++) {
                const int8_t *xp = x + group * g->x_group + p % g->w * g->x_col + p / g->w * g->x_row;
                int8_t *yp = y + p % g->w * g->y_col + p / g->w * g->y_row;
                for (c = 0; c < g->c; c += 8) { /* two copies: each has registers for all it needs */
                    const int32_t n = g->c - c < 8 ? g->c - c : 8;
                    if (flushes != 0) {
                        snug_dot_pixel(g, xp, yp, group * g->c + c, n, 1);
                    } else {
                        snug_dot_pixel(g, xp, yp, group * g->c + c, n, 0);
                    }
                }
            }
            continue;
        }
        for (c = 0; c < g->c; c += 4) {
            const int32_t n = g->c - c < 4 ? g->c - c : 4;
            snug_walk walk = {x + group * g->x_group, y, 0, g->w, g->x_col, g->y_col, 0, 0};
            const int8_t *xs[SNUG_DOT_PIXELS];
            int8_t *ys[SNUG_DOT_PIXELS];
            snug_dot_tables t;
            snug_dot_load(&g->q, group * g->c + c, n, &t);
            walk.x_skip = g->x_row - g->w * g->x_col, walk.y_skip = g->y_row - g->w * g->y_col;
            for (p = pixels; p > 0; p -= SNUG_DOT_PIXELS) {
                snug_walk_tile(&walk, p, SNUG_DOT_PIXELS, xs, ys);
                snug_dot_tile(g, &t, xs, ys, group * g->c + c, n, flushes);
            }
        }
    }
}

#else /* the same lanes */

static inline int32_t snug_dot_sum(const snug_conv *g, const int8_t *x, int32_t group, int32_t c)
{
    const int8_t *w = g->weights + (group * g->c + c) * g->k;
    uint32_t lane[8] = {0, 0, 0, 0, 0, 0, 0, 0}, all;
    int32_t sum = 0, flushed = 0, i, k, j;
    for (i = 0; i < g->pieces; i++) {
        const int8_t *xi = x + g->piece[i].at;
        const int32_t len = g->piece[i].len;
        for (k = 0; k < len; k++) {
            lane[k & 7] += (uint32_t)(xi[k] * w[k]);
        }
        w += (len + 7) / 8 * 8;
        if (g->piece[i].flush != 0u) {
            for (j = 0; j < 8; j++) {
                sum += snug_wrap16(lane[j]);
                lane[j] = 0u;
            }
            flushed = 1;
        }
    }
    if (flushed != 0) {
        return sum;
    }
    all = g->q.preload ? (uint32_t)g->q.preload[group * g->c + c] : 0u;
    for (j = 0; j < 8; j++) {
        all += lane[j];
    }
    return snug_wrap16(all);
}

static inline void snug_conv_s8_a16_smlal(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    (void)scratch;
    snug_conv_each(g, x, y, snug_dot_sum);
}

#endif
#endif
