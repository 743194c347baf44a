/* Ring Winograd F(3x3,3x3): stride 1, 36 products for 9 outputs, no bit lost. */
#ifndef SNUG_RING33X_H
#define SNUG_RING33X_H

#include "snug_ring.h"

/* Evaluation at 0, 1, infinity and the place x^2 + x + 1 of degree two, which
   reduce to different places over F_2: every coefficient is 0, 1 or -1, nothing
   is divided, and the sums are the true ones. */
static const uint16_t snug_ring33x_taps[6][3] = {
    {1u, 0u, 0u}, {0u, 1u, 0u}, {0u, 0u, 1u}, {1u, 1u, 0u}, {1u, 0u, 1u}, {0u, 1u, 1u},
};

#define SNUG_RING33X_IN(T)                              \
    v[0] = SNUG_SUBW##T(SNUG_SUB##T(d[0], d[1]), d[2]); \
    v[1] = SNUG_SUBW##T(SNUG_SUB##T(d[2], d[1]), d[3]); \
    v[2] = SNUG_SUBW##T(SNUG_SUB##T(d[4], d[2]), d[3]); \
    v[3] = SNUG_WIDE##T(d[1]);                          \
    v[4] = SNUG_WIDE##T(d[2]);                          \
    v[5] = SNUG_WIDE##T(d[3]);                          \
    (void)k;
static inline void snug_ring33x_first(const snug_ring_e d[5], snug_ring_v v[6], snug_ring_k k)
{
    SNUG_RING33X_IN(_E)
}

static inline void snug_ring33x_in(const snug_ring_v d[5], snug_ring_v v[6], snug_ring_k k)
{
    SNUG_RING33X_IN(_V)
}

static inline void snug_ring33x_out(const snug_ring_v m[6], snug_ring_v y[3], snug_ring_k k)
{
    (void)k;
    y[0] = SNUG_ADD(SNUG_ADD(m[0], m[3]), m[4]);
    y[1] = SNUG_ADD(SNUG_ADD(m[1], m[3]), m[5]);
    y[2] = SNUG_ADD(SNUG_ADD(m[2], m[4]), m[5]);
}

SNUG_RING_FORM(snug_ring33x, snug_conv_s8_a16_ring33x, 3, 5, 6, 3, 1, 0, 3, 1 << 0 | 1 << 5)

#endif
