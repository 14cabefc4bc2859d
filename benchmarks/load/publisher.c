/* Publishers: HTTP/1.1, one connection each, one request at a time. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "load.h"

#define ANSWER_ROOM 16384
#define EVENTS_AT_ONCE 256

struct publisher {
    int fd, busy;
    uint64_t stamp, sent_at;
    size_t got;
    char answer[ANSWER_ROOM + 1];
};

static struct publisher *publishers, **idle;
static int epoll, timer, idle_count, publishing;
static char *request, *request_stamp;
static size_t request_length;
static uint64_t last_stamp, first_due, due_count;

static void build_request(void) {
    const char *form = "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %zu\r\n%s\r\n%s";
    int n = asprintf(&request, form, options.publish_path, options.host, options.port, strlen(options.body),
                     options.publish_headers, options.body);
    if (n < 0) die("out of memory");
    request_length = (size_t)n;
    request_stamp = request + request_length - strlen(options.body);
    request_stamp = strstr(request_stamp, MARK);
    if (!request_stamp || strlen(request_stamp) < MARK_LENGTH + STAMP_DIGITS) die("the body holds no " MARK " and 19 digits");
    request_stamp += MARK_LENGTH;
}

void connect_publishers(void) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    publishers = calloc((size_t)options.publishers + 1, sizeof *publishers);
    idle = calloc((size_t)options.publishers + 1, sizeof *idle);
    if (epoll < 0 || timer < 0 || !publishers || !idle) die("no room for publishers");
    if (epoll_add(epoll, timer, &timer)) die("epoll: %s", strerror(errno));
    build_request();
    for (int i = 0; i < options.publishers; i++) {
        publishers[i].fd = open_socket();
        if (epoll_add(epoll, publishers[i].fd, &publishers[i])) die("epoll: %s", strerror(errno));
        idle[idle_count++] = &publishers[i];
    }
}

static void lose(struct publisher *p, const char *why) {
    totals.errors++;
    totals.waiting -= p->busy;
    note_error("publisher: %s", why);
    close(p->fd);
    p->fd = -1;
    p->busy = 0;
}

static void publish(struct publisher *p, uint64_t stamp) {
    char digits[STAMP_DIGITS + 1];
    snprintf(digits, sizeof digits, "%0*llu", STAMP_DIGITS, (unsigned long long)stamp);
    memcpy(request_stamp, digits, STAMP_DIGITS);
    p->stamp = stamp;
    p->sent_at = now_ns();
    p->got = 0;
    p->busy = 1;
    totals.waiting++;
    /* Its last request is answered, so the socket's buffer is empty and takes this one whole. */
    if (send(p->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) lose(p, "a request could not be sent whole");
}

static uint64_t due_at(uint64_t n) { return first_due + (uint64_t)((double)n * 1e9 / options.rate); }

/*
 * At a fixed rate an event carries the time at which it was due. When all publishers are
 * busy it leaves late, and the wait counts as latency: a slow server cannot hide behind it.
 */
static void publish_due(void) {
    uint64_t now = now_ns();
    while (idle_count && due_at(due_count) <= now) publish(idle[--idle_count], due_at(due_count++));
    if (!idle_count) return;
    uint64_t next = due_at(due_count);
    struct itimerspec at = {.it_value = {(time_t)(next / 1000000000u), (long)(next % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void publish_next(struct publisher *p) {
    if (options.rate > 0) {
        idle[idle_count++] = p;
        publish_due();
        return;
    }
    uint64_t now = now_ns();
    last_stamp = now > last_stamp ? now : last_stamp + 1; /* each event has its own */
    publish(p, last_stamp);
}

void start_publishing(void) {
    publishing = 1;
    first_due = now_ns();
    if (options.rate > 0) {
        publish_due();
        return;
    }
    while (idle_count) publish_next(idle[--idle_count]);
}

/* Events that were due by now and have not left, because all publishers were still waiting for answers. */
uint64_t stop_publishing(void) {
    publishing = 0;
    if (options.rate <= 0) return 0;
    uint64_t due = 1 + (uint64_t)((double)(now_ns() - first_due) / 1e9 * options.rate);
    return due > due_count ? due - due_count : 0;
}

/* The length of the whole answer, 0 while some of it is missing. */
static size_t answer_length(struct publisher *p) {
    char *end = memmem(p->answer, p->got, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - p->answer) + 4;
    p->answer[p->got] = 0;
    char *length = strcasestr(p->answer, "\r\ncontent-length:");
    if (length && length < end) {
        size_t whole = head + strtoul(length + 17, NULL, 10);
        return p->got >= whole ? whole : 0;
    }
    char *chunked = strcasestr(p->answer, "\r\ntransfer-encoding: chunked");
    if (!chunked || chunked > end) return head;
    return p->got >= head + 5 && !memcmp(p->answer + p->got - 5, "0\r\n\r\n", 5) ? p->got : 0;
}

static void answered(struct publisher *p) {
    int status = p->got > 12 ? atoi(p->answer + 9) : 0;
    p->busy = 0;
    totals.waiting--;
    if (status >= 200 && status < 300) {
        totals.acked++;
        totals.acked_mark ^= p->stamp;
        if (p->stamp >= totals.window_from && p->stamp < totals.window_to) sample(&answer, now_ns() - p->sent_at);
    } else {
        totals.errors++;
        note_error("publisher: status %d: %.120s", status, p->answer + 9);
    }
    if (publishing) publish_next(p);
}

static void read_answer(struct publisher *p) {
    ssize_t n = recv(p->fd, p->answer + p->got, ANSWER_ROOM - p->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        lose(p, n ? strerror(errno) : "closed by the server");
        return;
    }
    p->got += (size_t)n;
    if (p->got == ANSWER_ROOM)
        lose(p, "an answer above 16 KiB");
    else if (answer_length(p))
        answered(p);
}

int serve_publishers(void) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(epoll, events, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &timer) {
            uint64_t ticks;
            if (read(timer, &ticks, sizeof ticks) > 0 && publishing) publish_due();
        } else {
            read_answer(events[i].data.ptr);
        }
    }
    return n > 0 ? n : 0;
}
