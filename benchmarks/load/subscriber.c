/* Subscribers: a handshake, then frames counted in bulk. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define READ_ROOM (1u << 20)
#define KEEP_ROOM 65536
#define HEAD_ROOM 8192
#define CONTROL_ROOM 125u
#define HANDSHAKES_AT_ONCE 64

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
enum state { SHAKING, OPEN, CLOSED };

struct subscriber {
    int fd;
    enum state state;
    int witness;
    uint64_t events;
    uint64_t mark, order;  /* of the stamps that a witness saw: their exclusive or; a hash that depends on their order */
    uint64_t left;         /* bytes of the current frame's payload still to come */
    uint8_t head[10];      /* of a frame whose header was cut by a read */
    uint8_t head_got, in_frame, final, opcode;
    uint8_t last; /* stream: the last byte of the read before, which may be half a mark */
    size_t kept;
    uint8_t *keep; /* a witness: the message so far; before it is open: the handshake's answer */
    uint8_t control[CONTROL_ROOM], control_got; /* a control frame may come between two fragments */
};

static struct subscriber *subscribers;
static uint8_t *buffer;
static int shaking;

static void drop(struct subscriber *s, const char *why) {
    if (s->state == SHAKING) {
        shaking--;
        note_error("handshake: %s", why);
    } else {
        totals.opened--;
        note_error("subscriber: %s", why);
    }
    totals.closed++;
    s->state = CLOSED;
    close(s->fd);
}

static void see_stamp(struct subscriber *s, uint64_t stamp) {
    if (!stamp) return;
    s->mark ^= stamp;
    s->order = s->order * 1099511628211u + stamp;
    if (stamp >= totals.window_from && stamp < totals.window_to) sample(&latency, now_ns() - stamp);
}

static void pong(struct subscriber *s) {
    uint8_t frame[6 + CONTROL_ROOM] = {0x80 | PONG, (uint8_t)(0x80 | s->control_got)}; /* a mask of zeros changes nothing */
    memcpy(frame + 6, s->control, s->control_got);
    if (send(s->fd, frame, 6u + s->control_got, MSG_NOSIGNAL) < 0) drop(s, "no pong could be sent");
}

static void frame_ends(struct subscriber *s) {
    s->in_frame = 0;
    if (s->opcode <= BINARY) {
        if (!s->final) return;
        s->events++;
        totals.deliveries++;
        if (s->witness) see_stamp(s, find_stamp(s->keep, s->kept));
    } else if (s->opcode == PING) {
        pong(s);
    } else if (s->opcode == CLOSE) {
        if (!totals.close_code && s->control_got >= 2) totals.close_code = s->control[0] << 8 | s->control[1];
        drop(s, "closed by the server");
    }
}

static void frame_begins(struct subscriber *s, const uint8_t *head) {
    uint8_t small = head[1] & 127;
    s->final = head[0] >> 7;
    s->opcode = head[0] & 15;
    s->left = small;
    if (small == 126) s->left = (uint64_t)head[2] << 8 | head[3];
    if (small == 127)
        for (int i = s->left = 0; i < 8; i++) s->left = s->left << 8 | head[2 + i];
    s->in_frame = 1;
    s->head_got = 0;
    if (s->opcode == TEXT || s->opcode == BINARY) s->kept = 0; /* a continuation adds to what is kept */
    s->control_got = 0;
    if (head[1] & 128) drop(s, "a masked frame from the server");
}

static size_t head_length(const uint8_t *head) {
    uint8_t small = head[1] & 127;
    return small == 127 ? 10 : small == 126 ? 4 : 2;
}

/* The header's bytes used from this read; the frame begins when it is whole. */
static size_t read_head(struct subscriber *s, const uint8_t *p, size_t n) {
    if (!s->head_got && n >= sizeof s->head) { /* nearly always: no copy */
        size_t length = head_length(p);
        frame_begins(s, p);
        return length;
    }
    size_t used = 0;
    while (used < n) {
        s->head[s->head_got++] = p[used++];
        if (s->head_got < 2 || s->head_got < head_length(s->head)) continue;
        frame_begins(s, s->head);
        break;
    }
    return used;
}

static void keep(struct subscriber *s, const uint8_t *p, size_t n) {
    int control = s->opcode > BINARY;
    if (!control && !s->witness) return;
    size_t room = control ? CONTROL_ROOM - s->control_got : KEEP_ROOM - s->kept, copy = n < room ? n : room;
    memcpy(control ? s->control + s->control_got : s->keep + s->kept, p, copy);
    if (control)
        s->control_got += (uint8_t)copy;
    else
        s->kept += copy;
}

static void read_frames(struct subscriber *s, const uint8_t *p, size_t n) {
    while (s->state == OPEN) {
        if (!s->in_frame) {
            if (!n) return;
            size_t used = read_head(s, p, n);
            p += used;
            n -= used;
            if (!s->in_frame) return;
        }
        size_t take = n < s->left ? n : (size_t)s->left;
        keep(s, p, take);
        p += take;
        n -= take;
        s->left -= take;
        if (s->left) return;
        frame_ends(s);
    }
}

/* A stream is not framed here: each mark is an event. A witness needs the stamp to lie in one read. */
static void read_stream(struct subscriber *s, const uint8_t *p, size_t n) {
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

static void take(struct subscriber *s, const uint8_t *p, size_t n) {
    totals.bytes += n;
    if (options.stream)
        read_stream(s, p, n);
    else
        read_frames(s, p, n);
}

/* The answer's head is kept until it is whole; what follows it is already frames. */
static void read_handshake(struct subscriber *s, const uint8_t *p, size_t n) {
    if (s->kept + n > KEEP_ROOM) {
        drop(s, "an answer without an end");
        return;
    }
    memcpy(s->keep + s->kept, p, n);
    s->kept += n;
    uint8_t *end = memmem(s->keep, s->kept, "\r\n\r\n", 4);
    if (!end) return;
    if (memcmp(s->keep + 9, options.stream ? "200" : "101", 3)) {
        s->keep[s->kept < MAX_TEXT ? s->kept : MAX_TEXT] = 0;
        note_error("handshake: %s", (char *)s->keep + 9);
        drop(s, "refused");
        return;
    }
    size_t head = (size_t)(end - s->keep) + 4, rest = s->kept - head;
    uint8_t *answer = s->keep;
    s->kept = 0;
    s->keep = s->witness ? malloc(KEEP_ROOM) : NULL;
    s->state = OPEN;
    shaking--;
    totals.opened++;
    take(s, answer + head, rest);
    free(answer);
}

static void read_subscriber(struct subscriber *s) {
    if (s->state == CLOSED) return;
    ssize_t n = recv(s->fd, buffer, READ_ROOM, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0)
        drop(s, n ? strerror(errno) : "connection ended by the server");
    else if (s->state == SHAKING)
        read_handshake(s, buffer, (size_t)n);
    else
        take(s, buffer, (size_t)n);
}

int read_subscribers(int epoll) {
    struct epoll_event events[READS_AT_ONCE];
    int n = epoll_wait(epoll, events, READS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) read_subscriber(events[i].data.ptr);
    return n > 0 ? n : 0;
}

static void shake(struct subscriber *s, int epoll) {
    static const char *upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    char head[HEAD_ROOM];
    int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s%s\r\n", options.subscribe_path,
                     options.host, options.port, options.stream ? "" : upgrade, options.subscribe_headers);
    if (n < 0 || n >= HEAD_ROOM) die("the subscribers' headers are too long");
    s->fd = open_socket();
    s->keep = malloc(KEEP_ROOM + 1);
    if (!s->keep || epoll_add(epoll, s->fd, s)) die("a subscriber: %s", strerror(errno));
    shaking++;
    if (send(s->fd, head, (size_t)n, MSG_NOSIGNAL) != n) drop(s, "no request could be sent");
}

void connect_subscribers(int epoll) {
    uint64_t until = now_ns() + (uint64_t)(options.connect * 1e9);
    int every = options.witnesses ? options.subscribers / options.witnesses : 0;
    subscribers = calloc((size_t)options.subscribers + 1, sizeof *subscribers);
    buffer = malloc(READ_ROOM);
    if (!subscribers || !buffer) die("out of memory");
    for (int i = 0; i < options.subscribers || shaking;) {
        while (i < options.subscribers && shaking < HANDSHAKES_AT_ONCE) {
            subscribers[i].witness = options.witnesses && i % (every ? every : 1) == 0;
            shake(&subscribers[i++], epoll);
        }
        read_subscribers(epoll);
        if (now_ns() > until) die("only %d of %d subscribers connected in %.0f s", totals.opened, options.subscribers, options.connect);
    }
    if (totals.closed) die("%llu handshakes failed: %s", (unsigned long long)totals.closed, totals.first_error);
}

uint64_t missing_deliveries(void) {
    uint64_t missing = 0;
    for (int i = 0; i < options.subscribers; i++)
        if (subscribers[i].state == OPEN && subscribers[i].events < totals.acked) missing += totals.acked - subscribers[i].events;
    return missing;
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
        if (s->events < totals.acked) verdict.lost += totals.acked - s->events;
        if (s->events > totals.acked) verdict.extra += s->events - totals.acked;
        if (!s->witness || options.stream) continue;
        if (!first) first = s;
        if (s->mark != totals.acked_mark) verdict.wrong_witnesses++;
        else if (s->order != first->order && first->mark == s->mark) verdict.other_order++;
    }
    return verdict;
}
