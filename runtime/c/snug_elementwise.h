/* Sums and products of tensors, tables, copies, frames. */
#ifndef SNUG_ELEMENTWISE_H
#define SNUG_ELEMENTWISE_H

#include "snug_requant.h"

/* Two h x w x c tensors; a stride of zero repeats an operand. */
typedef struct {
    int32_t h, w, c;
    int32_t a_row, a_col;
    int32_t b_row, b_col;
    int32_t y_row, y_col;
    int32_t a_zero, b_zero;
    int32_t a_mul, b_mul; /* below 2^15 */
    int32_t shift;        /* at most 30 */
    int32_t zero, lo, hi;
} snug_plane;

/* Columns that follow each other without gaps are one long column. */
static inline snug_plane snug_flat_plane(const snug_plane *g)
{
    snug_plane f = *g;
    if (f.a_col == f.c && f.b_col == f.c && f.y_col == f.c) {
        f.c *= f.w;
        f.w = 1;
    }
    return f;
}

#if SNUG_NEON
#if defined(__aarch64__)
#define SNUG_SUB_HIGH(a, b) vsubl_high_s8(a, b)
#define SNUG_PRODUCT_HIGH(a, b) vmull_high_s16(a, b)
#define SNUG_MUL_HIGH(a, m) vmull_high_n_s16(a, m)
#define SNUG_MLA_HIGH(t, a, m) vmlal_high_n_s16(t, a, m)
#else
#define SNUG_SUB_HIGH(a, b) vsubl_s8(vget_high_s8(a), vget_high_s8(b))
#define SNUG_PRODUCT_HIGH(a, b) vmull_s16(vget_high_s16(a), vget_high_s16(b))
#define SNUG_MUL_HIGH(a, m) vmull_n_s16(vget_high_s16(a), m)
#define SNUG_MLA_HIGH(t, a, m) vmlal_n_s16(t, vget_high_s16(a), m)
#endif

/* Eight sums of two scaled elements, rounded. */
static inline int16x8_t snug_add8(const snug_plane *g, int16x8_t a, int16x8_t b)
{
    const int16_t am = (int16_t)g->a_mul, bm = (int16_t)g->b_mul;
    const int32x4_t right = vdupq_n_s32(-g->shift);
    const int32x4_t l = vmlal_n_s16(vmull_n_s16(vget_low_s16(a), am), vget_low_s16(b), bm);
    const int32x4_t h = SNUG_MLA_HIGH(SNUG_MUL_HIGH(a, am), b, bm);
    return vqaddq_s16(vcombine_s16(vqmovn_s32(vrshlq_s32(l, right)), vqmovn_s32(vrshlq_s32(h, right))), vdupq_n_s16((int16_t)g->zero));
}

/* A vector of equal elements. clang would take its upper half for a shorter vector,
   and could not use instructions that work on upper halves. */
static inline int8x16_t snug_equal16(int32_t x)
{
    int8x16_t v = vdupq_n_s8((int8_t)x);
#if defined(__clang__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* Sixteen sums, unclamped. */
static inline int8x16_t snug_add16(const snug_plane *g, int8x16_t a, int8x16_t b, int8x16_t a_zero, int8x16_t b_zero)
{
    const int16x8_t l = snug_add8(g, vsubl_s8(vget_low_s8(a), vget_low_s8(a_zero)), vsubl_s8(vget_low_s8(b), vget_low_s8(b_zero)));
    const int16x8_t h = snug_add8(g, SNUG_SUB_HIGH(a, a_zero), SNUG_SUB_HIGH(b, b_zero));
    return vcombine_s8(vqmovn_s16(l), vqmovn_s16(h));
}
#endif

/* round(((a - a_zero) * a_mul + (b - b_zero) * b_mul) / 2^shift) + zero. The sum
   is below 2 * 255 * 2^15 + 2^29, so 32 bits hold it. */
static inline void snug_add_s8(const snug_plane *plane, const int8_t *a, const int8_t *b, int8_t *y)
{
    const snug_plane flat = snug_flat_plane(plane);
    const snug_plane *const g = &flat;
    const int32_t round = ((int32_t)1 << g->shift) >> 1;
    int32_t row, col, c;
#if SNUG_NEON
    const int8x16_t a_zero = snug_equal16(g->a_zero), b_zero = snug_equal16(g->b_zero);
    const int8x16_t lo = vdupq_n_s8((int8_t)g->lo), hi = vdupq_n_s8((int8_t)g->hi);
#endif
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = a + row * g->a_row + col * g->a_col;
            const int8_t *bp = b + row * g->b_row + col * g->b_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            c = 0;
#if SNUG_NEON
            for (; c + 32 <= g->c; c += 32) { /* all is read before any is written: y may be a or b */
                const int8x16_t a0 = vld1q_s8(ap + c), a1 = vld1q_s8(ap + c + 16);
                const int8x16_t b0 = vld1q_s8(bp + c), b1 = vld1q_s8(bp + c + 16);
                vst1q_s8(yp + c, vminq_s8(vmaxq_s8(snug_add16(g, a0, b0, a_zero, b_zero), lo), hi));
                vst1q_s8(yp + c + 16, vminq_s8(vmaxq_s8(snug_add16(g, a1, b1, a_zero, b_zero), lo), hi));
            }
            for (; c + 16 <= g->c; c += 16) {
                vst1q_s8(yp + c, vminq_s8(vmaxq_s8(snug_add16(g, vld1q_s8(ap + c), vld1q_s8(bp + c), a_zero, b_zero), lo), hi));
            }
#endif
            for (; c < g->c; c++) {
                const int32_t t = (ap[c] - g->a_zero) * g->a_mul + (bp[c] - g->b_zero) * g->b_mul;
                yp[c] = (int8_t)snug_clamp(((t + round) >> g->shift) + g->zero, g->lo, g->hi);
            }
        }
    }
}

#if SNUG_NEON
/* Eight scaled products, rounded: before that 255 * 255 * 2^15 bounds them, which 32
   bits hold. */
static inline int16x8_t snug_mul8(const snug_plane *g, int16x8_t a, int16x8_t b)
{
    const int32x4_t right = vdupq_n_s32(-g->shift);
    const int32x4_t l = vmulq_n_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), g->a_mul);
    const int32x4_t h = vmulq_n_s32(SNUG_PRODUCT_HIGH(a, b), g->a_mul);
    return vqaddq_s16(vcombine_s16(vqmovn_s32(vrshlq_s32(l, right)), vqmovn_s32(vrshlq_s32(h, right))), vdupq_n_s16((int16_t)g->zero));
}

/* Sixteen products, unclamped. */
static inline int8x16_t snug_mul16(const snug_plane *g, int8x16_t a, int8x16_t b, int8x16_t a_zero, int8x16_t b_zero)
{
    const int16x8_t l = snug_mul8(g, vsubl_s8(vget_low_s8(a), vget_low_s8(a_zero)), vsubl_s8(vget_low_s8(b), vget_low_s8(b_zero)));
    const int16x8_t h = snug_mul8(g, SNUG_SUB_HIGH(a, a_zero), SNUG_SUB_HIGH(b, b_zero));
    return vcombine_s8(vqmovn_s16(l), vqmovn_s16(h));
}
#endif

/* round((a - a_zero) * (b - b_zero) * a_mul / 2^shift) + zero. */
static inline void snug_mul_s8(const snug_plane *plane, const int8_t *a, const int8_t *b, int8_t *y)
{
    const snug_plane flat = snug_flat_plane(plane);
    const snug_plane *const g = &flat;
    const int64_t round = ((int64_t)1 << g->shift) >> 1;
    int32_t row, col, c;
#if SNUG_NEON
    const int8x16_t a_zero = snug_equal16(g->a_zero), b_zero = snug_equal16(g->b_zero);
    const int8x16_t lo = vdupq_n_s8((int8_t)g->lo), hi = vdupq_n_s8((int8_t)g->hi);
#endif
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = a + row * g->a_row + col * g->a_col;
            const int8_t *bp = b + row * g->b_row + col * g->b_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            c = 0;
#if SNUG_NEON
            for (; c + 32 <= g->c; c += 32) { /* all is read before any is written: y may be a or b */
                const int8x16_t a0 = vld1q_s8(ap + c), a1 = vld1q_s8(ap + c + 16);
                const int8x16_t b0 = vld1q_s8(bp + c), b1 = vld1q_s8(bp + c + 16);
                vst1q_s8(yp + c, vminq_s8(vmaxq_s8(snug_mul16(g, a0, b0, a_zero, b_zero), lo), hi));
                vst1q_s8(yp + c + 16, vminq_s8(vmaxq_s8(snug_mul16(g, a1, b1, a_zero, b_zero), lo), hi));
            }
            for (; c + 16 <= g->c; c += 16) {
                vst1q_s8(yp + c, vminq_s8(vmaxq_s8(snug_mul16(g, vld1q_s8(ap + c), vld1q_s8(bp + c), a_zero, b_zero), lo), hi));
            }
            for (; c + 8 <= g->c; c += 8) { /* pixels of few channels */
                const int16x8_t da = vsubl_s8(vld1_s8(ap + c), vget_low_s8(a_zero));
                const int16x8_t db = vsubl_s8(vld1_s8(bp + c), vget_low_s8(b_zero));
                vst1_s8(yp + c, vmin_s8(vmax_s8(vqmovn_s16(snug_mul8(g, da, db)), vget_low_s8(lo)), vget_low_s8(hi)));
            }
#endif
            for (; c < g->c; c++) {
                const int64_t t = (int64_t)((ap[c] - g->a_zero) * (bp[c] - g->b_zero)) * g->a_mul;
                yp[c] = (int8_t)snug_clamp((int32_t)((t + round) >> g->shift) + g->zero, g->lo, g->hi);
            }
        }
    }
}

/* Five nested dimensions, from one order to another. */
typedef struct {
    int32_t dim[5];
    int32_t x[5], y[5]; /* elements from one index to the next */
    const int8_t *table; /* lookup: 256 entries, indexed by the element's bits */
} snug_map;

/* Dimensions that follow each other without gaps are one long dimension. */
static inline snug_map snug_flat_map(const snug_map *g)
{
    snug_map f = *g;
    int32_t i;
    for (i = 3; i >= 0 && f.x[4] == 1 && f.y[4] == 1 && (f.dim[i] == 1 || (f.x[i] == f.dim[4] && f.y[i] == f.dim[4])); i--) {
        f.dim[4] *= f.dim[i];
        f.dim[i] = 1;
    }
    return f;
}

#if SNUG_NEON && defined(__aarch64__)
/* An index past 63 leaves what is there. */
static inline int8x16_t snug_lookup16(const int8x16x4_t *table, int8x16_t x)
{
    const uint8x16_t i = vreinterpretq_u8_s8(x);
    int8x16_t v = vqtbl4q_s8(table[0], i);
    v = vqtbx4q_s8(v, table[1], vsubq_u8(i, vdupq_n_u8(64)));
    v = vqtbx4q_s8(v, table[2], vsubq_u8(i, vdupq_n_u8(128)));
    return vqtbx4q_s8(v, table[3], vsubq_u8(i, vdupq_n_u8(192)));
}
#endif

static inline void snug_lookup_s8(const snug_map *map, const int8_t *x, int8_t *y)
{
    const snug_map flat = snug_flat_map(map);
    const snug_map *const g = &flat;
    int32_t a, b, c, d, e;
#if SNUG_NEON && defined(__aarch64__)
    int8x16x4_t table[4];
    for (e = 0; e < 4; e++) {
        table[e] = vld1q_s8_x4(g->table + 64 * e);
    }
#endif
    for (a = 0; a < g->dim[0]; a++) {
        for (b = 0; b < g->dim[1]; b++) {
            for (c = 0; c < g->dim[2]; c++) {
                for (d = 0; d < g->dim[3]; d++) {
                    const int8_t *xp = x + a * g->x[0] + b * g->x[1] + c * g->x[2] + d * g->x[3];
                    int8_t *yp = y + a * g->y[0] + b * g->y[1] + c * g->y[2] + d * g->y[3];
                    e = 0;
#if SNUG_NEON && defined(__aarch64__)
                    if (g->x[4] == 1 && g->y[4] == 1) {
                        for (; e + 32 <= g->dim[4]; e += 32) {
                            const int8x16_t v = vld1q_s8(xp + e), w = vld1q_s8(xp + e + 16);
                            vst1q_s8(yp + e, snug_lookup16(table, v));
                            vst1q_s8(yp + e + 16, snug_lookup16(table, w));
                        }
                        for (; e + 16 <= g->dim[4]; e += 16) {
                            vst1q_s8(yp + e, snug_lookup16(table, vld1q_s8(xp + e)));
                        }
                    }
#endif
                    for (; e < g->dim[4]; e++) {
                        yp[e * g->y[4]] = g->table[(uint8_t)xp[e * g->x[4]]];
                    }
                }
            }
        }
    }
}

#if SNUG_NEON
/* Sixteen elements and more of each of two to four rows, taken in turns, as a shuffle of
   channels does; the last are moved twice. Whether that is what the innermost dimensions are. */
static inline int32_t snug_interleave(const snug_map *g, const int8_t *x, int8_t *y)
{
    const int32_t n = g->dim[3], step = g->x[3];
    int32_t e, done = 0;
    if (g->x[4] != 1 || g->y[3] != 1 || g->y[4] != n || g->dim[4] < 16 || n < 2 || n > 4) {
        return 0;
    }
    while (done < g->dim[4]) {
        e = done < g->dim[4] - 16 ? done : g->dim[4] - 16;
        done = e + 16;
        if (n == 2) {
            int8x16x2_t v;
            v.val[0] = vld1q_s8(x + e), v.val[1] = vld1q_s8(x + step + e);
            vst2q_s8(y + 2 * e, v);
        } else if (n == 3) {
            int8x16x3_t v;
            v.val[0] = vld1q_s8(x + e), v.val[1] = vld1q_s8(x + step + e), v.val[2] = vld1q_s8(x + 2 * step + e);
            vst3q_s8(y + 3 * e, v);
        } else {
            int8x16x4_t v;
            v.val[0] = vld1q_s8(x + e), v.val[1] = vld1q_s8(x + step + e);
            v.val[2] = vld1q_s8(x + 2 * step + e), v.val[3] = vld1q_s8(x + 3 * step + e);
            vst4q_s8(y + 4 * e, v);
        }
    }
    return 1;
}
#endif

static inline void snug_copy_s8(const snug_map *map, const int8_t *x, int8_t *y)
{
    const snug_map flat = snug_flat_map(map);
    const snug_map *const g = &flat;
    int32_t a, b, c, d, e;
    for (a = 0; a < g->dim[0]; a++) {
        for (b = 0; b < g->dim[1]; b++) {
            for (c = 0; c < g->dim[2]; c++) {
                const int8_t *xc = x + a * g->x[0] + b * g->x[1] + c * g->x[2];
                int8_t *yc = y + a * g->y[0] + b * g->y[1] + c * g->y[2];
#if SNUG_NEON
                if (snug_interleave(g, xc, yc) != 0) {
                    continue;
                }
#endif
                for (d = 0; d < g->dim[3]; d++) {
                    const int8_t *xp = xc + d * g->x[3];
                    int8_t *yp = yc + d * g->y[3];
                    if (g->x[4] == 1 && g->y[4] == 1) {
                        (void)memmove(yp, xp, (size_t)g->dim[4]);
                        continue;
                    }
                    for (e = 0; e < g->dim[4]; e++) {
                        yp[e * g->y[4]] = xp[e * g->x[4]];
                    }
                }
            }
        }
    }
}

/* The border of a buffer holds the zero point, so that no convolution tests
   for edges. */
typedef struct {
    int32_t h, w, c; /* with the border */
    int32_t top, bottom, left, right;
    int32_t zero;
} snug_frame;

static inline void snug_frame_s8(const snug_frame *g, int8_t *y)
{
    const int32_t line = g->w * g->c;
    int32_t r;
    for (r = 0; r < g->h; r++, y += line) {
        if (r < g->top || r >= g->h - g->bottom) {
            (void)memset(y, g->zero, (size_t)line);
            continue;
        }
        (void)memset(y, g->zero, (size_t)g->left * (size_t)g->c);
        (void)memset(y + line - g->right * g->c, g->zero, (size_t)g->right * (size_t)g->c);
    }
}

#endif
