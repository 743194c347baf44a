/* Convolution, portable. A fully connected layer is one of a single pixel. */
#ifndef SNUG_CONV_H
#define SNUG_CONV_H

#include "snug_requant.h"

/* A stretch of the window that is contiguous in the input: len elements from
   offset at. flush ends a segment: the narrow sum is added to a wide one and
   starts again from zero. A window without a flush is summed in the narrow
   register to its end. */
typedef struct {
    int32_t at;
    uint16_t len, flush;
} snug_piece;

typedef struct {
    int32_t h, w;         /* output pixels */
    int32_t x_row, x_col; /* input elements from one output row, column to the next */
    int32_t y_row, y_col;
    int32_t groups, x_group; /* each group reads x_group elements further, writes c further */
    int32_t c;               /* output channels of a group */
    int32_t k;               /* weights of one channel, as packed */
    int32_t pieces;
    const snug_piece *piece;
    const int8_t *weights;
    snug_requant q;
} snug_conv;

/* What portable twins of NEON kernels share: every output, one at a time. sum
   returns the sum of channel c of a group for the window at x. */
static inline void snug_conv_each(const snug_conv *g, const int8_t *x, int8_t *y,
                                  int32_t (*sum)(const snug_conv *g, const int8_t *x, int32_t group, int32_t c))
{
    int32_t group, row, col, c;
    for (group = 0; group < g->groups; group++) {
        for (row = 0; row < g->h; row++) {
            for (col = 0; col < g->w; col++) {
                const int8_t *xp = x + group * g->x_group + row * g->x_row + col * g->x_col;
                int8_t *yp = y + row * g->y_row + col * g->y_col + group * g->c;
                for (c = 0; c < g->c; c++) {
                    yp[c] = snug_requantize(&g->q, sum(g, xp, group, c), group * g->c + c);
                }
            }
        }
    }
}

/* Every convolution takes scratch memory; a kernel that works in none is handed
   a null pointer. */

/* 16-bit sums: weights[channel][k]. The sum of a segment is reduced modulo
   2^16 at its end; the certificate of the layer proves that nothing is lost. */
static inline void snug_conv_s8_a16(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    int32_t group, row, col, c, i, k;
    (void)scratch;
    for (group = 0; group < g->groups; group++) {
        for (row = 0; row < g->h; row++) {
            for (col = 0; col < g->w; col++) {
                const int8_t *xp = x + group * g->x_group + row * g->x_row + col * g->x_col;
                int8_t *yp = y + row * g->y_row + col * g->y_col;
                for (c = group * g->c; c < (group + 1) * g->c; c++) {
                    const int8_t *w = g->weights + c * g->k;
                    uint32_t acc = g->q.preload ? (uint32_t)g->q.preload[c] : 0u;
                    int32_t sum = 0;
                    for (i = 0; i < g->pieces; i++) {
                        const int8_t *xi = xp + g->piece[i].at;
                        const int32_t len = g->piece[i].len;
                        int32_t part = 0; /* at most 2^15 products of 2^14 */
                        for (k = 0; k < len; k++) {
                            part += xi[k] * w[k];
                        }
                        acc += (uint32_t)part;
                        w += len;
                        if (g->piece[i].flush || i + 1 == g->pieces) {
                            sum += snug_wrap16(acc);
                            acc = 0u;
                        }
                    }
                    yp[c] = snug_requantize(&g->q, sum, c);
                }
            }
        }
    }
}

/* 32-bit sums. */
static inline void snug_conv_s8_a32(const snug_conv *g, const int8_t *x, int8_t *y, void *scratch)
{
    int32_t group, row, col, c, i, k;
    (void)scratch;
    for (group = 0; group < g->groups; group++) {
        for (row = 0; row < g->h; row++) {
            for (col = 0; col < g->w; col++) {
                const int8_t *xp = x + group * g->x_group + row * g->x_row + col * g->x_col;
                int8_t *yp = y + row * g->y_row + col * g->y_col;
                for (c = group * g->c; c < (group + 1) * g->c; c++) {
                    const int8_t *w = g->weights + c * g->k;
                    int32_t sum = 0;
                    for (i = 0; i < g->pieces; i++) {
                        const int8_t *xi = xp + g->piece[i].at;
                        const int32_t len = g->piece[i].len;
                        for (k = 0; k < len; k++) {
                            sum += xi[k] * w[k];
                        }
                        w += len;
                    }
                    yp[c] = snug_requantize(&g->q, sum, c);
                }
            }
        }
    }
}

#endif
