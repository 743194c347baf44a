/* Ring Winograd F(3x3,3x3): stride 1, 25 products for 9 outputs. */
#ifndef SNUG_RING33_H
#define SNUG_RING33_H

#include "snug_ring.h"

/* Interpolation points 0, 1, -1, 2 and infinity: denominators are 2 or 6. Weights
   are taken twice, 6/2 = 3 is a unit whose inverse modulo 2^16 is 43691, and the
   sums are 2*2 times the true ones. */
static const uint16_t snug_ring33_taps[5][3] = {
    {1u, 0u, 0u}, {65535u, 65535u, 65535u}, {21845u, 43691u, 21845u}, {43691u, 21846u, 43692u}, {0u, 0u, 2u},
};

#define SNUG_RING33_IN(T)                               \
    const snug_ring_v t = SNUG_SUB##T(d[3], d[1]);      \
    v[0] = SNUG_ADDK(t, SNUG_SUB##T(d[0], d[2]), k, 0); \
    v[1] = SNUG_SUB(t, SNUG_ADD##T(d[1], d[2]));        \
    v[2] = SNUG_ADDK(t, SNUG_SUB##T(d[1], d[2]), k, 2); \
    v[3] = t;                                           \
    v[4] = SNUG_SUBK(SNUG_SUB##T(d[4], d[2]), t, k, 0);
static inline void snug_ring33_first(const snug_ring_e d[5], snug_ring_v v[5], snug_ring_k k)
{
    SNUG_RING33_IN(_E)
}

static inline void snug_ring33_in(const snug_ring_v d[5], snug_ring_v v[5], snug_ring_k k)
{
    SNUG_RING33_IN(_V)
}

static inline void snug_ring33_out(const snug_ring_v m[5], snug_ring_v y[3], snug_ring_k k)
{
    const snug_ring_v s = SNUG_ADD(m[1], m[2]);
    y[0] = SNUG_ADD(SNUG_ADD(m[0], s), m[3]);
    y[1] = SNUG_ADDK(SNUG_SUB(m[1], m[2]), m[3], k, 0);
    y[2] = SNUG_ADDK(SNUG_ADD(s, m[4]), m[3], k, 4);
}

SNUG_RING_FORM(snug_ring33, snug_conv_s8_a16_ring33, 3, 5, 5, 3, 1, 2, 5, 1 << 1)

#endif
