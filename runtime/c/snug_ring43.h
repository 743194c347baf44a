/* Ring Winograd F(4x4,3x3): stride 1, 36 products for 16 outputs. */
#ifndef SNUG_RING43_H
#define SNUG_RING43_H

#include "snug_ring.h"

/* Interpolation points 0, 1, -1, 2, 1/2 and infinity: two in each residue class
   of the projective line over F_2, so that all denominators are 2 or 18. Weights
   are taken twice, 18/2 = 9 is a unit whose inverse modulo 2^16 is 36409, and the
   sums are 2*2 times the true ones. */
static const uint16_t snug_ring43_taps[6][3] = {
    {65535u, 0u, 0u}, {65535u, 65535u, 65535u}, {36409u, 29127u, 36409u},
    {36409u, 7282u, 14564u}, {14564u, 7282u, 36409u}, {0u, 0u, 1u},
};

static inline void snug_ring43_in(const snug_ring_v d[6], snug_ring_v v[6], snug_ring_k k)
{
    const snug_ring_v p = SNUG_SUB(d[1], d[3]), q = SNUG_SUB(d[4], d[2]);
    v[0] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB(d[4], d[0])), p, k, 1);
    v[1] = SNUG_SUBK(SNUG_TWICE(SNUG_ADD(d[1], d[4])), SNUG_ADD(d[2], d[3]), k, 2);
    v[2] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB(d[4], d[1])), SNUG_SUB(d[2], d[3]), k, 3);
    v[3] = SNUG_ADDK(p, q, k, 0);
    v[4] = SNUG_ADDK(q, p, k, 0);
    v[5] = SNUG_SUBK(SNUG_TWICE(SNUG_SUB(d[5], d[1])), q, k, 1);
}

static inline void snug_ring43_out(const snug_ring_v m[6], snug_ring_v y[4], snug_ring_k k)
{
    const snug_ring_v s = SNUG_ADD(m[1], m[2]), t = SNUG_SUB(m[1], m[2]);
    y[0] = SNUG_ADDK(SNUG_ADD(SNUG_ADD(m[0], s), m[3]), m[4], k, 5);
    y[1] = SNUG_ADDK(SNUG_ADDK(t, m[3], k, 0), m[4], k, 4);
    y[2] = SNUG_ADDK(SNUG_ADDK(s, m[3], k, 4), m[4], k, 0);
    y[3] = SNUG_ADD(SNUG_ADDK(SNUG_ADD(t, m[4]), m[3], k, 5), m[5]);
}

static inline void snug_ring43_input(const int8_t *x, int32_t x_row, int32_t x_col, int32_t cin, int16_t *v, int32_t step)
{
    const snug_ring_k k = snug_ring_factors();
    for (; cin > 0; cin -= SNUG_RING_STEP, x += SNUG_RING_STEP, v += SNUG_RING_STEP) {
        snug_ring_v half[6][6], d[6], o[6]; /* half[point of a column][column] */
        int32_t i, j;
        SNUG_UNROLL
        for (j = 0; j < 6; j++) {
            SNUG_UNROLL
            for (i = 0; i < 6; i++) {
                d[i] = snug_ring_load8(x + i * x_row + j * x_col);
            }
            snug_ring43_in(d, o, k);
            SNUG_UNROLL
            for (i = 0; i < 6; i++) {
                half[i][j] = o[i];
            }
        }
        SNUG_UNROLL
        for (i = 0; i < 6; i++) {
            snug_ring43_in(half[i], o, k);
            SNUG_UNROLL
            for (j = 0; j < 6; j++) {
                snug_ring_store(v + (6 * i + j) * step, o[j]);
            }
        }
    }
}

static inline void snug_ring43_output(const int16_t *m, int32_t step, snug_ring_v *y)
{
    const snug_ring_k k = snug_ring_factors();
    snug_ring_v half[4][6], d[6], o[4];
    int32_t i, j;
    SNUG_UNROLL
    for (j = 0; j < 6; j++) {
        SNUG_UNROLL
        for (i = 0; i < 6; i++) {
            d[i] = snug_ring_load16(m + (6 * i + j) * step);
        }
        snug_ring43_out(d, o, k);
        SNUG_UNROLL
        for (i = 0; i < 4; i++) {
            half[i][j] = o[i];
        }
    }
    SNUG_UNROLL
    for (i = 0; i < 4; i++) {
        snug_ring43_out(half[i], y + 4 * i, k);
    }
}

static const snug_ring_form snug_ring43 = {6, 6, 4, 1, 2, snug_ring43_input, snug_ring43_output};

static inline void snug_ring43_prepare(const snug_ring *g, void *prepared)
{
    snug_ring_prepare(g, 6, snug_ring43_taps, prepared);
}

static inline void snug_conv_s8_a16_ring43(const snug_ring *g, const int8_t *x, int8_t *y, void *scratch, const void *prepared)
{
    snug_ring_block(g, &snug_ring43, x, y, 0, g->c, scratch, prepared);
}

#endif
