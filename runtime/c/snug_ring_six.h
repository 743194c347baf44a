/* Six points, which forms of three, four and five taps share. */
#ifndef SNUG_RING_SIX_H
#define SNUG_RING_SIX_H

#include "snug_ring.h"

/* Interpolation points 0, 2, 1/2, 1, -1 and infinity: two in each residue class
   of the projective line over F_2, so that all denominators are 2 or 18. Weights
   are taken twice, 18/2 = 9 is a unit whose inverse modulo 2^16 is 36409, and the
   sums are 2*2 times the true ones. The transform of six inputs is the same however
   many of them are taps: T taps and 7 - T outputs. */
#define SNUG_RING_SIX(T)                                                                  \
    const snug_ring_v p = SNUG_SUB##T(d[1], d[3]), q = SNUG_SUB##T(d[4], d[2]);           \
    v[0] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB##T(d[4], d[0])), p, k, 1);                       \
    v[3] = SNUG_SUBK(SNUG_TWICE(SNUG_ADD##T(d[1], d[4])), SNUG_ADD##T(d[2], d[3]), k, 2); \
    v[4] = SNUG_ADDK(SNUG_TWICE(SNUG_SUB##T(d[4], d[1])), SNUG_SUB##T(d[2], d[3]), k, 3); \
    v[1] = SNUG_ADDK(p, q, k, 0);                                                         \
    v[2] = SNUG_ADDK(q, p, k, 0);                                                         \
    v[5] = SNUG_SUBK(SNUG_TWICE(SNUG_SUB##T(d[5], d[1])), q, k, 1);
#define SNUG_RING_SIX_INPUTS(NAME)                                                                  \
    static inline void NAME##_first(const snug_ring_e d[6], snug_ring_v v[6], snug_ring_k k)        \
    {                                                                                               \
        SNUG_RING_SIX(_E)                                                                           \
    }                                                                                               \
    static inline void NAME##_in(const snug_ring_v d[6], snug_ring_v v[6], snug_ring_k k)           \
    {                                                                                               \
        SNUG_RING_SIX(_V)                                                                           \
    }

#endif
