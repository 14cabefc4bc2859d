/* Options, the phases of a run, and its result as one line of JSON. */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "load.h"

struct options options = {
    .host = "127.0.0.1", .subscribe_path = "/", .publish_path = "/", .warm = 2, .seconds = 5, .drain = 10, .connect = 60,
    .witnesses = 16, .body = "{\"stamp\":\"@@0000000000000000000\"}", .in_flight = 1, .auth = "", .event = "",
};
struct totals totals;

/* A few events may be due at the very end, without the server being behind. */
#define OVERDUE_BY_CHANCE 5

static const struct option names[] = {
    {"host", 1, 0, 'h'},           {"port", 1, 0, 'p'},           {"subscribers", 1, 0, 's'}, {"subscribe-path", 1, 0, 'S'},
    {"subscribe-header", 1, 0, 1}, {"stream", 0, 0, 2},           {"publishers", 1, 0, 'm'},  {"publish-path", 1, 0, 'M'},
    {"publish-header", 1, 0, 3},   {"body", 1, 0, 'b'},           {"rate", 1, 0, 'r'},        {"warm", 1, 0, 'w'},
    {"seconds", 1, 0, 't'},        {"drain", 1, 0, 'd'},          {"connect", 1, 0, 'c'},     {"witnesses", 1, 0, 'k'},
    {"pids", 1, 0, 'P'},           {"read-every", 1, 0, 'e'},    {"way", 1, 0, 'W'},
    {"in-flight", 1, 0, 'f'},      {"auth", 1, 0, 'a'},           {"event", 1, 0, 'v'},       {0, 0, 0, 0},
};

static void add_header(char *headers, size_t room, const char *line) {
    size_t used = strlen(headers);
    if (used + strlen(line) + 3 > room) die("headers are too long");
    snprintf(headers + used, room - used, "%s\r\n", line);
}

static void add_pids(char *list) {
    for (char *pid = strtok(list, ","); pid && options.pid_count < MAX_PIDS; pid = strtok(NULL, ","))
        options.pids[options.pid_count++] = atoi(pid);
}

static enum way way_of(const char *name) {
    if (!strcmp(name, "commands")) return COMMANDS;
    if (!strcmp(name, "socketio")) return SOCKET_IO;
    if (strcmp(name, "post")) die("no way to publish: %s", name);
    return POST;
}

static void set_option(int name, char *value) {
    switch (name) {
    case 'h': options.host = value; break;
    case 'p': options.port = atoi(value); break;
    case 's': options.subscribers = atoi(value); break;
    case 'S': options.subscribe_path = value; break;
    case 1: add_header(options.subscribe_headers, sizeof options.subscribe_headers, value); break;
    case 2: options.stream = 1; break;
    case 'm': options.publishers = atoi(value); break;
    case 'M': options.publish_path = value; break;
    case 3: add_header(options.publish_headers, sizeof options.publish_headers, value); break;
    case 'b': options.body = value; break;
    case 'r': options.rate = atof(value); break;
    case 'w': options.warm = atof(value); break;
    case 't': options.seconds = atof(value); break;
    case 'd': options.drain = atof(value); break;
    case 'c': options.connect = atof(value); break;
    case 'k': options.witnesses = atoi(value); break;
    case 'e': options.read_every_ms = atof(value); break;
    case 'P': add_pids(value); break;
    case 'W': options.way = way_of(value); break;
    case 'f': options.in_flight = atoi(value); break;
    case 'a': options.auth = value; break;
    case 'v': options.event = value; break;
    default: exit(2);
    }
}

/*
 * The loop never sleeps: a sleeping reader has to be woken by the server's send(), which on a
 * virtual machine costs the server more than the send itself, and a remote reader costs it nothing.
 * So this program's CPU time says nothing about its load; the share of turns that found work does.
 */
static void run_until(int epoll, uint64_t end) {
    static uint64_t next_round;
    for (uint64_t before = now_ns(), now; before < end; before = now) {
        int found = serve_publishers();
        if (before >= next_round) {
            int read = read_subscribers(epoll);
            if (read < READS_AT_ONCE) next_round = before + (uint64_t)(options.read_every_ms * 1e6); /* all were served */
            found += read;
        }
        now = now_ns();
        if (found) totals.busy_ns += now - before;
    }
}

/* Until everything acknowledged has arrived; bounded, what is missing then is lost. */
static double drain(int epoll) {
    uint64_t from = now_ns(), end = from + (uint64_t)(options.drain * 1e9), now = from;
    while (now < end && (totals.waiting || missing_deliveries())) {
        run_until(epoll, now + 1000000u);
        now = now_ns();
    }
    double took = (double)(now - from) / 1e9;
    run_until(epoll, now_ns() + 100000000u); /* anything more now is a double */
    return took;
}

static void print_text(const char *name, const char *text) {
    printf(",\"%s\":\"", name);
    for (; *text; text++)
        if (*text >= 32 && *text < 127 && *text != '"' && *text != '\\') putchar(*text);
        else putchar(' ');
    putchar('"');
}

struct moment {
    uint64_t at, deliveries, bytes, acked, busy_ns;
    struct cpu cpu;
};

static struct moment take_moment(void) {
    return (struct moment){now_ns(), totals.deliveries, totals.bytes, totals.acked, totals.busy_ns, read_cpu()};
}

static void print_window(struct moment a, struct moment b) {
    double seconds = (double)(b.at - a.at) / 1e9, server = b.cpu.server - a.cpu.server, load = b.cpu.load - a.cpu.load;
    double deliveries = (double)(b.deliveries - a.deliveries), acked = (double)(b.acked - a.acked);
    printf(",\"seconds\":%.3f,\"deliveries_per_s\":%.1f,\"publishes_per_s\":%.1f", seconds, deliveries / seconds, acked / seconds);
    printf(",\"server_cpu\":%.3f,\"load_busy\":%.3f", server / seconds, (double)(b.busy_ns - a.busy_ns) / 1e9 / seconds);
    printf(",\"other_cpu\":%.3f", (b.cpu.machine - a.cpu.machine - server - load) / seconds);
    if (deliveries > 0)
        printf(",\"cpu_us_per_delivery\":%.4f,\"bytes_per_delivery\":%.1f", server * 1e6 / deliveries, (double)(b.bytes - a.bytes) / deliveries);
    if (acked > 0) printf(",\"cpu_us_per_publish\":%.3f", server * 1e6 / acked);
}

int main(int argc, char **argv) {
    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) set_option(name, optarg);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t before = now_ns();
    connect_subscribers(epoll);
    double connecting = (double)(now_ns() - before) / 1e9;
    connect_publishers();

    uint64_t start = now_ns();
    totals.window_from = totals.window_to = UINT64_MAX;
    start_publishing();
    run_until(epoll, start + (uint64_t)(options.warm * 1e9));
    struct moment from = take_moment();
    totals.window_from = from.at;
    run_until(epoll, from.at + (uint64_t)(options.seconds * 1e9));
    struct moment to = take_moment();
    totals.window_to = to.at;
    uint64_t overdue = stop_publishing();
    double draining = drain(epoll);

    struct verdict verdict = compare_with_published();
    printf("{\"subscribers\":%d,\"publishers\":%d,\"connect_s\":%.3f,\"drain_s\":%.3f", options.subscribers, options.publishers, connecting, draining);
    print_window(from, to);
    print_samples("latency", &latency);
    print_samples("answer", &answer);
    printf(",\"published\":%llu,\"lost\":%llu,\"extra\":%llu", (unsigned long long)totals.acked,
           (unsigned long long)verdict.lost, (unsigned long long)verdict.extra);
    printf(",\"wrong_witnesses\":%d,\"other_order\":%d", verdict.wrong_witnesses, verdict.other_order);
    printf(",\"overdue\":%llu", (unsigned long long)(overdue > OVERDUE_BY_CHANCE ? overdue : 0));
    printf(",\"unanswered\":%d,\"errors\":%llu,\"closed\":%llu,\"close_code\":%d", totals.waiting,
           (unsigned long long)totals.errors, (unsigned long long)totals.closed, totals.close_code);
    print_text("first_error", totals.first_error);
    puts("}");
    return 0;
}
