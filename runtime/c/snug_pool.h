/* Pooling. Windows are cut at the edges of the xh x xw input. */
#ifndef SNUG_POOL_H
#define SNUG_POOL_H

#include "snug_requant.h"

typedef struct {
    int32_t h, w, c;
    int32_t xh, xw;
    int32_t x_row, x_col; /* input elements from one input row, column to the next */
    int32_t y_row, y_col;
    int32_t kh, kw;
    int32_t stride_h, stride_w;
    int32_t pad_h, pad_w;
    int32_t dilation_h, dilation_w;
    int32_t x_zero;
    int32_t counts; /* avgpool: entries of mul; a window of n elements takes the */
    const int16_t *mul; /* factor mul[n-1]/2^15/2^shift[n-1], or the only one there is */
    const int8_t *shift;
    int32_t zero, lo, hi;
} snug_pool;

/* The windows that an output sees are cut: rows [kh0, kh1) and columns [kw0, kw1)
   of it are inside. */
typedef struct {
    int32_t kh0, kh1, kw0, kw1;
} snug_cut;

static inline int32_t snug_cut_first(int32_t at, int32_t k, int32_t dilation)
{
    int32_t i = 0;
    while (i < k && at + i * dilation < 0) {
        i++;
    }
    return i;
}

static inline int32_t snug_cut_last(int32_t at, int32_t k, int32_t dilation, int32_t size)
{
    while (k > 0 && at + (k - 1) * dilation >= size) {
        k--;
    }
    return k;
}

static inline snug_cut snug_cut_window(const snug_pool *g, int32_t row, int32_t col)
{
    const int32_t top = row * g->stride_h - g->pad_h, left = col * g->stride_w - g->pad_w;
    snug_cut t;
    t.kh0 = snug_cut_first(top, g->kh, g->dilation_h);
    t.kh1 = snug_cut_last(top, g->kh, g->dilation_h, g->xh);
    t.kw0 = snug_cut_first(left, g->kw, g->dilation_w);
    t.kw1 = snug_cut_last(left, g->kw, g->dilation_w, g->xw);
    return t;
}

/* The greatest element of each window; the output has the input's format. */
static inline void snug_maxpool_s8(const snug_pool *g, const int8_t *x, int8_t *y)
{
    const int32_t step_h = g->dilation_h * g->x_row, step_w = g->dilation_w * g->x_col;
    int32_t row, col, kh, kw, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const snug_cut t = snug_cut_window(g, row, col);
            const int8_t *xp = x + (row * g->stride_h - g->pad_h) * g->x_row + (col * g->stride_w - g->pad_w) * g->x_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            c = 0;
#if SNUG_NEON
            while (c + 16 <= g->c) { /* two vectors, or the one that is left */
                const int32_t next = c + 32 <= g->c ? 16 : 0;
                int8x16_t v = vdupq_n_s8(-128), w = v;
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    const int8_t *p = xp + kh * step_h + t.kw0 * step_w + c;
                    for (kw = t.kw0; kw < t.kw1; kw++, p += step_w) {
                        v = vmaxq_s8(v, vld1q_s8(p));
                        w = vmaxq_s8(w, vld1q_s8(p + next));
                    }
                }
                vst1q_s8(yp + c, v);
                vst1q_s8(yp + c + next, w);
                c += 16 + next;
            }
#endif
            for (; c < g->c; c++) {
                int8_t v = -128;
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    for (kw = t.kw0; kw < t.kw1; kw++) {
                        const int8_t e = xp[kh * step_h + kw * step_w + c];
                        v = e > v ? e : v;
                    }
                }
                yp[c] = v;
            }
        }
    }
}

/* The mean of each window. Sums are 32 bits wide; a window has fewer than
   2^23 elements. */
static inline void snug_avgpool_s8(const snug_pool *g, const int8_t *x, int8_t *y)
{
    const int32_t step_h = g->dilation_h * g->x_row, step_w = g->dilation_w * g->x_col;
    int32_t row, col, kh, kw, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const snug_cut t = snug_cut_window(g, row, col);
            const int8_t *xp = x + (row * g->stride_h - g->pad_h) * g->x_row + (col * g->stride_w - g->pad_w) * g->x_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            const int32_t n = t.kh1 > t.kh0 && t.kw1 > t.kw0 ? (t.kh1 - t.kh0) * (t.kw1 - t.kw0) : 0;
            const int32_t i = g->counts > 1 && n > 0 ? n - 1 : 0;
            c = 0;
#if SNUG_NEON
            for (; c + 8 <= g->c; c += 8) {
                int32x4_t s[2];
                int32_t lanes[8], j;
                s[0] = s[1] = vdupq_n_s32(0);
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    for (kw = t.kw0; kw < t.kw1; kw++) {
                        const int16x8_t e = vmovl_s8(vld1_s8(xp + kh * step_h + kw * step_w + c));
                        s[0] = vaddw_s16(s[0], vget_low_s16(e));
                        s[1] = vaddw_s16(s[1], vget_high_s16(e));
                    }
                }
                vst1q_s32(lanes, s[0]);
                vst1q_s32(lanes + 4, s[1]);
                for (j = 0; j < 8; j++) {
                    const int32_t mean = n > 0 ? snug_scale(lanes[j] - n * g->x_zero, g->mul[i], g->shift[i]) : 0;
                    yp[c + j] = (int8_t)snug_clamp(mean + g->zero, g->lo, g->hi);
                }
            }
#endif
            for (; c < g->c; c++) {
                int32_t sum = 0, mean = 0;
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    for (kw = t.kw0; kw < t.kw1; kw++) {
                        sum += xp[kh * step_h + kw * step_w + c];
                    }
                }
                if (n > 0) {
                    mean = snug_scale(sum - n * g->x_zero, g->mul[i], g->shift[i]);
                }
                yp[c] = (int8_t)snug_clamp(mean + g->zero, g->lo, g->hi);
            }
        }
    }
}

#endif
