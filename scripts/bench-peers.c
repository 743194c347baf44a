/* int8 layers by XNNPACK between marks of the counting plugin
   (codegen/measure/guest/count.c). Every output is held against plain sums: a
   peer that is counted has to compute the layer. Setup of the operator, which
   packs weights, is not counted; one run of it is. A fully connected layer is a
   convolution of one pixel.

   Reads layers as bench-peers.txt has them. Prints a line a layer: its network, its
   name, how often the network has it, 1 when it is depthwise, its products, and the
   outputs that are off by more than one, which has to be 0. */
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
    char network[64], name[64];
    int times, kernel, side, in, out, stride, before, behind, depthwise;
};

static int take(struct layer *l)
{
    char line[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        if (sscanf(line, "%63s %63s %d %d %d %d %d %d %d %d %d", l->network, l->name, &l->times, &l->kernel, &l->side, &l->in,
                   &l->out, &l->stride, &l->before, &l->behind, &l->depthwise) != 11) {
            fprintf(stderr, "bench-peers: not a layer: %s", line);
            exit(1);
        }
        return 1;
    }
    return 0;
}

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

/* The outputs of a layer that are off by more than one. */
static long wrong(const struct layer *l, int side, const int8_t *x, const int8_t *w, const int32_t *bias, const float *scale,
                  float output_scale, const int8_t *y)
{
    int per = l->depthwise ? 1 : l->in, k = l->kernel * l->kernel * per, row, col, c, r, s, j;
    long n = 0;
    for (row = 0; row < side; row++) {
        for (col = 0; col < side; col++) {
            for (c = 0; c < l->out; c++) {
                int64_t sum = bias[c];
                float want;
                for (r = 0; r < l->kernel; r++) {
                    for (s = 0; s < l->kernel; s++) {
                        int a = row * l->stride + r - l->before, b = col * l->stride + s - l->before;
                        if (a < 0 || a >= l->side || b < 0 || b >= l->side) {
                            continue;
                        }
                        for (j = 0; j < per; j++) {
                            sum += (int64_t)x[(a * l->side + b) * l->in + (l->depthwise ? c : j)] *
                                   w[c * k + (r * l->kernel + s) * per + j];
                        }
                    }
                }
                want = fminf(fmaxf((float)sum * scale[c] / output_scale, -128.0f), 127.0f);
                n += fabsf(want - (float)y[(row * side + col) * l->out + c]) > 1.0f;
            }
        }
    }
    return n;
}

int main(void)
{
    const float output_scale = 64.0f;
    struct layer l;
    long n;
    must(xnn_initialize(NULL), "initialize");
    for (n = 1; take(&l); n++) {
        int groups = l.depthwise ? l.in : 1, per = l.in / groups, c;
        int side = (l.side + l.before + l.behind - l.kernel) / l.stride + 1;
        size_t pixels = (size_t)l.side * l.side, results = (size_t)side * side * l.out, k = (size_t)l.kernel * l.kernel * per, i;
        int8_t *x = memory(pixels * l.in), *w = memory(l.out * k), *y = memory(results);
        int32_t *bias = memory(sizeof *bias * l.out);
        float *scale = memory(sizeof *scale * l.out);
        xnn_operator_t op = NULL;
        for (i = 0; i < pixels * l.in; i++) {
            x[i] = next();
        }
        for (i = 0; i < l.out * k; i++) {
            int8_t v = next();
            w[i] = v == -128 ? -127 : v;
        }
        for (c = 0; c < l.out; c++) {
            bias[c] = next() * 16;
            scale[c] = 0.03f + (float)c * 0.0001f;
        }
        must(xnn_create_convolution2d_nhwc_qc8((uint32_t)l.before, (uint32_t)l.behind, (uint32_t)l.behind, (uint32_t)l.before,
                                               (uint32_t)l.kernel, (uint32_t)l.kernel, (uint32_t)l.stride, (uint32_t)l.stride, 1, 1,
                                               (uint32_t)groups, (size_t)per, (size_t)(l.out / groups), (size_t)l.in, (size_t)l.out,
                                               0, 1.0f, scale, w, bias, 0, output_scale, -128, 127, 0, &op),
             "create");
        must(xnn_setup_convolution2d_nhwc_qc8(op, 1, (size_t)l.side, (size_t)l.side, x, y, NULL), "setup");
        mark(0);
        must(xnn_run_operator(op, NULL), "run");
        mark(n);
        printf("%s %s %d %d %zu %ld\n", l.network, l.name, l.times, l.depthwise, results * k,
               wrong(&l, side, x, w, bias, scale, output_scale, y));
        xnn_delete_operator(op);
        free(x), free(w), free(y), free(bias), free(scale);
    }
    mark(-1);
    return 0;
}
