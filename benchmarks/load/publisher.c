/* Who publishes what and when, in whatever way. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "publisher.h"

#define EVENTS_AT_ONCE 256

static struct publisher *publishers;
static struct slot **idle;
static int epoll, timer, idle_count, publishing;
static uint64_t last_stamp, first_due, due_count;

static void connect_publisher(struct publisher *p, int in_flight) {
    p->slots = calloc((size_t)in_flight, sizeof *p->slots);
    if (!p->slots) die("no room for publishers");
    for (int i = 0; i < in_flight; i++) {
        p->slots[i].by = p;
        idle[idle_count++] = &p->slots[i];
    }
    if (options.way == POST)
        connect_post(p);
    else
        connect_commander(p);
    if (epoll_add(epoll, p->socket.fd, p)) die("epoll: %s", strerror(errno));
}

void connect_publishers(void) {
    int in_flight = options.way == POST ? 1 : options.in_flight;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    publishers = calloc((size_t)options.publishers + 1, sizeof *publishers);
    idle = calloc((size_t)(options.publishers * in_flight) + 1, sizeof *idle);
    if (epoll < 0 || timer < 0 || !publishers || !idle) die("no room for publishers");
    if (epoll_add(epoll, timer, &timer)) die("epoll: %s", strerror(errno));
    if (options.way == POST)
        prepare_posts();
    else
        prepare_commands();
    uint64_t until = now_ns() + (uint64_t)(options.connect * 1e9);
    for (int i = 0; i < options.publishers; i++) connect_publisher(&publishers[i], in_flight);
    while (options.way != POST && !all_commanders_open()) {
        serve_publishers();
        if (totals.errors) die("a publisher could not connect: %s", totals.first_error);
        if (now_ns() > until) die("not all publishers connected in %.0f s", options.connect);
    }
}

void lose(struct publisher *p, const char *why) {
    int in_flight = options.way == POST ? 1 : options.in_flight;
    totals.errors++;
    for (int i = 0; i < in_flight; i++) totals.waiting -= p->slots[i].busy, p->slots[i].busy = 0;
    note_error("publisher: %s", why);
}

void write_stamp(char *at, uint64_t stamp) {
    char digits[STAMP_DIGITS + 1];
    snprintf(digits, sizeof digits, "%0*llu", STAMP_DIGITS, (unsigned long long)stamp);
    memcpy(at, digits, STAMP_DIGITS);
}

static void publish(struct slot *slot, uint64_t stamp) {
    if (slot->by->socket.state == CLOSED) return;
    slot->stamp = stamp;
    slot->sent_at = now_ns();
    slot->busy = 1;
    totals.waiting++;
    if (options.way == POST)
        send_post(slot);
    else
        add_command(slot);
}

static uint64_t due_at(uint64_t n) { return first_due + (uint64_t)((double)n * 1e9 / options.rate); }

/*
 * At a fixed rate an event carries the time at which it was due. When all publishers are
 * busy it leaves late, and the wait counts as latency: a slow server cannot hide behind it.
 */
static void publish_due(void) {
    uint64_t now = now_ns();
    while (idle_count && due_at(due_count) <= now) publish(idle[--idle_count], due_at(due_count)), due_count++;
    if (!idle_count) return;
    uint64_t next = due_at(due_count);
    struct itimerspec at = {.it_value = {(time_t)(next / 1000000000u), (long)(next % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void publish_next(struct slot *slot) {
    if (options.rate > 0) {
        idle[idle_count++] = slot;
        publish_due();
        return;
    }
    uint64_t now = now_ns();
    last_stamp = now > last_stamp ? now : last_stamp + 1; /* each event has its own */
    publish(slot, last_stamp);
}

void start_publishing(void) {
    publishing = 1;
    first_due = now_ns();
    if (options.rate > 0)
        publish_due();
    else
        while (idle_count) publish_next(idle[--idle_count]);
    send_commands();
}

/* Events that were due by now and have not left, because all publishers were still waiting for answers. */
uint64_t stop_publishing(void) {
    publishing = 0;
    if (options.rate <= 0) return 0;
    uint64_t due = 1 + (uint64_t)((double)(now_ns() - first_due) / 1e9 * options.rate);
    return due > due_count ? due - due_count : 0;
}

void answered(struct slot *slot, const char *refusal) {
    slot->busy = 0;
    totals.waiting--;
    if (refusal) {
        totals.errors++;
        note_error("publisher: %.150s", refusal);
    } else {
        totals.acked++;
        totals.acked_mark ^= slot->stamp;
        if (slot->stamp >= totals.window_from && slot->stamp < totals.window_to) sample(&answer, now_ns() - slot->sent_at);
    }
    if (publishing) publish_next(slot);
}

int serve_publishers(void) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(epoll, events, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &timer) {
            uint64_t ticks;
            if (read(timer, &ticks, sizeof ticks) > 0 && publishing) publish_due();
        } else if (options.way == POST) {
            read_post(events[i].data.ptr);
        } else {
            read_websocket(&((struct publisher *)events[i].data.ptr)->socket);
        }
    }
    send_commands();
    return n > 0 ? n : 0;
}

void compare_publishers(struct verdict *verdict) {
    if (options.way != SOCKET_IO) return;
    for (int i = 0; i < options.publishers; i++)
        if (publishers[i].socket.state == OPEN) compare_count(publishers[i].events, verdict);
}
