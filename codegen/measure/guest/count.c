/* count: a plugin for QEMU's user mode that counts every executed instruction,
   and notes every byte of memory that is touched, between marks of the guest.

   A mark is the system call 0x71C0, which no kernel has, with one argument:
     n > 0   what ran since the last mark was region n
     0       what ran since the last mark is of no interest
     -1      the same, and the measurement is over
   The thread of the first mark is the one that is measured. While it is, other
   threads of the guest wait: a runtime's housekeeping would otherwise disturb
   it, and counts would differ from run to run.

   The argument out=FILE is required. Lines of the file:
     insn REGION ADDRESS BYTES COUNT   bytes in the order of memory; the last
                                       Thumb instruction of a page may have two
                                       bytes of the next one behind its own
     data REGION FIRST LAST            bytes FIRST to LAST were touched
     end LINES                         so that a cut file is noticed

   No header of the plugin interface (version 1, QEMU 6.0 and later) is packaged
   by Debian 12, so what is used of it is declared here. */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { NO_REGISTERS = 0, READ_AND_WRITE = 3 };

typedef void on_translation(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void on_execution(unsigned thread, void *block);
typedef void on_access(unsigned thread, qemu_plugin_meminfo_t, uint64_t address, void *);
typedef void on_syscall(qemu_plugin_id_t, unsigned thread, int64_t number, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, on_translation *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, on_execution *, int flags, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, on_access *, int flags, int access, void *);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, on_syscall *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t, const struct qemu_info *, int, char **);

enum { MARK = 0x71C0, LONGEST = 6, PAGE = 4096, PAGES = 1 << 16, STALLED = 20000 /* half milliseconds */ };

struct insn {
    uint64_t address;
    uint8_t bytes[LONGEST];
    size_t size;
};

/* block is one translation block: it has one entry, and is run to its end. */
struct block {
    struct block *next;
    uint64_t count; /* runs since the last mark */
    size_t n;
    struct insn insn[];
};

/* page holds one bit for each byte that was touched since the last mark. */
struct page {
    uint64_t number, bits[PAGE / 64];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *blocks;
static struct page *pages[PAGES]; /* open addressing by page number */
static struct page *recent;
static size_t used;
static FILE *out;
static unsigned long lines;
static bool began;
static volatile bool measuring;
static volatile uint64_t executed; /* blocks of the measured thread */
static unsigned measured; /* thread */

static void fail(const char *what)
{
    fprintf(stderr, "count: %s\n", what);
    exit(1);
}

static void execute(unsigned thread, void *p)
{
    struct block *b = p;
    if (!measuring) {
        return;
    }
    if (thread == measured) {
        b->count++;
        executed++;
        return;
    }
    while (measuring) {
        uint64_t before = executed;
        int i;
        for (i = 0; measuring && executed == before; i++) {
            usleep(500);
            if (i == STALLED) {
                fail("the measured thread waits for another one");
            }
        }
    }
}

static struct page *find(uint64_t number)
{
    size_t i = (size_t)(number * 0x9e3779b97f4a7c15u >> 48) % PAGES;
    if (recent != NULL && recent->number == number) {
        return recent;
    }
    for (; pages[i] != NULL; i = (i + 1) % PAGES) {
        if (pages[i]->number == number) {
            return recent = pages[i];
        }
    }
    if (++used > PAGES / 2) {
        fail("the guest touches more than 128 MiB");
    }
    pages[i] = calloc(1, sizeof *pages[i]);
    if (pages[i] == NULL) {
        fail("out of memory");
    }
    pages[i]->number = number;
    return recent = pages[i];
}

static void touch(unsigned thread, qemu_plugin_meminfo_t info, uint64_t address, void *unused)
{
    uint64_t last = address + (UINT64_C(1) << qemu_plugin_mem_size_shift(info));
    (void)unused;
    if (!measuring || thread != measured) {
        return;
    }
    for (; address < last; address++) {
        find(address / PAGE)->bits[address % PAGE / 64] |= UINT64_C(1) << address % 64;
    }
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb), i;
    struct block *b = calloc(1, sizeof *b + n * sizeof b->insn[0]);
    (void)id;
    if (b == NULL) {
        fail("out of memory");
    }
    b->n = n;
    for (i = 0; i < n; i++) {
        struct qemu_plugin_insn *q = qemu_plugin_tb_get_insn(tb, i);
        struct insn *p = &b->insn[i];
        p->address = qemu_plugin_insn_vaddr(q);
        p->size = qemu_plugin_insn_size(q);
        if (p->size > LONGEST) {
            fail("a longer instruction than ARM has");
        }
        memcpy(p->bytes, qemu_plugin_insn_data(q), p->size);
        qemu_plugin_register_vcpu_mem_cb(q, touch, NO_REGISTERS, READ_AND_WRITE, NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, NO_REGISTERS, b);
    pthread_mutex_lock(&lock);
    b->next = blocks;
    blocks = b;
    pthread_mutex_unlock(&lock);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = (*(struct page *const *)a)->number, y = (*(struct page *const *)b)->number;
    return x < y ? -1 : x > y;
}

/* write_touched writes runs of touched bytes and forgets them. */
static void write_touched(int64_t region)
{
    struct page **sorted = malloc((used + 1) * sizeof *sorted);
    uint64_t first = 0, next = 0; /* the open run is [first, next) */
    size_t n = 0, i;
    if (sorted == NULL) {
        fail("out of memory");
    }
    for (i = 0; i < PAGES; i++) {
        if (pages[i] != NULL) {
            sorted[n++] = pages[i];
        }
    }
    qsort(sorted, n, sizeof *sorted, by_number);
    for (i = 0; i < n; i++) {
        unsigned k;
        for (k = 0; region > 0 && k < PAGE; k++) {
            uint64_t address = sorted[i]->number * PAGE + k;
            if (!(sorted[i]->bits[k / 64] >> k % 64 & 1)) {
                continue;
            }
            if (address != next) {
                if (next > first) {
                    fprintf(out, "data %" PRId64 " %" PRIx64 " %" PRIx64 "\n", region, first, next - 1);
                    lines++;
                }
                first = address;
            }
            next = address + 1;
        }
        memset(sorted[i]->bits, 0, sizeof sorted[i]->bits);
    }
    if (next > first) {
        fprintf(out, "data %" PRId64 " %" PRIx64 " %" PRIx64 "\n", region, first, next - 1);
        lines++;
    }
    free(sorted);
}

/* write_counts writes what ran since the last mark and starts again. */
static void write_counts(int64_t region)
{
    struct block *b;
    size_t i, k;
    pthread_mutex_lock(&lock);
    for (b = blocks; b != NULL; b = b->next) {
        for (i = 0; region > 0 && b->count > 0 && i < b->n; i++) {
            fprintf(out, "insn %" PRId64 " %" PRIx64 " ", region, b->insn[i].address);
            for (k = 0; k < b->insn[i].size; k++) {
                fprintf(out, "%02x", b->insn[i].bytes[k]);
            }
            fprintf(out, " %" PRIu64 "\n", b->count);
            lines++;
        }
        b->count = 0;
    }
    pthread_mutex_unlock(&lock);
}

static void mark(qemu_plugin_id_t id, unsigned thread, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                 uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    int32_t region = (int32_t)a1; /* a 32-bit guest's -1 has no upper half */
    (void)id, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number != MARK) {
        return;
    }
    if (began && thread != measured) {
        fail("marks come from two threads");
    }
    measured = thread;
    began = true;
    write_counts(region);
    write_touched(region);
    measuring = region >= 0;
}

static void finish(qemu_plugin_id_t id, void *unused)
{
    (void)id, (void)unused;
    measuring = false;
    fprintf(out, "end %lu\n", lines);
    if (fclose(out) != 0) {
        fail("the counts cannot be written");
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    int i;
    (void)info;
    for (i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        }
    }
    if (out == NULL) {
        fprintf(stderr, "count: no out=FILE that can be written\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_vcpu_syscall_cb(id, mark);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
