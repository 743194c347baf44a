/* Depthwise convolution with a 5x5 window, stride one or two, whole sums in 16 bits. */
#ifndef SNUG_DEPTHWISE5_H
#define SNUG_DEPTHWISE5_H

#include "snug_depthwise_rows.h"

#if SNUG_NEON && defined(__aarch64__)

/* What eight channels take from their tables: weights of two taps a register. */
typedef struct {
    int8x16_t w[13];
    int16x8_t start[8];
    snug_channels8 t[2];
    snug_ends ends;
} snug_dw5_tables;

/* Eight channels in both halves of a register, so that either half of one with weights
   meets them. A row is walked by a pointer: this load has no other address. That it
   reads memory is said by an operand as large as any input. */
#if defined(__GNUC__)
typedef struct {
    int8_t v[1 << 24];
} snug_dw5_input;
#define SNUG_DW5_LOAD(d)                                                                    \
    if (k == 0) {                                                                           \
        p = xb + r * x_row;                                                                 \
    }                                                                                       \
    __asm__("ld1r {%0.2d}, [%1], %2" : "=w"(d), "+r"(p) : "r"(x_col), "Q"(*(const snug_dw5_input *)(const void *)xb));
#else
#define SNUG_DW5_LOAD(d)                            \
    p = xb + r * x_row + k * x_col;                 \
    d = vcombine_s8(vld1_s8(p), vld1_s8(p));
#endif

/* clang would load weights for every use, as what is stored could change them; gcc
   would spill all that it has to keep. */
#if defined(__clang__)
#define SNUG_DW5_HOLD                \
    int8x16_t w[13];                 \
    int32_t j;                       \
    SNUG_DW_UNROLL                   \
    for (j = 0; j < 13; j++) {       \
        w[j] = b->w[j];              \
    }
#else
#define SNUG_DW5_HOLD const int8x16_t *const w = b->w;
#endif
#define SNUG_DW5_TAKE(k)                                                          \
    s[i] = (k) % 2 == 0 ? vmlal_s8(s[i], vget_low_s8(d), vget_low_s8(w[(k) / 2])) \
                        : vmlal_high_s8(s[i], d, w[(k) / 2]);
SNUG_DW_LAYER(snug_dw5_s1, snug_dw5_tables, SNUG_DW5_HOLD, 5, 1, 2, 4, 1, int8x16_t, SNUG_DW5_LOAD, 8, SNUG_DW5_TAKE, 4, SNUG_DW_GIVE8,
              SNUG_DW_ANY8)
SNUG_DW_LAYER(snug_dw5_s2, snug_dw5_tables, SNUG_DW5_HOLD, 5, 2, 2, 4, 1, int8x16_t, SNUG_DW5_LOAD, 8, SNUG_DW5_TAKE, 4, SNUG_DW_GIVE8,
              SNUG_DW_ANY8)

static inline void snug_dw5_load(const snug_depthwise *g, int32_t c, snug_dw5_tables *b)
{
    const int16_t *const preload = g->q.preload;
    int32_t i;
    for (i = 0; i < 8; i++) {
        b->start[i] = preload ? vld1q_s16(preload + c) : vdupq_n_s16(0);
    }
    for (i = 0; i < 13; i++) {
        const int8_t *const w = g->weights + 2 * i * g->c + c;
        b->w[i] = vcombine_s8(vld1_s8(w), vld1_s8(i < 12 ? w + g->c : w));
    }
    b->ends = snug_lanes_ends(&g->q, snug_top16(&g->q, c, 8));
    if (b->ends.form != SNUG_FORM_ANY) {
        snug_load_narrow8(&g->q, c, &b->t[0].narrow);
    } else {
        snug_load8(&g->q, c, &b->t[0]);
    }
    b->t[1] = b->t[0];
}
#endif

/* At least two rows of at least four outputs. */
static inline void snug_dw5_s8_a16_smlal(const snug_depthwise *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, c = 0;
#if SNUG_NEON && defined(__aarch64__)
    const int32_t x_row = g->tap[5].at - g->tap[0].at, x_col = g->tap[1].at - g->tap[0].at;
    snug_dw5_tables b;
    for (; c + 8 <= g->c; c += 8) {
        snug_dw5_load(g, c, &b);
        if (g->x_col != x_col) {
            snug_dw5_s2(g, &b, x + g->tap[0].at + c, y + c, x_row, x_col);
        } else {
            snug_dw5_s1(g, &b, x + g->tap[0].at + c, y + c, x_row, x_col);
        }
    }
#endif
    for (row = 0; row < g->h && c < g->c; row++) {
        for (col = 0; col < g->w; col++) {
            snug_dw_a16(g, x + row * g->x_row + col * g->x_col, y + row * g->y_row + col * g->y_col, c, g->c - c);
        }
    }
}

#endif
