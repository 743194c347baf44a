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

/* The greatest element of each window; the output has the input's format. */
static inline void snug_maxpool_s8(const snug_pool *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, kh, kw, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            int8_t *yp = &y[(row * g->y_row) + (col * g->y_col)];
            for (c = 0; c < g->c; c++) {
                yp[c] = -128;
            }
            for (kh = 0; kh < g->kh; kh++) {
                const int32_t r = (row * g->stride_h) - g->pad_h + (kh * g->dilation_h);
                for (kw = 0; (r >= 0) && (r < g->xh) && (kw < g->kw); kw++) {
                    const int32_t s = (col * g->stride_w) - g->pad_w + (kw * g->dilation_w);
                    if ((s >= 0) && (s < g->xw)) {
                        const int8_t *xp = &x[(r * g->x_row) + (s * g->x_col)];
                        for (c = 0; c < g->c; c++) {
                            yp[c] = (xp[c] > yp[c]) ? xp[c] : yp[c];
                        }
                    }
                }
            }
        }
    }
}

/* The mean of each window. Sums are 32 bits wide; a window has fewer than
   2^23 elements. */
static inline void snug_avgpool_s8(const snug_pool *g, const int8_t *x, int8_t *y)
{
    int32_t row, col, kh, kw, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            for (c = 0; c < g->c; c++) {
                int32_t sum = 0, n = 0, mean = 0;
                for (kh = 0; kh < g->kh; kh++) {
                    const int32_t r = (row * g->stride_h) - g->pad_h + (kh * g->dilation_h);
                    for (kw = 0; (r >= 0) && (r < g->xh) && (kw < g->kw); kw++) {
                        const int32_t s = (col * g->stride_w) - g->pad_w + (kw * g->dilation_w);
                        if ((s >= 0) && (s < g->xw)) {
                            sum += x[(r * g->x_row) + (s * g->x_col) + c];
                            n++;
                        }
                    }
                }
                if (n > 0) {
                    const int32_t i = (g->counts > 1) ? (n - 1) : 0;
                    mean = snug_scale(sum - (n * g->x_zero), g->mul[i], g->shift[i]);
                }
                y[(row * g->y_row) + (col * g->y_col) + c] = (int8_t)snug_clamp(mean + g->zero, g->lo, g->hi);
            }
        }
    }
}

#endif
