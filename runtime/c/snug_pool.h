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
            for (; c + 8 <= g->c; c += 8) {
                int8x8_t v = vdup_n_s8(-128);
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    const int8_t *p = xp + kh * step_h + t.kw0 * step_w + c;
                    for (kw = t.kw0; kw < t.kw1; kw++, p += step_w) {
                        v = vmax_s8(v, vld1_s8(p));
                    }
                }
                vst1_s8(yp + c, v);
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

/* The mean of sum, that of n elements: a factor of each n, or the only one. */
static inline int8_t snug_mean(const snug_pool *g, int32_t sum, int32_t n)
{
    const int32_t i = g->counts > 1 && n > 0 ? n - 1 : 0;
    const int32_t mean = n > 0 ? snug_scale(sum - n * g->x_zero, g->mul[i], g->shift[i]) : 0;
    return (int8_t)snug_clamp(mean + g->zero, g->lo, g->hi);
}

#if SNUG_NEON
/* How many elements a 16-bit sum holds: 255 * 128 < 2^15. */
#define SNUG_POOL_RUN 255

/* Sums of n pixels step elements apart: eight channels from p, and the eight that are
   next elements on. */
static inline void snug_pool_run(const int8_t *p, int32_t n, int32_t step, int32_t next, int16x8_t sums[2])
{
    for (; n > 0; n--, p += step) {
        sums[0] = vaddw_s8(sums[0], vld1_s8(p));
        sums[1] = vaddw_s8(sums[1], vld1_s8(p + next));
    }
}

static inline void snug_pool_flush(int32x4_t wide[4], int16x8_t sums[2])
{
    wide[0] = vaddw_s16(wide[0], vget_low_s16(sums[0])), wide[1] = vaddw_s16(wide[1], vget_high_s16(sums[0]));
    wide[2] = vaddw_s16(wide[2], vget_low_s16(sums[1])), wide[3] = vaddw_s16(wide[3], vget_high_s16(sums[1]));
    sums[0] = sums[1] = vdupq_n_s16(0);
}

/* The same of windows, whose first element is p: in 16 bits as long as these hold them. */
static inline void snug_pool_sums(const int8_t *p, int32_t rows, int32_t cols, int32_t step_h, int32_t step_w, int32_t next,
                                  int32x4_t wide[4])
{
    int16x8_t sums[2];
    int32_t in = 0, at;
    wide[0] = wide[1] = wide[2] = wide[3] = vdupq_n_s32(0);
    sums[0] = sums[1] = vdupq_n_s16(0);
    for (; rows > 0; rows--, p += step_h) {
        in += cols;
        if (in > SNUG_POOL_RUN) {
            snug_pool_flush(wide, sums);
            in = cols;
        }
        if (cols <= SNUG_POOL_RUN) {
            snug_pool_run(p, cols, step_w, next, sums);
            continue;
        }
        for (at = 0; at < cols; at += SNUG_POOL_RUN) {
            snug_pool_run(p + at * step_w, cols - at < SNUG_POOL_RUN ? cols - at : SNUG_POOL_RUN, step_w, next, sums);
            snug_pool_flush(wide, sums);
        }
    }
    snug_pool_flush(wide, sums);
}

/* The means of four sums, as snug_scale and snug_requantize4 have them. */
static inline int32x4_t snug_mean4(const snug_pool *g, int32x4_t sum, int32_t n, int32_t i)
{
    const int32_t shift = g->shift[i];
    int32x4_t t = vsubq_s32(sum, vdupq_n_s32(n * g->x_zero));
    if (shift < 0) {
        t = vshlq_s32(t, vdupq_n_s32(-shift));
    }
    t = vqrdmulhq_n_s32(t, (int32_t)g->mul[i] * 65536);
    return vrshlq_s32(t, vdupq_n_s32(shift < 0 ? 0 : -shift));
}

/* The means of eight channels; a window of nothing has the mean zero. */
static inline int8x8_t snug_mean8(const snug_pool *g, int32x4_t a, int32x4_t b, int32_t n)
{
    const int32_t i = g->counts > 1 && n > 0 ? n - 1 : 0;
    int16x8_t v = vdupq_n_s16(0);
    if (n > 0) {
        v = vcombine_s16(vqmovn_s32(snug_mean4(g, a, n, i)), vqmovn_s32(snug_mean4(g, b, n, i)));
    }
    v = vqaddq_s16(v, vdupq_n_s16((int16_t)g->zero));
    return vmin_s8(vmax_s8(vqmovn_s16(v), vdup_n_s8((int8_t)g->lo)), vdup_n_s8((int8_t)g->hi));
}
#endif

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
            c = 0;
#if SNUG_NEON
            while (c + 8 <= g->c) { /* two vectors, or the one that is left */
                const int32_t next = c + 16 <= g->c ? 8 : 0;
                int32x4_t sums[4];
                snug_pool_sums(xp + t.kh0 * step_h + t.kw0 * step_w + c, t.kh1 - t.kh0, t.kw1 - t.kw0, step_h, step_w, next, sums);
                vst1_s8(yp + c, snug_mean8(g, sums[0], sums[1], n));
                vst1_s8(yp + c + next, snug_mean8(g, sums[2], sums[3], n));
                c += 8 + next;
            }
#endif
            for (; c < g->c; c++) {
                int32_t sum = 0;
                for (kh = t.kh0; kh < t.kh1; kh++) {
                    for (kw = t.kw0; kw < t.kw1; kw++) {
                        sum += xp[kh * step_h + kw * step_w + c];
                    }
                }
                yp[c] = snug_mean(g, sum, n);
            }
        }
    }
}

#endif
