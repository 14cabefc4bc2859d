/* Subscribers: what they get is counted in bulk. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "websocket.h"

#define HANDSHAKES_AT_ONCE 64
/* Of each message: as much as tells an event of Socket.IO from what else is said. */
#define NAME_ROOM 160

struct subscriber {
    struct websocket socket;
    int witness;
    uint64_t events;
    uint64_t mark, order; /* of the stamps that a witness saw: their exclusive or; a hash that depends on their order */
    uint8_t last;         /* stream: the last byte of the read before, which may be half a mark */
};

static struct subscriber *subscribers;
static int shaking;

static void lost(struct websocket *ws, const char *why) {
    if (ws->state == OPEN) {
        totals.opened--;
        note_error("subscriber: %s", why);
    } else {
        shaking--;
        note_error("handshake: %s", why);
    }
    totals.closed++;
}

static void opened(struct websocket *ws) {
    (void)ws;
    shaking--;
    totals.opened++;
}

static void see_stamp(struct subscriber *s, uint64_t stamp) {
    if (!stamp) return;
    s->mark ^= stamp;
    s->order = s->order * 1099511628211u + stamp;
    if (stamp >= totals.window_from && stamp < totals.window_to) sample(&latency, now_ns() - stamp);
}

static void heard(struct websocket *ws) {
    struct subscriber *s = (struct subscriber *)ws;
    if (!is_event(ws)) return;
    s->events++;
    totals.deliveries++;
    if (s->witness) see_stamp(s, find_stamp(ws->keep, ws->kept));
}

/* A stream is not framed here: each mark is an event. A witness needs the stamp to lie in one read. */
static void read_stream(struct websocket *ws, const uint8_t *p, size_t n) {
    struct subscriber *s = (struct subscriber *)ws;
    const uint8_t *end = p + n;
    if (s->last == MARK[0] && n && p[0] == MARK[1]) {
        s->events++;
        totals.deliveries++;
    }
    s->last = n ? p[n - 1] : 0;
    while ((p = memmem(p, (size_t)(end - p), MARK, MARK_LENGTH))) {
        s->events++;
        totals.deliveries++;
        s->last = end[-1];
        if (s->witness) see_stamp(s, find_stamp(p, (size_t)(end - p)));
        p += MARK_LENGTH;
        if (p == end) s->last = 0;
    }
}

int read_subscribers(int epoll) {
    struct epoll_event events[READS_AT_ONCE];
    int n = epoll_wait(epoll, events, READS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) read_websocket(events[i].data.ptr);
    return n > 0 ? n : 0;
}

static void subscribe(struct subscriber *s, int epoll) {
    struct websocket *ws = &s->socket;
    ws->room = s->witness ? KEEP_ROOM : *options.event || options.way == SOCKET_IO ? NAME_ROOM : 0;
    ws->opened = opened;
    ws->message = heard;
    ws->lost = lost;
    if (options.stream) ws->stream = read_stream;
    open_websocket(ws, options.subscribe_path, options.subscribe_headers);
    if (epoll_add(epoll, ws->fd, s)) die("a subscriber: %s", strerror(errno));
    shaking++;
}

void connect_subscribers(int epoll) {
    uint64_t until = now_ns() + (uint64_t)(options.connect * 1e9);
    int every = options.witnesses ? options.subscribers / options.witnesses : 0;
    subscribers = calloc((size_t)options.subscribers + 1, sizeof *subscribers);
    if (!subscribers) die("out of memory");
    for (int i = 0; i < options.subscribers || shaking;) {
        while (i < options.subscribers && shaking < HANDSHAKES_AT_ONCE) {
            subscribers[i].witness = options.witnesses && i % (every ? every : 1) == 0;
            subscribe(&subscribers[i++], epoll);
        }
        read_subscribers(epoll);
        if (now_ns() > until) die("only %d of %d subscribers connected in %.0f s", totals.opened, options.subscribers, options.connect);
    }
    if (totals.closed) die("%llu handshakes failed: %s", (unsigned long long)totals.closed, totals.first_error);
}

/* Of those that are still there: from others nothing more is to be waited for. */
uint64_t missing_deliveries(void) {
    struct verdict missing = {0, 0, 0, 0};
    for (int i = 0; i < options.subscribers; i++)
        if (subscribers[i].socket.state == OPEN) compare_count(subscribers[i].events, &missing);
    compare_publishers(&missing);
    return missing.lost;
}

void compare_count(uint64_t events, struct verdict *verdict) {
    if (events < totals.acked) verdict->lost += totals.acked - events;
    if (events > totals.acked) verdict->extra += events - totals.acked;
}

/*
 * Each subscriber must have seen each acknowledged event once. Counts show it for all; a witness
 * compares the stamps themselves, where a double could hide a loss, and their order with the first's.
 */
struct verdict compare_with_published(void) {
    struct verdict verdict = {0, 0, 0, 0};
    struct subscriber *first = NULL;
    for (int i = 0; i < options.subscribers; i++) {
        struct subscriber *s = &subscribers[i];
        compare_count(s->events, &verdict);
        if (!s->witness || options.stream) continue;
        if (!first) first = s;
        if (s->mark != totals.acked_mark) verdict.wrong_witnesses++;
        else if (s->order != first->order && first->mark == s->mark) verdict.other_order++;
    }
    compare_publishers(&verdict);
    return verdict;
}
