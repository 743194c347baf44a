/* Convolution with a channel in each 16-bit lane: MLA.8h (VMLA.I16) by element. */
#ifndef SNUG_CONV_MLA_H
#define SNUG_CONV_MLA_H

#include "snug_conv.h"
#include "snug_lanes.h"
#include "snug_walk.h"
#include "snug_mla_columns.h"

/* weights[channel/16][k][16]; the last block of a group is filled with zeros.
   scratch holds one block widened to 16 bits, 16 * k elements: every tile of
   pixels reads it again. */

#if SNUG_NEON

/* Eight pixels by sixteen channels fill sixteen of thirty-two registers, four by
   sixteen eight of ARMv7's sixteen. */
#define SNUG_DECLARE(p) int16x8_t a##p = start_a, b##p = start_b;
#define SNUG_POINT(p) const int8_t *s##p = x[p] + at;
#define SNUG_LOAD(p)                          \
    const int16x8_t x##p = snug_widen8(s##p); \
    s##p += 8;                                \
    SNUG_HIDE(s##p)
#define SNUG_STORE(p) snug_lanes_store(&q, ta, tb, a##p, b##p, c, n, y[p]);
#define SNUG_FULL_P 16
#define SNUG_FULL_H 8
#define SNUG_GIVE_P(p) vst1q_s8(y[p], snug_lanes_fast(a##p, b##p, &na, &nb, lo, hi, 0));
#define SNUG_GIVE_HALF_P(p) vst1q_s8(y[p], snug_lanes_fast(a##p, b##p, &na, &nb, lo, hi, 1));
#define SNUG_GIVE_H(p) vst1_s8(y[p], vget_low_s8(snug_lanes_fast(a##p, a##p, &na, &na, lo, hi, 0)));
#define SNUG_GIVE_HALF_H(p) vst1_s8(y[p], vget_low_s8(snug_lanes_fast(a##p, a##p, &na, &na, lo, hi, 1)));

/* A tile: the pixels whose windows begin at x[0]..., channels c to c+n-1. T is P
   for sixteen channels, H for at most eight. */
#define SNUG_MLA_TILE(NAME, T, PIXELS, EACH)                                                                           \
    static inline void NAME(const snug_conv *g, const snug_channels8 *ta, const snug_channels8 *tb,                   \
                            const int8_t *const x[PIXELS], int8_t *const y[PIXELS], const int16_t *w, int32_t c,      \
                            int32_t n)                                                                                \
    {                                                                                                                 \
        const snug_requant q = g->q;                                                                                  \
        const snug_piece *const piece = g->piece;                                                                     \
        const int32_t pieces = g->pieces;                                                                             \
        int16x8_t start_a = vdupq_n_s16(0), start_b = start_a;                                                        \
        int32_t i, k;                                                                                                 \
        if (q.preload) {                                                                                              \
            snug_lanes_start(&q, c, n, &start_a, &start_b);                                                           \
        }                                                                                                             \
        {                                                                                                             \
            EACH(SNUG_DECLARE)                                                                                        \
            for (i = 0; i < pieces; i++) {                                                                            \
                const int32_t at = piece[i].at, len = piece[i].len;                                                   \
                EACH(SNUG_POINT)                                                                                      \
                for (k = 0; k + 8 <= len; k += 8) {                                                                   \
                    EACH(SNUG_LOAD)                                                                                   \
                    SNUG_PAIR(T, 0, 1, EACH) SNUG_PAIR(T, 2, 3, EACH) SNUG_PAIR(T, 4, 5, EACH) SNUG_PAIR(T, 6, 7, EACH) \
                }                                                                                                     \
                if (k < len) { /* the vectors reach past the piece; only its elements are used */                     \
                    EACH(SNUG_LOAD)                                                                                   \
                    SNUG_ONE(T, 0, EACH)                                                                                 \
                    if (len - k > 1) SNUG_ONE(T, 1, EACH)                                                                \
                    if (len - k > 2) SNUG_ONE(T, 2, EACH)                                                                \
                    if (len - k > 3) SNUG_ONE(T, 3, EACH)                                                                \
                    if (len - k > 4) SNUG_ONE(T, 4, EACH)                                                                \
                    if (len - k > 5) SNUG_ONE(T, 5, EACH)                                                                \
                    if (len - k > 6) SNUG_ONE(T, 6, EACH)                                                                \
                }                                                                                                     \
            }                                                                                                         \
            if (snug_is_fast(&q) && n == SNUG_FULL_##T) { /* what is stored cannot change these */                    \
                const snug_narrow8 na = ta->narrow, nb = tb->narrow;                                                  \
                const int8x16_t lo = vdupq_n_s8((int8_t)q.lo), hi = snug_top16(&q, c, n);                             \
                if (q.half) {                                                                                         \
                    EACH(SNUG_GIVE_HALF_##T)                                                                          \
                } else {                                                                                              \
                    EACH(SNUG_GIVE_##T)                                                                               \
                }                                                                                                     \
                (void)nb;                                                                                             \
            } else {                                                                                                  \
                EACH(SNUG_STORE)                                                                                      \
            }                                                                                                         \
        }                                                                                                             \
    }

#if defined(__aarch64__)
#define SNUG_MLA_PIXELS 8
SNUG_MLA_TILE(snug_mla_tile, P, 8, SNUG_EACH8)
SNUG_MLA_TILE(snug_mla_half, H, 8, SNUG_EACH8)
#else
#define SNUG_MLA_PIXELS 4
SNUG_MLA_TILE(snug_mla_tile, P, 4, SNUG_EACH4)
SNUG_MLA_TILE(snug_mla_half, H, 4, SNUG_EACH4)
#endif
SNUG_MLA_TILE(snug_mla_tile4, P, 4, SNUG_EACH4)
SNUG_MLA_TILE(snug_mla_tile1, P, 1, SNUG_EACH1)

#undef SNUG_MLA_TILE
#undef SNUG_DECLARE
#undef SNUG_POINT
#undef SNUG_LOAD
#undef SNUG_STORE

/* Widens k products of sixteen channels. */
static inline void snug_mla_widen(const int8_t *w, int32_t k, int16_t *wide)
{
    int32_t i, j;
    for (i = 0; i + 4 <= k; i += 4, w += 4 * SNUG_LANES, wide += 4 * SNUG_LANES) {
        SNUG_UNROLL
        for (j = 0; j < 4 * SNUG_LANES; j += SNUG_LANES) {
            const int8x16_t v = vld1q_s8(w + j);
            vst1q_s16(wide + j, vmovl_s8(vget_low_s8(v)));
            vst1q_s16(wide + j + 8, vmovl_s8(vget_high_s8(v)));
        }
    }
    for (; i < k; i++, w += SNUG_LANES, wide += SNUG_LANES) {
        vst1q_s16(wide, vmovl_s8(vld1_s8(w)));
        vst1q_s16(wide + 8, vmovl_s8(vld1_s8(w + 8)));
    }
}

static inline void snug_conv_s8_a16_mla(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    const int32_t pixels = g->h * g->w;
    const int8_t *w = g->weights;
    int16_t *const wide = scratch;
#if SNUG_TILE64
    const int32_t stride = snug_mla_shares(g);
#endif
    int32_t group, block, left;
    for (group = 0; group < g->groups; group++) {
        for (block = 0; block < g->c; block += SNUG_LANES, w += SNUG_LANES * g->k) {
            const int32_t n = g->c - block < SNUG_LANES ? g->c - block : SNUG_LANES, c = group * g->c + block;
            snug_walk p = {x + group * g->x_group, y + c, 0, g->w, g->x_col, g->y_col, 0, 0};
            const int8_t *xs[SNUG_MLA_PIXELS];
            int8_t *ys[SNUG_MLA_PIXELS];
            snug_channels8 ta, tb;
            p.x_skip = g->x_row - g->w * g->x_col, p.y_skip = g->y_row - g->w * g->y_col;
            if (p.x_skip == 0 && p.y_skip == 0) {
                p.w = pixels; /* one long row */
            }
            snug_mla_widen(w, g->k, wide);
#if SNUG_TILE64
            if (n == SNUG_LANES && stride) {
                snug_mla_rows(g, stride, x + group * g->x_group, y + c, wide, c);
                continue;
            }
#endif
            snug_lanes_tables(&g->q, c, n, &ta, &tb);
            for (left = pixels; left >= SNUG_MLA_PIXELS; left -= SNUG_MLA_PIXELS) {
                snug_walk_take(&p, SNUG_MLA_PIXELS, xs, ys);
                if (n > 8) {
                    snug_mla_tile(g, &ta, &tb, xs, ys, wide, c, n);
                } else {
                    snug_mla_half(g, &ta, &tb, xs, ys, wide, c, n);
                }
            }
            if (left >= 4) {
                snug_walk_take(&p, 4, xs, ys);
                snug_mla_tile4(g, &ta, &tb, xs, ys, wide, c, n);
                left -= 4;
            }
            for (; left > 0; left--) {
                snug_walk_take(&p, 1, xs, ys);
                snug_mla_tile1(g, &ta, &tb, xs, ys, wide, c, n);
            }
        }
    }
}

#else /* the same sums, one at a time */

static inline void snug_conv_s8_a16_mla(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    int32_t group, row, col, c, i, k;
    const int32_t blocks = (g->c + SNUG_LANES - 1) / SNUG_LANES;
    (void)scratch;
    for (group = 0; group < g->groups; group++) {
        for (row = 0; row < g->h; row++) {
            for (col = 0; col < g->w; col++) {
                const int8_t *xp = x + group * g->x_group + row * g->x_row + col * g->x_col;
                int8_t *yp = y + row * g->y_row + col * g->y_col + group * g->c;
                for (c = 0; c < g->c; c++) {
                    const int8_t *w = g->weights + ((group * blocks + c / SNUG_LANES) * g->k) * SNUG_LANES + c % SNUG_LANES;
                    const int32_t channel = group * g->c + c;
                    uint32_t acc = g->q.preload ? (uint32_t)g->q.preload[channel] : 0u;
                    for (i = 0; i < g->pieces; i++) {
                        const int8_t *xi = xp + g->piece[i].at;
                        const int32_t len = g->piece[i].len;
                        for (k = 0; k < len; k++, w += SNUG_LANES) {
                            acc += (uint32_t)(xi[k] * *w);
                        }
                    }
                    yp[c] = snug_requantize(&g->q, snug_wrap16(acc), channel);
                }
            }
        }
    }
}

#endif
#endif
