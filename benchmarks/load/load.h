/*
 * The load of one measurement: many subscribers, a few publishers, one thread.
 *
 * A client library would measure itself, so this program speaks just enough HTTP,
 * WebSocket and Socket.IO on raw sockets: it reads much at a time and looks at the heads
 * of frames only. A few subscribers, the witnesses, keep each payload and look for the stamp in it.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

/* A stamp in a body: the mark, then nanoseconds of CLOCK_MONOTONIC, zero-padded. */
#define MARK "@@"
#define MARK_LENGTH 2
#define STAMP_DIGITS 19

/* Where the number of a command goes, under which it is answered. */
#define NUMBER_MARK "##########"
#define NUMBER_DIGITS 10

#define MAX_PIDS 64
#define MAX_TEXT 200

/* Publishers are served between so many reads, so that a full round of reads delays no one's next request. */
#define READS_AT_ONCE 64

/* How publishers publish: a request each; commands on a WebSocket; events of Socket.IO, which then subscribers speak too. */
enum way { POST, COMMANDS, SOCKET_IO };

struct options {
    const char *host;
    int port;
    int subscribers;
    const char *subscribe_path;
    char subscribe_headers[4096];
    int stream; /* subscribers read a plain HTTP stream (SSE, NDJSON), not WebSocket */
    int publishers;
    const char *publish_path;
    char publish_headers[4096];
    const char *body; /* holds MARK and STAMP_DIGITS digits, which each request overwrites; a command NUMBER_MARK too */
    enum way way;
    int in_flight;     /* commands of a publisher that wait for their answers */
    const char *auth;  /* what the CONNECT of Socket.IO carries, JSON or nothing */
    const char *event; /* only messages that begin so are deliveries; empty: all are */
    double rate;       /* events a second in all; 0: each publisher sends as soon as it is answered */
    double read_every_ms; /* subscribers read so often, all that has come; 0: at once */
    double warm, seconds, drain, connect;
    int witnesses;
    int pids[MAX_PIDS], pid_count; /* the server's processes, whose CPU time is counted */
};

struct totals {
    uint64_t deliveries, bytes;              /* by all subscribers, and by publishers that listen */
    uint64_t acked, acked_mark;              /* acknowledged events; exclusive or of their stamps */
    uint64_t errors, closed;                 /* other answers and dead publishers; closed subscribers */
    uint64_t busy_ns;                        /* spent in turns that found work */
    int opened, waiting;                     /* subscribers open; events on their way */
    uint64_t window_from, window_to;         /* stamps between these count for latency */
    int close_code;                          /* of the first socket that the server closed */
    char first_error[MAX_TEXT];
};

extern struct options options;
extern struct totals totals;

/* clock.c */
struct samples {
    uint32_t *us;
    size_t count, room;
};
struct cpu {
    double server, load, machine; /* seconds */
};
uint64_t now_ns(void);
void sample(struct samples *samples, uint64_t ns);
void print_samples(const char *name, struct samples *samples);
struct cpu read_cpu(void);
extern struct samples latency, answer;

/* net.c */
int open_socket(void);
int epoll_add(int epoll, int fd, void *data);
void note_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t find_stamp(const uint8_t *text, size_t length);

/* subscriber.c */
struct verdict {
    uint64_t lost, extra;             /* deliveries */
    int wrong_witnesses, other_order; /* witnesses that saw other events; the same in another order than the first */
};
void connect_subscribers(int epoll);
int read_subscribers(int epoll); /* how many had something to read */
uint64_t missing_deliveries(void);
struct verdict compare_with_published(void);
void compare_count(uint64_t events, struct verdict *verdict);

/* publisher.c */
void connect_publishers(void);
void start_publishing(void);
uint64_t stop_publishing(void);
int serve_publishers(void); /* how many answers or ticks */
void compare_publishers(struct verdict *verdict);

#endif
