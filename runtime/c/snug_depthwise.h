/* Depthwise convolution: every channel is its own group. */
#ifndef SNUG_DEPTHWISE_H
#define SNUG_DEPTHWISE_H

#include "snug_conv.h"
#include "snug_lanes.h"

/* weights[tap][channel]; tap t reads the input at tap[t].at + channel. */
typedef struct {
    int32_t h, w;
    int32_t x_row, x_col;
    int32_t y_row, y_col;
    int32_t c;
    int32_t taps;
    const snug_piece *tap;
    const int8_t *weights;
    snug_requant q;
} snug_depthwise;

/* Whether a 3x3 kernel computes fewer outputs twice in blocks of 1x7 than of 2x4;
   blocks of seven take nine tenths of the instructions of those of eight. */
static inline int32_t snug_dw3_sevens(int32_t h, int32_t w)
{
    return w >= 7 && 9 * h * ((w + 6) / 7) < 10 * ((h + 1) / 2) * ((w + 3) / 4);
}

/* 16-bit sums of channels [c, c+n) of one pixel, one at a time. */
static inline void snug_dw_a16(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c, int32_t n)
{
    int32_t t, i;
    for (i = 0; i < n; i++) {
        const int32_t at = c + i;
        uint32_t acc = g->q.preload ? (uint32_t)g->q.preload[at] : 0u;
        int32_t sum = 0;
        for (t = 0; t < g->taps; t++) {
            acc += (uint32_t)(x[g->tap[t].at + at] * g->weights[t * g->c + at]);
            if (g->tap[t].flush || t + 1 == g->taps) {
                sum += snug_wrap16(acc);
                acc = 0u;
            }
        }
        y[at] = snug_requantize(&g->q, sum, at);
    }
}

#if SNUG_NEON
/* Eight channels from c of four pixels, of which the last may be the same; t are
   their tables. flushes: whether any tap ends a segment before the last. */
static inline void snug_dw_tile(const snug_depthwise *g, const snug_channels8 *t, const int8_t *const x[4], int8_t *const y[4],
                                int32_t c, int32_t flushes)
{
    const snug_requant q = g->q;
    const int8_t *w = g->weights + c;
    const int16x8_t zero = vdupq_n_s16(0);
    int16x8_t s[4];
    int32x4_t low[4], high[4];
    int32_t i, p;
    SNUG_UNROLL
    for (p = 0; p < 4; p++) {
        s[p] = q.preload ? vld1q_s16(q.preload + c) : zero;
        low[p] = vdupq_n_s32(0);
        high[p] = vdupq_n_s32(0);
    }
    for (i = 0; i < g->taps; i++) {
        const ptrdiff_t at = (ptrdiff_t)g->tap[i].at + c;
        const int8x8_t v = vld1_s8(w);
        w += g->c;
        SNUG_UNROLL
        for (p = 0; p < 4; p++) {
            s[p] = vmlal_s8(s[p], v, vld1_s8(x[p] + at));
        }
        if (flushes != 0 && g->tap[i].flush != 0u) {
            SNUG_UNROLL
            for (p = 0; p < 4; p++) {
                low[p] = vaddw_s16(low[p], vget_low_s16(s[p]));
                high[p] = vaddw_s16(high[p], vget_high_s16(s[p]));
                s[p] = zero;
            }
        }
    }
    if (flushes != 0 && snug_is_plain(&q)) { /* what is stored cannot change these */
        const snug_wide8 wide = t->wide;
        const int16x8_t add = vdupq_n_s16((int16_t)q.zero);
        const int8x8_t lo = vdup_n_s8((int8_t)q.lo);
        SNUG_UNROLL
        for (p = 0; p < 4; p++) {
            vst1_s8(y[p], vmin_s8(vmax_s8(vqmovn_s16(snug_plain8(&wide, low[p], high[p], add)), lo), wide.top));
        }
        return;
    }
    SNUG_UNROLL
    for (p = 0; p < 4; p++) {
        if (flushes != 0) {
            snug_wide_store(&q, &t->wide, low[p], high[p], c, 8, y[p]);
        } else {
            vst1_s8(y[p], snug_clamp8(&q, snug_requantize8(&q, t, s[p]), t->wide.top));
        }
    }
}

/* Eight channels from c of all pixels, four of a row at a time. */
static inline void snug_dw_channels(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c, int32_t flushes)
{
    snug_channels8 t;
    int32_t row, col, p;
    snug_load8(&g->q, c, &t);
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col += 4) {
            const int8_t *xs[4];
            int8_t *ys[4];
            SNUG_UNROLL
            for (p = 0; p < 4; p++) {
                const int32_t at = col + p < g->w ? col + p : g->w - 1;
                xs[p] = x + row * g->x_row + at * g->x_col;
                ys[p] = y + row * g->y_row + at * g->y_col + c;
            }
            if (flushes != 0) {
                snug_dw_tile(g, &t, xs, ys, c, 1);
            } else {
                snug_dw_tile(g, &t, xs, ys, c, 0);
            }
        }
    }
}

/* Sixteen channels from c of all pixels through one tap, as a batch normalization is that
   nothing could be folded into: four pixels at a time of rows that have them. */
static inline void snug_dw_one(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c)
{
    const snug_requant q = g->q;
    const int8x16_t w = vld1q_s8(g->weights + c), lo = vdupq_n_s8((int8_t)q.lo), hi = snug_top16(&q, c, SNUG_LANES);
    int16x8_t start_a, start_b;
    snug_channels8 ta, tb;
    int32_t row, col, p;
    snug_lanes_tables(&q, c, SNUG_LANES, &ta, &tb);
    snug_lanes_start(&q, c, SNUG_LANES, &start_a, &start_b);
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col += 4) {
            const int32_t at = col < g->w - 4 ? col : g->w - 4; /* the last four are moved back inside */
            const int8_t *xp = x + row * g->x_row + at * g->x_col + g->tap[0].at + c;
            int8_t *yp = y + row * g->y_row + at * g->y_col + c;
            int16x8_t a[4], b[4];
            SNUG_UNROLL
            for (p = 0; p < 4; p++) {
                const int8x16_t v = vld1q_s8(xp);
                xp += g->x_col;
                a[p] = vmlal_s8(start_a, vget_low_s8(w), vget_low_s8(v));
                b[p] = vmlal_s8(start_b, vget_high_s8(w), vget_high_s8(v));
            }
            SNUG_UNROLL
            for (p = 0; p < 4; p++) {
                vst1q_s8(yp, q.half != 0 ? snug_lanes_fast(a[p], b[p], &ta.narrow, &tb.narrow, lo, hi, 1)
                                         : snug_lanes_fast(a[p], b[p], &ta.narrow, &tb.narrow, lo, hi, 0));
                yp += g->y_col;
            }
        }
    }
}
#endif

static inline void snug_dw_s8_a16_smlal(const snug_depthwise *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, c = 0;
#if SNUG_NEON
    int32_t i, flushes = 0;
    for (i = 0; i < g->taps; i++) {
        flushes |= g->tap[i].flush;
    }
    if (g->taps == 1 && g->w >= 4 && snug_is_fast(&g->q) != 0) {
        for (; c + SNUG_LANES <= g->c; c += SNUG_LANES) {
            snug_dw_one(g, x, y, c);
        }
    }
    for (; c + 8 <= g->c; c += 8) {
        snug_dw_channels(g, x, y, c, flushes);
    }
#endif
    for (row = 0; row < g->h && c < g->c; row++) {
        for (col = 0; col < g->w; col++) {
            snug_dw_a16(g, x + row * g->x_row + col * g->x_col, y + row * g->y_row + col * g->y_col, c, g->c - c);
        }
    }
}

/* 32-bit sums of channels [c, c+n) of one pixel, portable. */
static inline void snug_dw_a32(const snug_depthwise *g, const int8_t *x, int8_t *y, int32_t c, int32_t n)
{
    int32_t t;
    n += c;
    for (; c < n; c++) {
        int32_t sum = 0;
        for (t = 0; t < g->taps; t++) {
            sum += x[g->tap[t].at + c] * g->weights[t * g->c + c];
        }
        y[c] = snug_requantize(&g->q, sum, c);
    }
}

static inline void snug_dw_s8_a32(const snug_depthwise *g, const int8_t *x, int8_t *y)
{
    int32_t row, col;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            snug_dw_a32(g, x + row * g->x_row + col * g->x_col, y + row * g->y_row + col * g->y_col, 0, g->c);
        }
    }
}

/* The baseline with 32-bit sums: SMLAL.4s, eight channels of two pixels. */
static inline void snug_dw_s8_a32_smlal(const snug_depthwise *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col += 2) {
            const int32_t step = col + 1 < g->w; /* an odd last pixel is computed twice */
            const int8_t *x0 = x + row * g->x_row + col * g->x_col, *x1 = x0 + step * g->x_col;
            int8_t *y0 = y + row * g->y_row + col * g->y_col, *y1 = y0 + step * g->y_col;
            c = 0;
#if SNUG_NEON
            for (; c + 8 <= g->c; c += 8) {
                int32x4_t a0 = vdupq_n_s32(0), b0 = a0, a1 = a0, b1 = a0;
                snug_channels8 table;
                int32_t t;
                for (t = 0; t < g->taps; t++) {
                    const int16x8_t w = vmovl_s8(vld1_s8(g->weights + t * g->c + c));
                    const int16x8_t u = vmovl_s8(vld1_s8(x0 + g->tap[t].at + c)), v = vmovl_s8(vld1_s8(x1 + g->tap[t].at + c));
                    a0 = vmlal_s16(a0, vget_low_s16(w), vget_low_s16(u));
                    b0 = vmlal_s16(b0, vget_high_s16(w), vget_high_s16(u));
                    a1 = vmlal_s16(a1, vget_low_s16(w), vget_low_s16(v));
                    b1 = vmlal_s16(b1, vget_high_s16(w), vget_high_s16(v));
                }
                snug_load8(&g->q, c, &table);
                vst1_s8(y0 + c, snug_pack8(&g->q, snug_wide4(&g->q, &table.wide, 0, vaddq_s32(a0, table.wide.bias[0])),
                                           snug_wide4(&g->q, &table.wide, 1, vaddq_s32(b0, table.wide.bias[1])), table.wide.top));
                vst1_s8(y1 + c, snug_pack8(&g->q, snug_wide4(&g->q, &table.wide, 0, vaddq_s32(a1, table.wide.bias[0])),
                                           snug_wide4(&g->q, &table.wide, 1, vaddq_s32(b1, table.wide.bias[1])), table.wide.top));
            }
#endif
            snug_dw_a32(g, x0, y0, c, g->c - c);
            snug_dw_a32(g, x1, y1, c, g->c - c);
        }
    }
}

#endif
