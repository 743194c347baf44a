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

#if SNUG_NEON
/* The factors of four sums. */
static inline int32x4_t snug_lrn_factors(const int32_t *factor, uint32x4_t sum)
{
    const int32x4_t octave = vsubq_s32(vdupq_n_s32(26), vreinterpretq_s32_u32(vclzq_u32(vorrq_u32(sum, vdupq_n_u32(63)))));
    const uint32x4_t top = vshlq_u32(sum, vnegq_s32(octave));
    const uint32x4_t at = vaddq_u32(top, vshlq_n_u32(vreinterpretq_u32_s32(octave), 5));
    const int32x4_t rest = vreinterpretq_s32_u32(vsubq_u32(sum, vshlq_u32(top, octave)));
    const int32x4x2_t ends = vuzpq_s32(
        vcombine_s32(vld1_s32(&factor[vgetq_lane_u32(at, 0)]), vld1_s32(&factor[vgetq_lane_u32(at, 1)])),
        vcombine_s32(vld1_s32(&factor[vgetq_lane_u32(at, 2)]), vld1_s32(&factor[vgetq_lane_u32(at, 3)])));
    const int32x4_t step = vmulq_s32(vsubq_s32(ends.val[0], ends.val[1]), rest);
    return vsubq_s32(ends.val[0], vshlq_s32(step, vnegq_s32(octave)));
}

/* Channels c to c + 7, all of whose neighbours exist. */
static inline void snug_lrn_eight(const snug_lrn *q, const int8_t *x, int8_t *y, int32_t c)
{
    const int8x8_t zero = vdup_n_s8((int8_t)q->x_zero);
    const int16x8_t v = vsubl_s8(vld1_s8(&x[c]), zero);
    const int32x4_t shift = vdupq_n_s32(-q->shift), y_zero = vdupq_n_s32(q->zero);
    int32x4_t low = vdupq_n_s32(0), high = low;
    int8x8_t out;
    int32_t i;
    for (i = c - q->before; i <= c + q->after; i++) {
        const int16x8_t n = vsubl_s8(vld1_s8(&x[i]), zero);
        low = vmlal_s16(low, vget_low_s16(n), vget_low_s16(n));
        high = vmlal_s16(high, vget_high_s16(n), vget_high_s16(n));
    }
    low = vmulq_s32(snug_lrn_factors(q->factor, vreinterpretq_u32_s32(low)), vmovl_s16(vget_low_s16(v)));
    high = vmulq_s32(snug_lrn_factors(q->factor, vreinterpretq_u32_s32(high)), vmovl_s16(vget_high_s16(v)));
    low = vaddq_s32(vrshlq_s32(low, shift), y_zero);
    high = vaddq_s32(vrshlq_s32(high, shift), y_zero);
    out = vqmovn_s16(vcombine_s16(vqmovn_s32(low), vqmovn_s32(high)));
    vst1_s8(&y[c], vmin_s8(vmax_s8(out, vdup_n_s8((int8_t)q->lo)), vdup_n_s8((int8_t)q->hi)));
}
#endif

/* Channels from c to end - 1, one at a time. */
static inline void snug_lrn_each(const snug_lrn *q, const int8_t *x, int8_t *y, int32_t c, int32_t end)
{
    const int32_t round = (int32_t)(((uint32_t)1 << q->shift) >> 1);
    uint32_t sum = 0u;
    int32_t i;
    for (i = (c > q->before) ? (c - q->before) : 0; (i < (c + q->after)) && (i < q->c); i++) {
        const int32_t v = x[i] - q->x_zero;
        sum += (uint32_t)(v * v);
    }
    for (; c < end; c++) {
        const int32_t v = x[c] - q->x_zero;
        const int32_t *at;
        uint32_t octave;
        int32_t f;
        if ((c + q->after) < q->c) {
            const int32_t in = x[c + q->after] - q->x_zero;
            sum += (uint32_t)(in * in);
        }
        octave = snug_lrn_octave(sum);
        at = &q->factor[(32u * octave) + (sum >> octave)];
        f = at[0] - (((at[0] - at[1]) * (int32_t)(sum & (((uint32_t)1 << octave) - 1u))) >> octave);
        y[c] = (int8_t)snug_clamp((((v * f) + round) >> q->shift) + q->zero, q->lo, q->hi);
        if (c >= q->before) {
            const int32_t out = x[c - q->before] - q->x_zero;
            sum -= (uint32_t)(out * out);
        }
    }
}

static inline void snug_lrn_s8(const snug_lrn *g, const int8_t *x, int8_t *y)
{
    const snug_lrn q = *g; /* a store to y could change what g points to */
    int32_t row, col;
    for (row = 0; row < q.h; row++) {
        for (col = 0; col < q.w; col++) {
            const int8_t *xp = &x[(row * q.x_row) + (col * q.x_col)];
            int8_t *yp = &y[(row * q.y_row) + (col * q.y_col)];
            int32_t c = 0;
#if SNUG_NEON
            if ((q.before + 8 + q.after) <= q.c) {
                snug_lrn_each(&q, xp, yp, 0, q.before);
                for (c = q.before; (c + 7 + q.after) < q.c; c += 8) {
                    snug_lrn_eight(&q, xp, yp, c);
                }
            }
#endif
            snug_lrn_each(&q, xp, yp, c, q.c);
        }
    }
}

#endif
