/* Depthwise convolution with whole sums in 16 bits, for a window that a block of
   outputs shares: every input vector is read once, for all the outputs that it is
   part of. */
#ifndef SNUG_DEPTHWISE_ROWS_H
#define SNUG_DEPTHWISE_ROWS_H

#include <stddef.h>

#include "snug_depthwise.h"
#include "snug_lanes.h"

#if SNUG_NEON

#if defined(__GNUC__)
#define SNUG_DW_UNROLL _Pragma("GCC unroll 16")
#else
#define SNUG_DW_UNROLL
#endif

/* Where block i begins: the last one is moved back inside. */
static inline int32_t snug_dw_begin(int32_t i, int32_t out, int32_t size)
{
    return i < size - out ? i : size - out;
}

/* All outputs of a block of channels with a window of K x K, in blocks of ROWS x COLS.
   Loops run over constants: unrolled, every condition on a tap is decided and all
   arrays are registers. HOLD declares what registers hold throughout. LOAD brings
   WIDE columns of row r from k on, of which TAKE adds column c times a tap to output
   i. There are SUMS registers of sums; GIVE stores vector i of GIVES with FORM, ANY
   output i by any requantizer. */
#define SNUG_DW_LAYER(NAME, TABLES, HOLD, K, STRIDE, ROWS, COLS, WIDE, DATA, LOAD, SUMS, TAKE, GIVES, GIVE, ANY) \
    SNUG_ALONE static void NAME(const snug_depthwise *g, const TABLES *b, const int8_t *x, int8_t *y,            \
                            int32_t x_next, int32_t x_side)                                                      \
    {                                                                                                            \
        const ptrdiff_t x_row = x_next, x_col = x_side, y_row = g->y_row, y_col = g->y_col;                      \
        const int32_t form = b->ends.form;                                                                       \
        int32_t row, col;                                                                                        \
        HOLD                                                                                                     \
        for (row = 0; row < g->h; row += ROWS) {                                                                 \
            const int32_t top = snug_dw_begin(row, ROWS, g->h);                                                  \
            for (col = 0; col < g->w; col += COLS) {                                                             \
                const int32_t left = snug_dw_begin(col, COLS, g->w);                                             \
                const int8_t *const xb = x + top * g->x_row + left * g->x_col;                                   \
                int8_t *const yb = y + top * y_row + left * y_col;                                               \
                const int8_t *p = xb; /* of a LOAD that walks */                                                 \
                int16x8_t s[SUMS];                                                                               \
                int32_t i, r, k, c;                                                                              \
                (void)p;                                                                                         \
                SNUG_DW_UNROLL                                                                                   \
                for (i = 0; i < SUMS; i++) {                                                                     \
                    s[i] = b->start[i];                                                                          \
                }                                                                                                \
                SNUG_DW_UNROLL                                                                                   \
                for (r = 0; r < (ROWS - 1) * STRIDE + K; r++) {                                                  \
                    SNUG_DW_UNROLL                                                                               \
                    for (k = 0; k < (COLS - 1) * STRIDE + K; k += WIDE) {                                        \
                        DATA d;                                                                                  \
                        LOAD(d)                                                                                  \
                        SNUG_DW_UNROLL                                                                           \
                        for (i = 0; i < ROWS * COLS; i++) {                                                      \
                            SNUG_DW_UNROLL                                                                       \
                            for (c = 0; c < WIDE; c++) {                                                         \
                                const int32_t kr = r - i / COLS * STRIDE, kc = k + c - i % COLS * STRIDE;        \
                                if (kr >= 0 && kr < K && kc >= 0 && kc < K) {                                    \
                                    TAKE(K * kr + kc)                                                            \
                                }                                                                                \
                            }                                                                                    \
                        }                                                                                        \
                    }                                                                                            \
                }                                                                                                \
                if (form != SNUG_FORM_ANY) {                                                                     \
                    const snug_narrow8 ta = b->t[0].narrow, tb = b->t[1].narrow;                                 \
                    const snug_ends ends = b->ends;                                                              \
                    (void)tb;                                                                                    \
                    SNUG_LANES_FORMS(form, SNUG_DW_UNROLL for (i = 0; i < GIVES; i++) { GIVE(COLS) })            \
                } else {                                                                                         \
                    const snug_requant q = g->q; /* what is stored cannot change these */                        \
                    const snug_channels8 ta = b->t[0], tb = b->t[1];                                             \
                    int16x8_t sums[SUMS]; /* for a loop that leaves s in registers */                            \
                    (void)tb;                                                                                    \
                    SNUG_DW_UNROLL                                                                               \
                    for (i = 0; i < SUMS; i++) {                                                                 \
                        sums[i] = s[i];                                                                          \
                    }                                                                                            \
                    for (i = 0; i < ROWS * COLS; i++) {                                                          \
                        ANY(COLS)                                                                                \
                    }                                                                                            \
                }                                                                                                \
            }                                                                                                    \
        }                                                                                                        \
    }

#define SNUG_DW_AT(i, COLS) (yb + (i) / COLS * y_row + (i) % COLS * y_col)

#define SNUG_DW_LOAD8(d) d = vld1_s8(xb + r * x_row + k * x_col);
#define SNUG_DW_LOAD16(d) d = vld1q_s8(xb + r * x_row + k * x_col);

/* What eight channels give: two outputs a vector. */
#define SNUG_DW_GIVE8(COLS)                                                                                    \
    const int8x16_t two = snug_lanes_form(FORM, s[2 * i], s[2 * i + 1], &ta, &ta, &ends);                      \
    vst1_s8(SNUG_DW_AT(2 * i, COLS), vget_low_s8(two));                                                        \
    vst1_s8(SNUG_DW_AT(2 * i + 1, COLS), vget_high_s8(two));
#define SNUG_DW_ANY8(COLS) vst1_s8(SNUG_DW_AT(i, COLS), snug_clamp8(&q, snug_requantize8(&q, &ta, sums[i]), ta.wide.top));

#endif

#endif
