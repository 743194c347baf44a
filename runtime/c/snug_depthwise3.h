/* Depthwise convolution with a 3x3 window, stride one or two, whole sums in 16
   bits: a block of outputs reads every input vector once, for all the outputs
   that it is part of. */
#ifndef SNUG_DEPTHWISE3_H
#define SNUG_DEPTHWISE3_H

#include <stddef.h>

#include "snug_depthwise.h"
#include "snug_lanes.h"

#if SNUG_NEON

#if defined(__GNUC__)
#define SNUG_DW_UNROLL _Pragma("GCC unroll 16")
#else
#define SNUG_DW_UNROLL
#endif

/* What a block of channels takes from its tables: weights of its nine taps, the
   start once for every register of sums. */
typedef struct {
    int8x16_t w[9];
    int16x8_t start[16];
    snug_channels8 t[2];
    snug_ends ends;
} snug_dw3_tables;

/* Where block i begins: the last one is moved back inside. */
static inline int32_t snug_dw_begin(int32_t i, int32_t out, int32_t size)
{
    return i < size - out ? i : size - out;
}

/* All outputs of a block of channels, in blocks of ROWS x COLS. Loops run over
   constants: unrolled, every condition on a tap is decided and all arrays are
   registers. LOAD brings WIDE columns, of which TAKE adds column c times a tap to
   output i. There are SUMS registers of sums; GIVE stores vector i of GIVES with
   FORM, ANY output i by any requantizer. */
#define SNUG_DW3_LAYER(NAME, STRIDE, ROWS, COLS, WIDE, DATA, LOAD, SUMS, TAKE, GIVES, GIVE, ANY)               \
    SNUG_ALONE static void NAME(const snug_depthwise *g, const snug_dw3_tables *b, const int8_t *x, int8_t *y, \
                            int32_t x_next, int32_t x_side)                                                    \
    {                                                                                                          \
        const ptrdiff_t x_row = x_next, x_col = x_side, y_row = g->y_row, y_col = g->y_col;                    \
        const int32_t form = b->ends.form;                                                                     \
        int32_t row, col;                                                                                      \
        for (row = 0; row < g->h; row += ROWS) {                                                               \
            const int32_t top = snug_dw_begin(row, ROWS, g->h);                                                \
            for (col = 0; col < g->w; col += COLS) {                                                           \
                const int32_t left = snug_dw_begin(col, COLS, g->w);                                           \
                const int8_t *const xb = x + top * g->x_row + left * g->x_col;                                 \
                int8_t *const yb = y + top * y_row + left * y_col;                                             \
                int16x8_t s[SUMS];                                                                             \
                int32_t i, r, k, c;                                                                            \
                SNUG_DW_UNROLL                                                                                 \
                for (i = 0; i < SUMS; i++) {                                                                   \
                    s[i] = b->start[i];                                                                        \
                }                                                                                              \
                SNUG_DW_UNROLL                                                                                 \
                for (r = 0; r < (ROWS - 1) * STRIDE + 3; r++) {                                                \
                    SNUG_DW_UNROLL                                                                             \
                    for (k = 0; k < (COLS - 1) * STRIDE + 3; k += WIDE) {                                      \
                        const DATA d = LOAD(xb + r * x_row + k * x_col);                                       \
                        SNUG_DW_UNROLL                                                                         \
                        for (i = 0; i < ROWS * COLS; i++) {                                                    \
                            SNUG_DW_UNROLL                                                                     \
                            for (c = 0; c < WIDE; c++) {                                                       \
                                const int32_t kr = r - i / COLS * STRIDE, kc = k + c - i % COLS * STRIDE;      \
                                if (kr >= 0 && kr < 3 && kc >= 0 && kc < 3) {                                  \
                                    TAKE(3 * kr + kc)                                                          \
                                }                                                                              \
                            }                                                                                  \
                        }                                                                                      \
                    }                                                                                          \
                }                                                                                              \
                if (form != SNUG_FORM_ANY) {                                                                   \
                    const snug_narrow8 ta = b->t[0].narrow, tb = b->t[1].narrow;                               \
                    const snug_ends ends = b->ends;                                                            \
                    (void)tb;                                                                                  \
                    SNUG_LANES_FORMS(form, SNUG_DW_UNROLL for (i = 0; i < GIVES; i++) { GIVE(COLS) })          \
                } else {                                                                                       \
                    const snug_requant q = g->q; /* what is stored cannot change these */                      \
                    const snug_channels8 ta = b->t[0], tb = b->t[1];                                           \
                    int16x8_t sums[SUMS]; /* for a loop that leaves s in registers */                          \
                    (void)tb;                                                                                  \
                    SNUG_DW_UNROLL                                                                             \
                    for (i = 0; i < SUMS; i++) {                                                               \
                        sums[i] = s[i];                                                                        \
                    }                                                                                          \
                    for (i = 0; i < ROWS * COLS; i++) {                                                        \
                        ANY(COLS)                                                                              \
                    }                                                                                          \
                }                                                                                              \
            }                                                                                                  \
        }                                                                                                      \
    }

#define SNUG_DW_AT(i, COLS) (yb + (i) / COLS * y_row + (i) % COLS * y_col)

/* Eight channels. */
#define SNUG_DW_TAKE8(k) s[i] = vmlal_s8(s[i], d, vget_low_s8(b->w[k]));
#define SNUG_DW_GIVE8(COLS) \
    vst1_s8(SNUG_DW_AT(i, COLS), vget_low_s8(snug_lanes_form(FORM, s[i], s[i], &ta, &ta, &ends)));
#define SNUG_DW_ANY8(COLS) \
    vst1_s8(SNUG_DW_AT(i, COLS), snug_clamp8(&q, snug_requantize8(&q, &ta, sums[i])));
SNUG_DW3_LAYER(snug_dw3_eight_s1, 1, 2, 4, 1, int8x8_t, vld1_s8, 8, SNUG_DW_TAKE8, 8, SNUG_DW_GIVE8, SNUG_DW_ANY8)
SNUG_DW3_LAYER(snug_dw3_eight_s2, 2, 2, 4, 1, int8x8_t, vld1_s8, 8, SNUG_DW_TAKE8, 8, SNUG_DW_GIVE8, SNUG_DW_ANY8)

#if defined(__aarch64__)
/* Eight channels that are all there are: a vector holds two columns. */
#define SNUG_DW_TAKE_PAIR(k) \
    s[i] = c == 0 ? vmlal_s8(s[i], vget_low_s8(d), vget_low_s8(b->w[k])) : vmlal_high_s8(s[i], d, b->w[k]);
#define SNUG_DW_GIVE_PAIR(COLS) \
    vst1q_s8(SNUG_DW_AT(2 * i, COLS), snug_lanes_form(FORM, s[2 * i], s[2 * i + 1], &ta, &ta, &ends));
SNUG_DW3_LAYER(snug_dw3_pairs_s1, 1, 4, 4, 2, int8x16_t, vld1q_s8, 16, SNUG_DW_TAKE_PAIR, 8, SNUG_DW_GIVE_PAIR,
               SNUG_DW_ANY8)

/* Sixteen channels: output i has sums 2 i and 2 i + 1. */
#define SNUG_DW_TAKE16(k)                                                \
    s[2 * i] = vmlal_s8(s[2 * i], vget_low_s8(d), vget_low_s8(b->w[k])); \
    s[2 * i + 1] = vmlal_high_s8(s[2 * i + 1], d, b->w[k]);
#define SNUG_DW_GIVE16(COLS) \
    vst1q_s8(SNUG_DW_AT(i, COLS), snug_lanes_form(FORM, s[2 * i], s[2 * i + 1], &ta, &tb, &ends));
#define SNUG_DW_ANY16(COLS)                                                                \
    vst1_s8(SNUG_DW_AT(i, COLS), snug_clamp8(&q, snug_requantize8(&q, &ta, sums[2 * i]))); \
    vst1_s8(SNUG_DW_AT(i, COLS) + 8, snug_clamp8(&q, snug_requantize8(&q, &tb, sums[2 * i + 1])));
SNUG_DW3_LAYER(snug_dw3_sixteen_s1, 1, 2, 4, 1, int8x16_t, vld1q_s8, 16, SNUG_DW_TAKE16, 8, SNUG_DW_GIVE16,
               SNUG_DW_ANY16)
SNUG_DW3_LAYER(snug_dw3_sixteen_s2, 2, 2, 4, 1, int8x16_t, vld1q_s8, 16, SNUG_DW_TAKE16, 8, SNUG_DW_GIVE16,
               SNUG_DW_ANY16)
SNUG_DW3_LAYER(snug_dw3_sevens_s1, 1, 1, 7, 1, int8x16_t, vld1q_s8, 14, SNUG_DW_TAKE16, 7, SNUG_DW_GIVE16, SNUG_DW_ANY16)
SNUG_DW3_LAYER(snug_dw3_sevens_s2, 2, 1, 7, 1, int8x16_t, vld1q_s8, 14, SNUG_DW_TAKE16, 7, SNUG_DW_GIVE16, SNUG_DW_ANY16)
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
    b->ends = snug_lanes_ends(&g->q);
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
        if (snug_dw3_sevens(g->h, g->w)) {
            if (two) {
                snug_dw3_sevens_s2(g, &b, x, y, x_row, x_col);
            } else {
                snug_dw3_sevens_s1(g, &b, x, y, x_row, x_col);
            }
        } else if (two) {
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
    if (two) {
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
