/* WebSocket as a client speaks it (RFC 6455), and the little of Engine.IO that is not for its user. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "websocket.h"

#define READ_ROOM (1u << 20)
#define HEAD_ROOM 8192
#define SAY_ROOM 4096

enum { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

void drop(struct websocket *ws, const char *why) {
    if (ws->state == CLOSED) return;
    ws->lost(ws, why);
    ws->state = CLOSED;
    close(ws->fd);
}

size_t put_frame(uint8_t *to, const char *text, size_t length) {
    static uint32_t random = 2463534242u;
    uint8_t *mask = to + 2;
    random ^= random << 13, random ^= random >> 17, random ^= random << 5; /* a new one for each (§5.3) */
    to[0] = 0x80 | TEXT;
    to[1] = (uint8_t)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        to[2] = (uint8_t)(length >> 8);
        to[3] = (uint8_t)length;
        mask += 2;
    }
    memcpy(mask, &random, 4);
    for (size_t i = 0; i < length; i++) mask[4 + i] = (uint8_t)text[i] ^ mask[i & 3];
    return (size_t)(mask - to) + 4 + length;
}

static void say(struct websocket *ws, const char *text) {
    uint8_t frame[FRAME_HEAD + SAY_ROOM];
    if (strlen(text) > SAY_ROOM) die("too long to be said: %.80s", text);
    size_t n = put_frame(frame, text, strlen(text));
    if (send(ws->fd, frame, n, MSG_NOSIGNAL) != (ssize_t)n) drop(ws, "nothing could be said");
}

static void pong(struct websocket *ws) {
    uint8_t frame[6 + CONTROL_ROOM] = {0x80 | PONG, (uint8_t)(0x80 | ws->control_got)}; /* a mask of zeros changes nothing */
    memcpy(frame + 6, ws->control, ws->control_got);
    if (send(ws->fd, frame, 6u + ws->control_got, MSG_NOSIGNAL) < 0) drop(ws, "no pong could be sent");
}

static void opened(struct websocket *ws) {
    ws->state = OPEN;
    ws->opened(ws);
}

/* Engine.IO 4 and Socket.IO 5; whether the message was for this layer, and no event or acknowledgement. */
static int engine_packet(struct websocket *ws) {
    char kind = ws->kept ? (char)ws->keep[0] : 0, inner = ws->kept > 1 ? (char)ws->keep[1] : 0;
    if (kind == '4' && (inner == '2' || inner == '3')) return 0;
    if (kind == '2') {
        say(ws, "3");
    } else if (kind == '0') {
        char connect[SAY_ROOM];
        snprintf(connect, sizeof connect, "40%s", options.auth);
        say(ws, connect);
    } else if (kind == '4' && inner == '0' && ws->state == JOINING) {
        opened(ws);
    } else if (kind == '1' || kind == '4') {
        note_error("socket.io: %.150s", (char *)ws->keep);
        drop(ws, "refused, or told to leave");
    }
    return 1;
}

int is_event(const struct websocket *ws) {
    size_t length = strlen(options.event);
    return ws->kept >= length && !memcmp(ws->keep, options.event, length);
}

static void frame_ends(struct websocket *ws) {
    ws->in_frame = 0;
    if (ws->opcode <= BINARY) {
        if (!ws->final) return;
        if (ws->room) ws->keep[ws->kept] = 0;
        if (options.way == SOCKET_IO && engine_packet(ws)) return;
        ws->message(ws);
    } else if (ws->opcode == PING) {
        pong(ws);
    } else if (ws->opcode == CLOSE) {
        if (!totals.close_code && ws->control_got >= 2) totals.close_code = ws->control[0] << 8 | ws->control[1];
        drop(ws, "closed by the server");
    }
}

static void frame_begins(struct websocket *ws, const uint8_t *head) {
    uint8_t small = head[1] & 127;
    ws->final = head[0] >> 7;
    ws->opcode = head[0] & 15;
    ws->left = small;
    if (small == 126) ws->left = (uint64_t)head[2] << 8 | head[3];
    if (small == 127)
        for (int i = ws->left = 0; i < 8; i++) ws->left = ws->left << 8 | head[2 + i];
    ws->in_frame = 1;
    ws->head_got = 0;
    if (ws->opcode == TEXT || ws->opcode == BINARY) ws->kept = 0; /* a continuation adds to what is kept */
    ws->control_got = 0;
    if (head[1] & 128) drop(ws, "a masked frame from the server");
}

static size_t head_length(const uint8_t *head) {
    uint8_t small = head[1] & 127;
    return small == 127 ? 10 : small == 126 ? 4 : 2;
}

/* The header's bytes used from this read; the frame begins when it is whole. */
static size_t read_head(struct websocket *ws, const uint8_t *p, size_t n) {
    if (!ws->head_got && n >= sizeof ws->head) { /* nearly always: no copy */
        size_t length = head_length(p);
        frame_begins(ws, p);
        return length;
    }
    size_t used = 0;
    while (used < n) {
        ws->head[ws->head_got++] = p[used++];
        if (ws->head_got < 2 || ws->head_got < head_length(ws->head)) continue;
        frame_begins(ws, ws->head);
        break;
    }
    return used;
}

static void keep(struct websocket *ws, const uint8_t *p, size_t n) {
    int control = ws->opcode > BINARY;
    size_t room = control ? CONTROL_ROOM - ws->control_got : ws->room - ws->kept, copy = n < room ? n : room;
    if (!copy) return;
    memcpy(control ? ws->control + ws->control_got : ws->keep + ws->kept, p, copy);
    if (control)
        ws->control_got += (uint8_t)copy;
    else
        ws->kept += copy;
}

static void read_frames(struct websocket *ws, const uint8_t *p, size_t n) {
    while (ws->state != CLOSED) {
        if (!ws->in_frame) {
            if (!n) return;
            size_t used = read_head(ws, p, n);
            p += used;
            n -= used;
            if (!ws->in_frame) return;
        }
        size_t take = n < ws->left ? n : (size_t)ws->left;
        keep(ws, p, take);
        p += take;
        n -= take;
        ws->left -= take;
        if (ws->left) return;
        frame_ends(ws);
    }
}

static void take(struct websocket *ws, const uint8_t *p, size_t n) {
    totals.bytes += n;
    if (ws->stream)
        ws->stream(ws, p, n);
    else
        read_frames(ws, p, n);
}

/* The answer's head is kept until it is whole; what follows it is already frames. */
static void read_handshake(struct websocket *ws, const uint8_t *p, size_t n) {
    if (ws->kept + n > KEEP_ROOM) {
        drop(ws, "an answer without an end");
        return;
    }
    memcpy(ws->keep + ws->kept, p, n);
    ws->kept += n;
    uint8_t *end = memmem(ws->keep, ws->kept, "\r\n\r\n", 4);
    if (!end) return;
    if (memcmp(ws->keep + 9, ws->stream ? "200" : "101", 3)) {
        ws->keep[ws->kept < MAX_TEXT ? ws->kept : MAX_TEXT] = 0;
        note_error("handshake: %s", (char *)ws->keep + 9);
        drop(ws, "refused");
        return;
    }
    size_t head = (size_t)(end - ws->keep) + 4, rest = ws->kept - head;
    uint8_t *answer = ws->keep;
    ws->kept = 0;
    ws->keep = ws->room ? malloc(ws->room + 1) : NULL;
    if (ws->room && !ws->keep) die("out of memory");
    if (options.way == SOCKET_IO)
        ws->state = JOINING; /* until its CONNECT is answered */
    else
        opened(ws);
    take(ws, answer + head, rest);
    free(answer);
}

void read_websocket(struct websocket *ws) {
    static uint8_t buffer[READ_ROOM];
    if (ws->state == CLOSED) return;
    ssize_t n = recv(ws->fd, buffer, READ_ROOM, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0)
        drop(ws, n ? strerror(errno) : "connection ended by the server");
    else if (ws->state == SHAKING)
        read_handshake(ws, buffer, (size_t)n);
    else
        take(ws, buffer, (size_t)n);
}

void open_websocket(struct websocket *ws, const char *path, const char *headers) {
    static const char *upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    char head[HEAD_ROOM];
    int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s%s\r\n", path, options.host, options.port,
                     ws->stream ? "" : upgrade, headers);
    if (n < 0 || n >= HEAD_ROOM) die("the headers of a handshake are too long");
    ws->state = SHAKING;
    ws->fd = open_socket();
    ws->keep = malloc(KEEP_ROOM + 1);
    if (!ws->keep) die("out of memory");
    if (send(ws->fd, head, (size_t)n, MSG_NOSIGNAL) != n) die("a handshake could not be sent: %s", strerror(errno));
}
