/* Ring Winograd F(4x4,3x3): stride 1, 36 products for 16 outputs. */
#ifndef SNUG_RING43_H
#define SNUG_RING43_H

#include "snug_ring.h"

/* Interpolation points 0, 2, 1/2, 1, -1 and infinity: two in each residue class
   of the projective line over F_2, so that all denominators are 2 or 18. Weights
   are taken twice, 18/2 = 9 is a unit whose inverse modulo 2^16 is 36409, and the
   sums are 2*2 times the true ones. */
static const uint16_t snug_ring43_taps[6][3] = {
    {65535u, 0u, 0u}, {36409u, 7282u, 14564u}, {14564u, 7282u, 36409u},
    {65535u, 65535u, 65535u}, {36409u, 29127u, 36409u}, {0u, 0u, 1u},
};

#define SNUG_RING43_IN(T)                                                                 \
    const snug_ring_v p = SNUG_SUB##T(d[1], d[3]), q = SNUG_SUB##T(d[4], d[2]);           \
    v[0] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB##T(d[4], d[0])), p, k, 1);                       \
    v[3] = SNUG_SUBK(SNUG_TWICE(SNUG_ADD##T(d[1], d[4])), SNUG_ADD##T(d[2], d[3]), k, 2); \
    v[4] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB##T(d[4], d[1])), SNUG_SUB##T(d[2], d[3]), k, 3); \
    v[1] = SNUG_ADDK(p, q, k, 0);                                                         \
    v[2] = SNUG_ADDK(q, p, k, 0);                                                         \
    v[5] = SNUG_SUBK(SNUG_TWICE(SNUG_SUB##T(d[5], d[1])), q, k, 1);
static inline void snug_ring43_first(const snug_ring_e d[6], snug_ring_v v[6], snug_ring_k k)
{
    SNUG_RING43_IN(_E)
}

static inline void snug_ring43_in(const snug_ring_v d[6], snug_ring_v v[6], snug_ring_k k)
{
    SNUG_RING43_IN(_V)
}

static inline void snug_ring43_out(const snug_ring_v m[6], snug_ring_v y[4], snug_ring_k k)
{
    const snug_ring_v s = SNUG_ADD(m[3], m[4]), t = SNUG_SUB(m[3], m[4]);
    y[0] = SNUG_ADDK(SNUG_ADD(SNUG_ADD(m[0], s), m[1]), m[2], k, 5);
    y[1] = SNUG_ADDK(SNUG_ADDK(t, m[1], k, 0), m[2], k, 4);
    y[2] = SNUG_ADDK(SNUG_ADDK(s, m[1], k, 4), m[2], k, 0);
    y[3] = SNUG_ADD(SNUG_ADDK(SNUG_ADD(t, m[2]), m[1], k, 5), m[5]);
}

SNUG_RING_FORM(snug_ring43, snug_conv_s8_a16_ring43, 6, 6, 4, 1, 2, 3, 1 << 3)

#endif
