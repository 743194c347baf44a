/* Sums and products of tensors, tables, copies, frames. */
#ifndef SNUG_ELEMENTWISE_H
#define SNUG_ELEMENTWISE_H

#include "snug_requant.h"

/* Two h x w x c tensors; a stride of zero repeats an operand. */
typedef struct {
    int32_t h, w, c;
    int32_t a_row, a_col;
    int32_t b_row, b_col;
    int32_t y_row, y_col;
    int32_t a_zero, b_zero;
    int32_t a_mul, b_mul; /* below 2^15 */
    int32_t shift;        /* at most 30 */
    int32_t zero, lo, hi;
} snug_plane;

/* round(((a - a_zero) * a_mul + (b - b_zero) * b_mul) / 2^shift) + zero. The sum
   is below 2 * 255 * 2^15 + 2^29, so 32 bits hold it. */
static inline void snug_add_s8(const snug_plane *g, const int8_t *a, const int8_t *b, int8_t *y)
{
    const uint32_t half = (1u << (uint32_t)g->shift) >> 1u;
    const int32_t round = (int32_t)half;
    int32_t row, col, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = &a[(row * g->a_row) + (col * g->a_col)];
            const int8_t *bp = &b[(row * g->b_row) + (col * g->b_col)];
            int8_t *yp = &y[(row * g->y_row) + (col * g->y_col)];
            for (c = 0; c < g->c; c++) {
                const int32_t t = ((ap[c] - g->a_zero) * g->a_mul) + ((bp[c] - g->b_zero) * g->b_mul);
                yp[c] = (int8_t)snug_clamp(((t + round) >> g->shift) + g->zero, g->lo, g->hi);
            }
        }
    }
}

/* round((a - a_zero) * (b - b_zero) * a_mul / 2^shift) + zero. */
static inline void snug_mul_s8(const snug_plane *g, const int8_t *a, const int8_t *b, int8_t *y)
{
    const uint32_t half = (1u << (uint32_t)g->shift) >> 1u;
    const int64_t round = (int64_t)half;
    int32_t row, col, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = &a[(row * g->a_row) + (col * g->a_col)];
            const int8_t *bp = &b[(row * g->b_row) + (col * g->b_col)];
            int8_t *yp = &y[(row * g->y_row) + (col * g->y_col)];
            for (c = 0; c < g->c; c++) {
                const int64_t t = (int64_t)((ap[c] - g->a_zero) * (bp[c] - g->b_zero)) * g->a_mul;
                yp[c] = (int8_t)snug_clamp((int32_t)((t + round) >> g->shift) + g->zero, g->lo, g->hi);
            }
        }
    }
}

/* Five nested dimensions, from one order to another. */
typedef struct {
    int32_t dim[5];
    int32_t x[5], y[5]; /* elements from one index to the next */
    const int8_t *table; /* lookup: 256 entries, indexed by the element's bits */
} snug_map;

static inline void snug_lookup_s8(const snug_map *g, const int8_t *x, int8_t *y)
{
    int32_t a, b, c, d, e;
    for (a = 0; a < g->dim[0]; a++) {
        for (b = 0; b < g->dim[1]; b++) {
            for (c = 0; c < g->dim[2]; c++) {
                for (d = 0; d < g->dim[3]; d++) {
                    const int8_t *xp = &x[(a * g->x[0]) + (b * g->x[1]) + (c * g->x[2]) + (d * g->x[3])];
                    int8_t *yp = &y[(a * g->y[0]) + (b * g->y[1]) + (c * g->y[2]) + (d * g->y[3])];
                    for (e = 0; e < g->dim[4]; e++) {
                        yp[e * g->y[4]] = g->table[(uint8_t)xp[e * g->x[4]]];
                    }
                }
            }
        }
    }
}

static inline void snug_copy_s8(const snug_map *g, const int8_t *x, int8_t *y)
{
    int32_t a, b, c, d, e;
    for (a = 0; a < g->dim[0]; a++) {
        for (b = 0; b < g->dim[1]; b++) {
            for (c = 0; c < g->dim[2]; c++) {
                for (d = 0; d < g->dim[3]; d++) {
                    const int8_t *xp = &x[(a * g->x[0]) + (b * g->x[1]) + (c * g->x[2]) + (d * g->x[3])];
                    int8_t *yp = &y[(a * g->y[0]) + (b * g->y[1]) + (c * g->y[2]) + (d * g->y[3])];
                    for (e = 0; e < g->dim[4]; e++) {
                        yp[e * g->y[4]] = xp[e * g->x[4]];
                    }
                }
            }
        }
    }
}

/* The border of a buffer holds the zero point, so that no convolution tests
   for edges. */
typedef struct {
    int32_t h, w, c; /* with the border */
    int32_t top, bottom, left, right;
    int32_t zero;
} snug_frame;

static inline void snug_frame_s8(const snug_frame *g, int8_t *y)
{
    const int32_t line = g->w * g->c;
    const int8_t zero = (int8_t)g->zero;
    int32_t r, i;
    for (r = 0; r < g->h; r++) {
        int32_t left = line, right = line;
        int8_t *yp = &y[r * line];
        if ((r >= g->top) && (r < (g->h - g->bottom))) {
            left = g->left * g->c;
            right = line - (g->right * g->c);
        }
        for (i = 0; i < left; i++) {
            yp[i] = zero;
        }
        for (i = right; i < line; i++) {
            yp[i] = zero;
        }
    }
}

#endif
