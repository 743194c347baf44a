/* Local response normalisation across channels. */
#ifndef SNUG_LRN_H
#define SNUG_LRN_H

#include "snug_requant.h"

/* Every element is multiplied by a factor that falls with the sum of squares of the
   channels around it, c - before to c + after: y = clamp(zero + round((x - x_zero) *
   f / 2^shift), lo, hi). factor[i] is f for the sum i below 64, and then for 32 sums in
   each octave: f goes straight from one to the next. The table has one entry more than
   the greatest sum needs. */
typedef struct {
    int32_t h, w, c;
    int32_t x_row, x_col, y_row, y_col;
    int32_t before, after;
    int32_t x_zero, shift, zero, lo, hi;
    const int32_t *factor;
} snug_lrn;

/* How often a sum is halved until it is below 64. */
static inline uint32_t snug_lrn_octave(uint32_t sum)
{
#if defined(__GNUC__)
    return 26u - (uint32_t)__builtin_clz(sum | 63u);
#else
    uint32_t octave = 0u;
    while ((sum >> octave) > 63u) {
        octave++;
    }
    return octave;
#endif
}

static inline void snug_lrn_s8(const snug_lrn *g, const int8_t *x, int8_t *y)
{
    const snug_lrn q = *g; /* a store to y could change what g points to */
    const int32_t round = (int32_t)(((uint32_t)1 << q.shift) >> 1);
    int32_t row, col, c;
    for (row = 0; row < q.h; row++) {
        for (col = 0; col < q.w; col++) {
            const int8_t *xp = &x[(row * q.x_row) + (col * q.x_col)];
            int8_t *yp = &y[(row * q.y_row) + (col * q.y_col)];
            uint32_t sum = 0u;
            for (c = 0; (c < q.after) && (c < q.c); c++) {
                const int32_t v = xp[c] - q.x_zero;
                sum += (uint32_t)(v * v);
            }
            for (c = 0; c < q.c; c++) {
                const int32_t v = xp[c] - q.x_zero;
                const int32_t *at;
                uint32_t octave;
                int32_t half, f;
                if (c + q.after < q.c) {
                    const int32_t in = xp[c + q.after] - q.x_zero;
                    sum += (uint32_t)(in * in);
                }
                octave = snug_lrn_octave(sum);
                half = (int32_t)(((uint32_t)1 << octave) >> 1);
                at = &q.factor[(32u * octave) + (sum >> octave)];
                f = at[0] - ((((at[0] - at[1]) * (int32_t)(sum & (((uint32_t)1 << octave) - 1u))) + half) >> octave);
                yp[c] = (int8_t)snug_clamp((((v * f) + round) >> q.shift) + q.zero, q.lo, q.hi);
                if (c >= q.before) {
                    const int32_t out = xp[c - q.before] - q.x_zero;
                    sum -= (uint32_t)(out * out);
                }
            }
        }
    }
}

#endif
