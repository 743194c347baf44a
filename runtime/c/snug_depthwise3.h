/* Depthwise convolution with a 3x3 window, stride one or two, whole sums in 16
   bits: a block of outputs reads every input vector once, for all the outputs
   that it is part of. */
#ifndef SNUG_DEPTHWISE3_H
#define SNUG_DEPTHWISE3_H

#include <stddef.h>

#include "snug_depthwise_rows.h"

#if SNUG_NEON

/* What a block of channels takes from its tables: weights of its nine taps, the
   start once for every register of sums. */
typedef struct {
    int8x16_t w[9];
    int16x8_t start[16];
    snug_channels8 t[2];
    snug_ends ends;
} snug_dw3_tables;

/* Eight channels. */
#define SNUG_DW_TAKE8(k) s[i] = vmlal_s8(s[i], d, vget_low_s8(b->w[k]));
SNUG_DW_LAYER(snug_dw3_eight_s1, snug_dw3_tables, , 3, 1, 2, 4, 1, int8x8_t, SNUG_DW_LOAD8, 8, SNUG_DW_TAKE8, 4, SNUG_DW_GIVE8, SNUG_DW_ANY8)
SNUG_DW_LAYER(snug_dw3_eight_s2, snug_dw3_tables, , 3, 2, 2, 4, 1, int8x8_t, SNUG_DW_LOAD8, 8, SNUG_DW_TAKE8, 4, SNUG_DW_GIVE8, SNUG_DW_ANY8)

#if defined(__aarch64__)
/* Eight channels that are all there are: a vector holds two columns. */
#define SNUG_DW_TAKE_PAIR(k) \
    s[i] = c == 0 ? vmlal_s8(s[i], vget_low_s8(d), vget_low_s8(b->w[k])) : vmlal_high_s8(s[i], d, b->w[k]);
#define SNUG_DW_GIVE_PAIR(COLS) \
    vst1q_s8(SNUG_DW_AT(2 * i, COLS), snug_lanes_form(FORM, s[2 * i], s[2 * i + 1], &ta, &ta, &ends));
SNUG_DW_LAYER(snug_dw3_pairs_s1, snug_dw3_tables, , 3, 1, 4, 4, 2, int8x16_t, SNUG_DW_LOAD16, 16, SNUG_DW_TAKE_PAIR, 8, SNUG_DW_GIVE_PAIR,
               SNUG_DW_ANY8)

/* Sixteen channels: output i has sums 2 i and 2 i + 1. */
#define SNUG_DW_TAKE16(k)                                                \
    s[2 * i] = vmlal_s8(s[2 * i], vget_low_s8(d), vget_low_s8(b->w[k])); \
    s[2 * i + 1] = vmlal_high_s8(s[2 * i + 1], d, b->w[k]);
#define SNUG_DW_GIVE16(COLS) \
    vst1q_s8(SNUG_DW_AT(i, COLS), snug_lanes_form(FORM, s[2 * i], s[2 * i + 1], &ta, &tb, &ends));
#define SNUG_DW_ANY16(COLS)                                                                \
    vst1_s8(SNUG_DW_AT(i, COLS), snug_clamp8(&q, snug_requantize8(&q, &ta, sums[2 * i]), ta.wide.top)); \
    vst1_s8(SNUG_DW_AT(i, COLS) + 8, snug_clamp8(&q, snug_requantize8(&q, &tb, sums[2 * i + 1]), tb.wide.top));
SNUG_DW_LAYER(snug_dw3_sixteen_s1, snug_dw3_tables, , 3, 1, 2, 4, 1, int8x16_t, SNUG_DW_LOAD16, 16, SNUG_DW_TAKE16, 8, SNUG_DW_GIVE16,
               SNUG_DW_ANY16)
SNUG_DW_LAYER(snug_dw3_sixteen_s2, snug_dw3_tables, , 3, 2, 2, 4, 1, int8x16_t, SNUG_DW_LOAD16, 16, SNUG_DW_TAKE16, 8, SNUG_DW_GIVE16,
               SNUG_DW_ANY16)
SNUG_DW_LAYER(snug_dw3_sevens_s1, snug_dw3_tables, , 3, 1, 1, 7, 1, int8x16_t, SNUG_DW_LOAD16, 14, SNUG_DW_TAKE16, 7, SNUG_DW_GIVE16, SNUG_DW_ANY16)
SNUG_DW_LAYER(snug_dw3_sevens_s2, snug_dw3_tables, , 3, 2, 1, 7, 1, int8x16_t, SNUG_DW_LOAD16, 14, SNUG_DW_TAKE16, 7, SNUG_DW_GIVE16, SNUG_DW_ANY16)
#endif

/* Tables of eight channels from c, or sixteen, a start register for each. */
static inline void snug_dw3_load(const snug_depthwise *g, int32_t c, int32_t n, snug_dw3_tables *b)
{
    const int16_t *const preload = g->q.preload;
    int32_t i;
    for (i = 0; i < 16; i++) {
        const int32_t at = n == 16 ? c + i % 2 * 8 : c;
        b->start[i] = preload ? vld1q_s16(preload + at) : vdupq_n_s16(0);
    }
    for (i = 0; i < 9; i++) {
        const int8_t *const w = g->weights + i * g->c + c;
        b->w[i] = vcombine_s8(vld1_s8(w), vld1_s8(n == 16 ? w + 8 : w));
    }
    b->ends = snug_lanes_ends(&g->q, snug_top16(&g->q, c, n));
    if (b->ends.form != SNUG_FORM_ANY) {
        snug_load_narrow8(&g->q, c, &b->t[0].narrow);
        snug_load_narrow8(&g->q, n == 16 ? c + 8 : c, &b->t[1].narrow);
    } else {
        snug_load8(&g->q, c, &b->t[0]);
        snug_load8(&g->q, n == 16 ? c + 8 : c, &b->t[1]);
    }
}

/* Eight channels from c, or sixteen. */
static inline int32_t snug_dw3_channels(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c)
{
    const int32_t x_row = g->tap[3].at - g->tap[0].at, x_col = g->tap[1].at - g->tap[0].at;
    const int32_t two = g->x_col != x_col; /* stride */
    snug_dw3_tables b;
    x += g->tap[0].at + c;
    y += c;
#if defined(__aarch64__)
    if (c + 16 <= g->c) {
        snug_dw3_load(g, c, 16, &b);
        if (snug_dw3_sevens(g->h, g->w) != 0) {
            if (two != 0) {
                snug_dw3_sevens_s2(g, &b, x, y, x_row, x_col);
            } else {
                snug_dw3_sevens_s1(g, &b, x, y, x_row, x_col);
            }
        } else if (two != 0) {
            snug_dw3_sixteen_s2(g, &b, x, y, x_row, x_col);
        } else {
            snug_dw3_sixteen_s1(g, &b, x, y, x_row, x_col);
        }
        return 16;
    }
#endif
    snug_dw3_load(g, c, 8, &b);
#if defined(__aarch64__)
    if (!two && x_col == 8 && g->y_col == 8 && g->h >= 4) {
        snug_dw3_pairs_s1(g, &b, x, y, x_row, x_col);
        return 8;
    }
#endif
    if (two != 0) {
        snug_dw3_eight_s2(g, &b, x, y, x_row, x_col);
    } else {
        snug_dw3_eight_s1(g, &b, x, y, x_row, x_col);
    }
    return 8;
}
#endif

/* At least two rows of at least four outputs. */
static inline void snug_dw3_s8_a16_smlal(const snug_depthwise *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, c = 0;
#if SNUG_NEON
    while (c + 8 <= g->c) {
        c += snug_dw3_channels(g, x, y, c);
    }
#endif
    for (row = 0; row < g->h && c < g->c; row++) {
        for (col = 0; col < g->w; col++) {
            snug_dw_a16(g, x + row * g->x_row + col * g->x_col, y + row * g->y_row + col * g->y_col, c, g->c - c);
        }
    }
}

#endif
