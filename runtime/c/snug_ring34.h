/* Ring Winograd F(3x3,4x4): stride 1, 36 products for 9 outputs. */
#ifndef SNUG_RING34_H
#define SNUG_RING34_H

#include "snug_ring_six.h"

static const uint16_t snug_ring34_taps[6][4] = {
    {65535u, 0u, 0u, 0u}, {36409u, 7282u, 14564u, 29128u}, {29128u, 14564u, 7282u, 36409u},
    {65535u, 65535u, 65535u, 65535u}, {36409u, 29127u, 36409u, 29127u}, {0u, 0u, 0u, 1u},
};

SNUG_RING_SIX_INPUTS(snug_ring34)

static inline void snug_ring34_out(const snug_ring_v m[6], snug_ring_v y[3], snug_ring_k k)
{
    const snug_ring_v s = SNUG_ADD(m[3], m[4]), t = SNUG_SUB(m[3], m[4]);
    y[0] = SNUG_ADDK(SNUG_ADD(SNUG_ADD(m[0], s), m[1]), m[2], k, 4);
    y[1] = SNUG_ADDK(SNUG_ADDK(t, m[1], k, 0), m[2], k, 0);
    y[2] = SNUG_ADD(SNUG_ADDK(SNUG_ADD(s, m[2]), m[1], k, 4), m[5]);
}

SNUG_RING_FORM(snug_ring34, snug_conv_s8_a16_ring34, 4, 6, 6, 3, 1, 2, 3, 1 << 3)

#endif
