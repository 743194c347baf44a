/* Probabilities from levels. */
#ifndef SNUG_SOFTMAX_H
#define SNUG_SOFTMAX_H

#include "snug_requant.h"

/* q of the output stands for (q + 128) / 256. exp[d] is exp(-d * scale) in
   1/2^23, for the distance d from the row's greatest level. */
typedef struct {
    int32_t rows, c;
    int32_t x_row, y_row;
    const int32_t *exp;
} snug_softmax;

/* a / b for a quotient below 512, by long division: the targets have no
   64-bit divider. */
static inline int32_t snug_quotient(int64_t a, int64_t b)
{
    int32_t q = 0, bit;
    for (bit = 8; bit >= 0; bit--) {
        const int64_t d = b * (int64_t)(1u << (uint32_t)bit);
        if (a >= d) {
            a -= d;
            q += (int32_t)(1u << (uint32_t)bit);
        }
    }
    return q;
}

static inline void snug_softmax_s8(const snug_softmax *g, const int8_t *x, int8_t *y)
{
    int32_t r, c;
    for (r = 0; r < g->rows; r++) {
        const int8_t *xp = &x[r * g->x_row];
        int8_t *yp = &y[r * g->y_row];
        int32_t top = xp[0];
        int64_t sum = 0;
        for (c = 0; c < g->c; c++) {
            top = (xp[c] > top) ? xp[c] : top;
        }
        for (c = 0; c < g->c; c++) {
            sum += g->exp[top - xp[c]];
        }
        for (c = 0; c < g->c; c++) {
            const int32_t p = snug_quotient(((int64_t)g->exp[top - xp[c]] * 512) + sum, 2 * sum);
            yp[c] = (int8_t)(((p > 255) ? 255 : p) - 128);
        }
    }
}

#endif
