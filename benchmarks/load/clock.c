/* Time, latencies, and who used the processors. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

/* More latencies than this are not kept: the run is long over its bounds by then. */
#define MAX_SAMPLES (16u << 20)

struct samples latency, answer;

uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void sample(struct samples *samples, uint64_t ns) {
    if (samples->count == samples->room) {
        if (samples->room >= MAX_SAMPLES) return;
        samples->room = samples->room ? samples->room * 2 : 65536;
        samples->us = realloc(samples->us, samples->room * sizeof *samples->us);
        if (!samples->us) die("out of memory");
    }
    samples->us[samples->count++] = (uint32_t)(ns / 1000);
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double at(const struct samples *s, double share) {
    size_t i = (size_t)(share * (double)(s->count - 1) + 0.5);
    return s->us[i] / 1000.0;
}

void print_samples(const char *name, struct samples *s) {
    if (!s->count) {
        printf(",\"%s_samples\":0", name);
        return;
    }
    qsort(s->us, s->count, sizeof *s->us, by_size);
    printf(",\"%s_samples\":%zu,\"%s_p50_ms\":%.3f,\"%s_p90_ms\":%.3f,\"%s_p99_ms\":%.3f,\"%s_max_ms\":%.3f",
           name, s->count, name, at(s, 0.5), name, at(s, 0.9), name, at(s, 0.99), name, at(s, 1.0));
}

/* Seconds of CPU of one process, all threads; fields 14 and 15 follow the name's last ')'. */
static double process_cpu(int pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    unsigned long user = 0, system = 0;
    char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Seconds in which any processor of the machine was busy, this program and the server included. */
static double machine_cpu(void) {
    unsigned long long user = 0, nice = 0, system = 0, idle, wait, irq = 0, soft = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return 0;
    int got = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq, &soft);
    fclose(file);
    return got == 7 ? (double)(user + nice + system + irq + soft) / (double)sysconf(_SC_CLK_TCK) : 0;
}

struct cpu read_cpu(void) {
    struct cpu cpu = {0, 0, machine_cpu()};
    for (int i = 0; i < options.pid_count; i++) cpu.server += process_cpu(options.pids[i]);
    struct rusage mine;
    getrusage(RUSAGE_SELF, &mine);
    cpu.load = (double)(mine.ru_utime.tv_sec + mine.ru_stime.tv_sec) +
               (double)(mine.ru_utime.tv_usec + mine.ru_stime.tv_usec) / 1e6;
    return cpu;
}
