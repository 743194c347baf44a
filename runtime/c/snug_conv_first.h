/* Convolution of three channels, such as a first layer's, with three columns and
   stride one or two: neighbouring pixels share what is loaded of a row. */
#ifndef SNUG_CONV_FIRST_H
#define SNUG_CONV_FIRST_H

#include "snug_conv_point.h"

/* Every piece holds nine products, one group, at least eight pixels a row that begin
   three or six elements apart; weights are those of snug_conv_s8_a16_mla. scratch
   holds the tables and widened weights of sixteen channels. */

#if SNUG_NEON && defined(__aarch64__)

/* Product n of pixel p reads element p * STEP + n of the row, which is a constant
   lane of a constant register. */
#define SNUG_FIRST_PIXEL16(p)                                          \
    SNUG_MLA_INTO(a##p, v0, x[(p * STEP + N) / 8], (p * STEP + N) % 8) \
    SNUG_MLA_INTO(b##p, v1, x[(p * STEP + N) / 8], (p * STEP + N) % 8)
#define SNUG_FIRST_PIXEL8(p) SNUG_MLA_INTO(a##p, v0, x[(p * STEP + N) / 8], (p * STEP + N) % 8)
#define SNUG_FIRST_ONE16(n, first, second)       \
    {                                            \
        enum { N = n };                          \
        const int16x8_t v0 = first, v1 = second; \
        SNUG_EACH8(SNUG_FIRST_PIXEL16)           \
    }
#define SNUG_FIRST_ONE8(n, first)     \
    {                                 \
        enum { N = n };               \
        const int16x8_t v0 = first;   \
        SNUG_EACH8(SNUG_FIRST_PIXEL8) \
    }
#define SNUG_FIRST_PAIR16(n)                        \
    {                                               \
        SNUG_POINT_FOUR(v)                          \
        SNUG_FIRST_ONE16(n, v.val[0], v.val[1])     \
        SNUG_FIRST_ONE16(n + 1, v.val[2], v.val[3]) \
    }
#define SNUG_FIRST_FOUR8(n)              \
    {                                    \
        SNUG_POINT_FOUR(v)               \
        SNUG_FIRST_ONE8(n, v.val[0])     \
        SNUG_FIRST_ONE8(n + 1, v.val[1]) \
        SNUG_FIRST_ONE8(n + 2, v.val[2]) \
        SNUG_FIRST_ONE8(n + 3, v.val[3]) \
    }
#define SNUG_FIRST_ROW16                                                                \
    SNUG_FIRST_PAIR16(0) SNUG_FIRST_PAIR16(2) SNUG_FIRST_PAIR16(4) SNUG_FIRST_PAIR16(6) \
    SNUG_FIRST_ONE16(8, vld1q_s16(w), vld1q_s16(w + 8))                                 \
    w += 16;
#define SNUG_FIRST_ROW8                     \
    SNUG_FIRST_FOUR8(0) SNUG_FIRST_FOUR8(4) \
    SNUG_FIRST_ONE8(8, vld1q_s16(w))        \
    w += 8;

#define SNUG_FIRST_START16(p) int16x8_t a##p = b->start[2 * p], b##p = b->start[2 * p + 1];
#define SNUG_FIRST_START8(p) int16x8_t a##p = b->start[2 * p];
#define SNUG_FIRST_GIVE16(p) vst1q_s8(yt + p * y_col, snug_lanes_form(FORM, a##p, b##p, &t0, &t1, &ends));
#define SNUG_FIRST_TWO8(p, q)                                                   \
    {                                                                           \
        const int8x16_t v = snug_lanes_form(FORM, a##p, a##q, &t0, &t0, &ends); \
        vst1_s8(yt + p * y_col, vget_low_s8(v));                                \
        vst1_s8(yt + q * y_col, vget_high_s8(v));                               \
    }
#define SNUG_FIRST_GIVES16 SNUG_EACH8(SNUG_FIRST_GIVE16)
#define SNUG_FIRST_GIVES8 SNUG_FIRST_TWO8(0, 1) SNUG_FIRST_TWO8(2, 3) SNUG_FIRST_TWO8(4, 5) SNUG_FIRST_TWO8(6, 7)
#define SNUG_FIRST_KEEP16(p) sums[2 * p] = a##p, sums[2 * p + 1] = b##p;
#define SNUG_FIRST_KEEP8(p) sums[2 * p] = a##p, sums[2 * p + 1] = a##p;

/* All outputs of n channels from channel, of at most LANES, in tiles of eight pixels
   of a row, the last of which is moved back inside. */
#define SNUG_FIRST_LAYER(NAME, LANES, PIXELS_APART)                                                             \
    static inline void NAME(const snug_conv *g, const snug_point_block *b, const int16_t *weights,              \
                            const int8_t *in, int8_t *out, int32_t channel, int32_t n)                          \
    {                                                                                                           \
        enum { STEP = PIXELS_APART, VECTORS = (7 * STEP + 9 + 7) / 8 };                                         \
        const int32_t form = n == LANES ? b->ends.form : SNUG_FORM_ANY, pieces = g->pieces;                  \
        const snug_piece *const piece = g->piece;                                                               \
        const ptrdiff_t y_col = g->y_col;                                                                       \
        int32_t row, col;                                                                                       \
        for (row = 0; row < g->h; row++) {                                                                      \
            for (col = 0; col < g->w; col += 8) {                                                               \
                const int32_t left = col < g->w - 8 ? col : g->w - 8;                                           \
                const int8_t *const xt = in + row * g->x_row + left * STEP;                                     \
                int8_t *const yt = out + row * g->y_row + left * y_col;                                         \
                const int16_t *w = weights;                                                                     \
                int32_t i, j;                                                                                   \
                SNUG_EACH8(SNUG_FIRST_START##LANES)                                                             \
                for (i = 0; i < pieces; i++) {                                                                  \
                    int16x8_t x[VECTORS];                                                                       \
                    SNUG_UNROLL                                                                                 \
                    for (j = 0; j + 1 < VECTORS; j += 2) {                                                      \
                        const int8x16_t two = vld1q_s8(xt + piece[i].at + 8 * j);                               \
                        x[j] = snug_kept(vmovl_s8(vget_low_s8(two))), x[j + 1] = snug_kept(vmovl_high_s8(two)); \
                    }                                                                                           \
                    if (VECTORS % 2 == 1) {                                                                     \
                        x[VECTORS - 1] = snug_widen8(xt + piece[i].at + 8 * (VECTORS - 1));                     \
                    }                                                                                           \
                    SNUG_FIRST_ROW##LANES                                                                       \
                }                                                                                               \
                if (form != SNUG_FORM_ANY) {                                                                    \
                    const snug_narrow8 t0 = b->t[0].narrow, t1 = b->t[1].narrow;                                \
                    const snug_ends ends = b->ends;                                                             \
                    (void)t1;                                                                                   \
                    SNUG_LANES_FORMS(form, SNUG_FIRST_GIVES##LANES)                                             \
                } else {                                                                                        \
                    int16x8_t sums[16];                                                                         \
                    int8_t *ys[8];                                                                              \
                    for (j = 0; j < 8; j++) {                                                                   \
                        ys[j] = yt + j * y_col;                                                                 \
                    }                                                                                           \
                    SNUG_EACH8(SNUG_FIRST_KEEP##LANES)                                                          \
                    snug_point_any(&g->q, b, sums, 8, SNUG_LANES, channel, n, ys);                              \
                }                                                                                               \
            }                                                                                                   \
        }                                                                                                       \
    }

SNUG_FIRST_LAYER(snug_first16_s1, 16, 3)
SNUG_FIRST_LAYER(snug_first16_s2, 16, 6)
SNUG_FIRST_LAYER(snug_first8_s1, 8, 3)
SNUG_FIRST_LAYER(snug_first8_s2, 8, 6)

static inline void snug_conv_s8_a16_first(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    snug_point_block *const b = scratch;
    int16_t *const wide = (int16_t *)(b + 1);
    int32_t c, n, k;
    for (c = 0; c < g->c; c += n) {
        n = g->c - c < SNUG_LANES ? g->c - c : SNUG_LANES;
        snug_point_load(g, c, n, b, wide);
        for (k = 0; n <= 8 && k < g->k; k++) {
            vst1q_s16(wide + 8 * k, vld1q_s16(wide + SNUG_LANES * k));
        }
        if (n > 8 && g->x_col == 3) {
            snug_first16_s1(g, b, wide, x, y + c, c, n);
        } else if (n > 8) {
            snug_first16_s2(g, b, wide, x, y + c, c, n);
        } else if (g->x_col == 3) {
            snug_first8_s1(g, b, wide, x, y + c, c, n);
        } else {
            snug_first8_s2(g, b, wide, x, y + c, c, n);
        }
    }
}

#else /* the same sums, one at a time */

static inline void snug_conv_s8_a16_first(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    snug_conv_s8_a16_mla(g, x, y, scratch);
}

#endif
#endif
