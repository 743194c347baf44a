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
/* Four sums of two scaled elements, rounded. */
static inline int16x4_t snug_add4(const snug_plane *g, int16x4_t a, int16x4_t b)
{
    const int32x4_t t = vmlal_n_s16(vmull_n_s16(a, (int16_t)g->a_mul), b, (int16_t)g->b_mul);
    return vqmovn_s32(vrshlq_s32(t, vdupq_n_s32(-g->shift)));
}

static inline int8x8_t snug_add8(const snug_plane *g, int8x8_t a, int8x8_t b)
{
    const int16x8_t u = vsubw_s8(vmovl_s8(a), vdup_n_s8((int8_t)g->a_zero));
    const int16x8_t v = vsubw_s8(vmovl_s8(b), vdup_n_s8((int8_t)g->b_zero));
    const int16x8_t t = vcombine_s16(snug_add4(g, vget_low_s16(u), vget_low_s16(v)), snug_add4(g, vget_high_s16(u), vget_high_s16(v)));
    return vqmovn_s16(vqaddq_s16(t, vdupq_n_s16((int16_t)g->zero)));
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
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = a + row * g->a_row + col * g->a_col;
            const int8_t *bp = b + row * g->b_row + col * g->b_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            c = 0;
#if SNUG_NEON
            for (; c + 16 <= g->c; c += 16) {
                const int8x16_t u = vld1q_s8(ap + c), v = vld1q_s8(bp + c);
                const int8x16_t t = vcombine_s8(snug_add8(g, vget_low_s8(u), vget_low_s8(v)),
                                                snug_add8(g, vget_high_s8(u), vget_high_s8(v)));
                vst1q_s8(yp + c, vminq_s8(vmaxq_s8(t, vdupq_n_s8((int8_t)g->lo)), vdupq_n_s8((int8_t)g->hi)));
            }
#endif
            for (; c < g->c; c++) {
                const int32_t t = (ap[c] - g->a_zero) * g->a_mul + (bp[c] - g->b_zero) * g->b_mul;
                yp[c] = (int8_t)snug_clamp(((t + round) >> g->shift) + g->zero, g->lo, g->hi);
            }
        }
    }
}

/* round((a - a_zero) * (b - b_zero) * a_mul / 2^shift) + zero. */
static inline void snug_mul_s8(const snug_plane *g, const int8_t *a, const int8_t *b, int8_t *y)
{
    const int64_t round = ((int64_t)1 << g->shift) >> 1;
    int32_t row, col, c;
    for (row = 0; row < g->h; row++) {
        for (col = 0; col < g->w; col++) {
            const int8_t *ap = a + row * g->a_row + col * g->a_col;
            const int8_t *bp = b + row * g->b_row + col * g->b_col;
            int8_t *yp = y + row * g->y_row + col * g->y_col;
            for (c = 0; c < g->c; c++) {
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
                    for (; g->x[4] == 1 && g->y[4] == 1 && e + 16 <= g->dim[4]; e += 16) {
                        const uint8x16_t i = vreinterpretq_u8_s8(vld1q_s8(xp + e));
                        int8x16_t v = vqtbl4q_s8(table[0], i); /* an index past 63 leaves what is there */
                        v = vqtbx4q_s8(v, table[1], vsubq_u8(i, vdupq_n_u8(64)));
                        v = vqtbx4q_s8(v, table[2], vsubq_u8(i, vdupq_n_u8(128)));
                        v = vqtbx4q_s8(v, table[3], vsubq_u8(i, vdupq_n_u8(192)));
                        vst1q_s8(yp + e, v);
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

static inline void snug_copy_s8(const snug_map *map, const int8_t *x, int8_t *y)
{
    const snug_map flat = snug_flat_map(map);
    const snug_map *const g = &flat;
    int32_t a, b, c, d, e;
    for (a = 0; a < g->dim[0]; a++) {
        for (b = 0; b < g->dim[1]; b++) {
            for (c = 0; c < g->dim[2]; c++) {
                for (d = 0; d < g->dim[3]; d++) {
                    const int8_t *xp = x + a * g->x[0] + b * g->x[1] + c * g->x[2] + d * g->x[3];
                    int8_t *yp = y + a * g->y[0] + b * g->y[1] + c * g->y[2] + d * g->y[3];
                    if (g->x[4] == 1 && g->y[4] == 1) {
                        memmove(yp, xp, (size_t)g->dim[4]);
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
            memset(y, g->zero, (size_t)line);
            continue;
        }
        memset(y, g->zero, (size_t)(g->left * g->c));
        memset(y + line - g->right * g->c, g->zero, (size_t)(g->right * g->c));
    }
}

#endif
