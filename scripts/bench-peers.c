/* Single int8 layers by XNNPACK between marks of the counting plugin
   (codegen/measure/guest/count.c). Every output is held against plain sums: a
   peer that is counted has to compute the layer. Setup of the operator, which
   packs weights, is not counted; one run of it is.

   Prints a line a layer: its name, its products, and the outputs that are off by
   more than one, which has to be 0. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xnnpack.h>

static void mark(long region)
{
    register long number __asm__("x8") = 0x71C0;
    register long x0 __asm__("x0") = region;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(number) : "memory");
}

struct layer {
    const char *name;
    int kernel, side, in, out, depthwise;
};

/* All have stride 1, the same size of input and output, and no groups but the
   depthwise one's. */
static const struct layer layers[] = {
    {"3x3x96-96@32x32", 3, 32, 96, 96, 0},
    {"3x3x192-192@16x16", 3, 16, 192, 192, 0},
    {"1x1x192-192@16x16", 1, 16, 192, 192, 0},
    {"depthwise-3x3x32@56x56", 3, 56, 32, 32, 1},
};

static int8_t next(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (int8_t)((int32_t)(state >> 24) - 128);
}

static void must(enum xnn_status status, const char *what)
{
    if (status != xnn_status_success) {
        fprintf(stderr, "bench-peers: %s: status %d\n", what, (int)status);
        exit(1);
    }
}

static void *memory(size_t n)
{
    void *p = calloc(1, n + XNN_EXTRA_BYTES);
    if (p == NULL) {
        fprintf(stderr, "bench-peers: out of memory\n");
        exit(1);
    }
    return p;
}

int main(void)
{
    const float output_scale = 64.0f;
    size_t n;
    must(xnn_initialize(NULL), "initialize");
    for (n = 0; n < sizeof layers / sizeof layers[0]; n++) {
        const struct layer *l = &layers[n];
        int groups = l->depthwise ? l->in : 1, per = l->in / groups, pad = l->kernel / 2;
        size_t pixels = (size_t)l->side * l->side, k = (size_t)l->kernel * l->kernel * per, i;
        int8_t *x = memory(pixels * l->in), *w = memory(l->out * k), *y = memory(pixels * l->out);
        int32_t *bias = memory(sizeof *bias * l->out);
        float *scale = memory(sizeof *scale * l->out);
        long wrong = 0;
        int row, col, c, r, s, j;
        xnn_operator_t op = NULL;
        for (i = 0; i < pixels * l->in; i++) {
            x[i] = next();
        }
        for (i = 0; i < l->out * k; i++) {
            int8_t v = next();
            w[i] = v == -128 ? -127 : v;
        }
        for (c = 0; c < l->out; c++) {
            bias[c] = next() * 16;
            scale[c] = 0.03f + (float)c * 0.0001f;
        }
        must(xnn_create_convolution2d_nhwc_qc8((uint32_t)pad, (uint32_t)pad, (uint32_t)pad, (uint32_t)pad, (uint32_t)l->kernel,
                                               (uint32_t)l->kernel, 1, 1, 1, 1, (uint32_t)groups, (size_t)per, (size_t)(l->out / groups),
                                               (size_t)l->in, (size_t)l->out, 0, 1.0f, scale, w, bias, 0, output_scale, -128, 127, 0, &op),
             "create");
        must(xnn_setup_convolution2d_nhwc_qc8(op, 1, (size_t)l->side, (size_t)l->side, x, y, NULL), "setup");
        mark(0);
        must(xnn_run_operator(op, NULL), "run");
        mark((long)n + 1);
        for (row = 0; row < l->side; row++) {
            for (col = 0; col < l->side; col++) {
                for (c = 0; c < l->out; c++) {
                    int64_t sum = bias[c];
                    float want;
                    for (r = 0; r < l->kernel; r++) {
                        for (s = 0; s < l->kernel; s++) {
                            int a = row + r - pad, b = col + s - pad;
                            if (a < 0 || a >= l->side || b < 0 || b >= l->side) {
                                continue;
                            }
                            for (j = 0; j < per; j++) {
                                sum += (int64_t)x[(a * l->side + b) * l->in + (l->depthwise ? c : j)] *
                                       w[c * (int)k + (r * l->kernel + s) * per + j];
                            }
                        }
                    }
                    want = fminf(fmaxf((float)sum * scale[c] / output_scale, -128.0f), 127.0f);
                    wrong += fabsf(want - (float)y[(row * l->side + col) * l->out + c]) > 1.0f;
                }
            }
        }
        printf("%s %zu %ld\n", l->name, pixels * l->out * k, wrong);
        xnn_delete_operator(op);
        free(x), free(w), free(y), free(bias), free(scale);
    }
    mark(-1);
    return 0;
}
