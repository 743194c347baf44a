/* Depthwise convolution with a 3x3 window, stride one or two, whole sums in 16
   bits: a block of outputs reads every input vector once, for all the outputs
   that it is part of. */
#ifndef SNUG_DEPTHWISE3_H
#define SNUG_DEPTHWISE3_H

#include "snug_depthwise.h"
#include "snug_lanes.h"

#if SNUG_NEON

/* Outputs of a block. */
#define SNUG_DW_ROWS 2
#define SNUG_DW_COLS 4
#define SNUG_DW_OUT (SNUG_DW_ROWS * SNUG_DW_COLS)

/* Where block i begins: the last one is moved back inside. */
static inline int32_t snug_dw_begin(int32_t i, int32_t out, int32_t size)
{
    return i < size - out ? i : size - out;
}

/* One block of CHANNELS channels from x. Loops run over constants: unrolled,
   every condition on a tap is decided and all arrays are registers. TAKE adds
   input vector d times tap k to output i; FAST and GIVE store it. */
#define SNUG_DW_BLOCK(NAME, STRIDE, WEIGHTS, DATA, LOAD, START, TAKE, FAST, GIVE)                                    \
    static inline void NAME(const snug_depthwise *g, const snug_channels8 *t, const int16x8_t *start,                \
                            const WEIGHTS *taps, const int8_t *x, int8_t *y, int32_t x_row, int32_t x_col)           \
    {                                                                                                                \
        const snug_requant q = g->q;                                                                                 \
        const WEIGHTS w[9] = {taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6], taps[7], taps[8]};      \
        int16x8_t s[2 * SNUG_DW_OUT];                                                                                \
        int32_t i, r, k;                                                                                             \
        SNUG_UNROLL                                                                                                  \
        for (i = 0; i < SNUG_DW_OUT; i++) {                                                                          \
            START                                                                                                    \
        }                                                                                                            \
        SNUG_UNROLL                                                                                                  \
        for (r = 0; r < (SNUG_DW_ROWS - 1) * STRIDE + 3; r++) {                                                      \
            SNUG_UNROLL                                                                                              \
            for (k = 0; k < (SNUG_DW_COLS - 1) * STRIDE + 3; k++) {                                                  \
                const DATA d = LOAD(x + r * x_row + k * x_col);                                                      \
                SNUG_UNROLL                                                                                          \
                for (i = 0; i < SNUG_DW_OUT; i++) {                                                                  \
                    const int32_t kr = r - i / SNUG_DW_COLS * STRIDE, kc = k - i % SNUG_DW_COLS * STRIDE;            \
                    if (kr >= 0 && kr < 3 && kc >= 0 && kc < 3) {                                                    \
                        TAKE(3 * kr + kc)                                                                            \
                    }                                                                                                \
                }                                                                                                    \
            }                                                                                                        \
        }                                                                                                            \
        if (snug_is_fast(&q)) { /* what is stored cannot change these */                                             \
            const snug_narrow8 na = t[0].narrow, nb = t[1].narrow;                                                   \
            const int8x16_t lo = vdupq_n_s8((int8_t)q.lo), hi = vdupq_n_s8((int8_t)q.hi);                            \
            (void)nb;                                                                                                \
            SNUG_UNROLL                                                                                              \
            for (i = 0; i < SNUG_DW_OUT; i++) {                                                                      \
                int8_t *const yi = y + i / SNUG_DW_COLS * g->y_row + i % SNUG_DW_COLS * g->y_col;                    \
                FAST                                                                                                 \
            }                                                                                                        \
        } else {                                                                                                     \
            for (i = 0; i < SNUG_DW_OUT; i++) {                                                                      \
                int8_t *const yi = y + i / SNUG_DW_COLS * g->y_row + i % SNUG_DW_COLS * g->y_col;                    \
                GIVE                                                                                                 \
            }                                                                                                        \
        }                                                                                                            \
    }

#define SNUG_DW_START8 s[i] = start[0];
#define SNUG_DW_TAKE8(k) s[i] = vmlal_s8(s[i], d, w[k]);
#define SNUG_DW_FAST8 vst1_s8(yi, vget_low_s8(snug_lanes_fast(s[i], s[i], &na, &na, lo, hi, q.half)));
#define SNUG_DW_GIVE8 vst1_s8(yi, snug_clamp8(&q, snug_requantize8(&q, t, s[i])));
SNUG_DW_BLOCK(snug_dw3_block8_s1, 1, int8x8_t, int8x8_t, vld1_s8, SNUG_DW_START8, SNUG_DW_TAKE8, SNUG_DW_FAST8,
              SNUG_DW_GIVE8)
SNUG_DW_BLOCK(snug_dw3_block8_s2, 2, int8x8_t, int8x8_t, vld1_s8, SNUG_DW_START8, SNUG_DW_TAKE8, SNUG_DW_FAST8,
              SNUG_DW_GIVE8)

#if defined(__aarch64__)
#define SNUG_DW_START16 s[i] = start[0], s[SNUG_DW_OUT + i] = start[1];
#define SNUG_DW_TAKE16(k)                                               \
    s[i] = vmlal_s8(s[i], vget_low_s8(d), vget_low_s8(w[k]));           \
    s[SNUG_DW_OUT + i] = vmlal_high_s8(s[SNUG_DW_OUT + i], d, w[k]);
#define SNUG_DW_FAST16 vst1q_s8(yi, snug_lanes_fast(s[i], s[SNUG_DW_OUT + i], &na, &nb, lo, hi, q.half));
#define SNUG_DW_GIVE16                                                    \
    vst1_s8(yi, snug_clamp8(&q, snug_requantize8(&q, t, s[i])));          \
    vst1_s8(yi + 8, snug_clamp8(&q, snug_requantize8(&q, t + 1, s[SNUG_DW_OUT + i])));
SNUG_DW_BLOCK(snug_dw3_block16_s1, 1, int8x16_t, int8x16_t, vld1q_s8, SNUG_DW_START16, SNUG_DW_TAKE16,
              SNUG_DW_FAST16, SNUG_DW_GIVE16)
SNUG_DW_BLOCK(snug_dw3_block16_s2, 2, int8x16_t, int8x16_t, vld1q_s8, SNUG_DW_START16, SNUG_DW_TAKE16,
              SNUG_DW_FAST16, SNUG_DW_GIVE16)
#endif

/* Eight channels from c, or sixteen. */
static inline int32_t snug_dw3_channels(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c)
{
    const int32_t x_row = g->tap[3].at - g->tap[0].at, x_col = g->tap[1].at - g->tap[0].at;
    const int32_t two = g->x_col != x_col; /* stride */
    const int16_t *const preload = g->q.preload;
    snug_channels8 t[2];
    int16x8_t start[2];
    int8x8_t w8[9];
    int32_t i, row, col;
    start[0] = preload ? vld1q_s16(preload + c) : vdupq_n_s16(0);
    snug_load8(&g->q, c, &t[0]);
    t[1] = t[0], start[1] = start[0];
    x += g->tap[0].at + c;
    y += c;
#if defined(__aarch64__)
    if (c + 16 <= g->c) {
        int8x16_t w16[9];
        start[1] = preload ? vld1q_s16(preload + c + 8) : vdupq_n_s16(0);
        snug_load8(&g->q, c + 8, &t[1]);
        SNUG_UNROLL
        for (i = 0; i < 9; i++) {
            w16[i] = vld1q_s8(g->weights + i * g->c + c);
        }
        for (row = 0; row < g->h; row += SNUG_DW_ROWS) {
            const int32_t r = snug_dw_begin(row, SNUG_DW_ROWS, g->h);
            for (col = 0; col < g->w; col += SNUG_DW_COLS) {
                const int32_t k = snug_dw_begin(col, SNUG_DW_COLS, g->w);
                const int8_t *xp = x + r * g->x_row + k * g->x_col;
                int8_t *yp = y + r * g->y_row + k * g->y_col;
                if (two) {
                    snug_dw3_block16_s2(g, t, start, w16, xp, yp, x_row, x_col);
                } else {
                    snug_dw3_block16_s1(g, t, start, w16, xp, yp, x_row, x_col);
                }
            }
        }
        return 16;
    }
#endif
    SNUG_UNROLL
    for (i = 0; i < 9; i++) {
        w8[i] = vld1_s8(g->weights + i * g->c + c);
    }
    for (row = 0; row < g->h; row += SNUG_DW_ROWS) {
        const int32_t r = snug_dw_begin(row, SNUG_DW_ROWS, g->h);
        for (col = 0; col < g->w; col += SNUG_DW_COLS) {
            const int32_t k = snug_dw_begin(col, SNUG_DW_COLS, g->w);
            const int8_t *xp = x + r * g->x_row + k * g->x_col;
            int8_t *yp = y + r * g->y_row + k * g->y_col;
            if (two) {
                snug_dw3_block8_s2(g, t, start, w8, xp, yp, x_row, x_col);
            } else {
                snug_dw3_block8_s1(g, t, start, w8, xp, yp, x_row, x_col);
            }
        }
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
