/* Ring Winograd for stride 2, by phases: 25 products for 2x2 outputs, no bit lost. */
#ifndef SNUG_RING22_H
#define SNUG_RING22_H

#include "snug_ring.h"

/* As in snug_ring42.h, with F(2,2) on the points 0, 1, infinity for the even
   inputs: nothing is divided, and the sums are the true ones. */
static const uint16_t snug_ring22_taps[5][3] = {
    {1u, 0u, 0u}, {0u, 0u, 1u}, {1u, 0u, 1u}, {0u, 1u, 0u}, {0u, 1u, 0u},
};

#define SNUG_RING22_IN(T)           \
    v[0] = SNUG_SUB##T(d[0], d[2]); \
    v[1] = SNUG_SUB##T(d[4], d[2]); \
    v[2] = SNUG_WIDE##T(d[2]);      \
    v[3] = SNUG_WIDE##T(d[1]);      \
    v[4] = SNUG_WIDE##T(d[3]);      \
    (void)k;
static inline void snug_ring22_first(const snug_ring_e d[5], snug_ring_v v[5], snug_ring_k k)
{
    SNUG_RING22_IN(_E)
}

static inline void snug_ring22_in(const snug_ring_v d[5], snug_ring_v v[5], snug_ring_k k)
{
    SNUG_RING22_IN(_V)
}

static inline void snug_ring22_out(const snug_ring_v m[5], snug_ring_v y[2], snug_ring_k k)
{
    (void)k;
    y[0] = SNUG_ADD(SNUG_ADD(m[0], m[2]), m[3]);
    y[1] = SNUG_ADD(SNUG_ADD(m[1], m[2]), m[4]);
}

SNUG_RING_FORM(snug_ring22, snug_conv_s8_a16_ring22, 3, 5, 5, 2, 2, 0, 5, 1 << 2)

#endif
