/* Ring Winograd for stride 2, by phases: 81 products for 4x4 outputs. */
#ifndef SNUG_RING42_H
#define SNUG_RING42_H

#include "snug_ring.h"

/* y[i] = w0 x[2i] + w2 x[2i+2] + w1 x[2i+1]: the even inputs are a convolution of
   two taps, F(4,2) on the points 0, 1, -1, 2, infinity, whose denominators are 2
   or 6; the odd ones one product each. Weights are taken twice, 6/2 = 3 is a unit
   whose inverse modulo 2^16 is 43691, and the sums are 2*2 times the true ones. */
static const uint16_t snug_ring42_taps[9][3] = {
    {1u, 0u, 0u}, {65535u, 0u, 65535u}, {21845u, 0u, 43691u}, {43691u, 0u, 21846u}, {0u, 0u, 2u},
    {0u, 2u, 0u}, {0u, 2u, 0u}, {0u, 2u, 0u}, {0u, 2u, 0u},
};

#define SNUG_RING42_IN(T)                               \
    const snug_ring_v t = SNUG_SUB##T(d[6], d[2]);      \
    v[0] = SNUG_ADDK(t, SNUG_SUB##T(d[0], d[4]), k, 0); \
    v[1] = SNUG_SUB(t, SNUG_ADD##T(d[2], d[4]));        \
    v[2] = SNUG_ADDK(t, SNUG_SUB##T(d[2], d[4]), k, 2); \
    v[3] = t;                                           \
    v[4] = SNUG_SUBK(SNUG_SUB##T(d[8], d[4]), t, k, 0); \
    v[5] = SNUG_WIDE##T(d[1]);                          \
    v[6] = SNUG_WIDE##T(d[3]);                          \
    v[7] = SNUG_WIDE##T(d[5]);                          \
    v[8] = SNUG_WIDE##T(d[7]);
static inline void snug_ring42_first(const snug_ring_e d[9], snug_ring_v v[9], snug_ring_k k)
{
    SNUG_RING42_IN(_E)
}

static inline void snug_ring42_in(const snug_ring_v d[9], snug_ring_v v[9], snug_ring_k k)
{
    SNUG_RING42_IN(_V)
}

static inline void snug_ring42_out(const snug_ring_v m[9], snug_ring_v y[4], snug_ring_k k)
{
    const snug_ring_v s = SNUG_ADD(m[1], m[2]), t = SNUG_SUB(m[1], m[2]);
    y[0] = SNUG_ADD(SNUG_ADD(SNUG_ADD(m[0], s), m[3]), m[5]);
    y[1] = SNUG_ADDK(SNUG_ADD(t, m[6]), m[3], k, 0);
    y[2] = SNUG_ADDK(SNUG_ADD(s, m[7]), m[3], k, 4);
    y[3] = SNUG_ADDK(SNUG_ADD(SNUG_ADD(t, m[4]), m[8]), m[3], k, 5);
}

SNUG_RING_FORM(snug_ring42, snug_conv_s8_a16_ring42, 3, 9, 9, 4, 2, 2, 3, 1 << 1)

#endif
