/* Publishing by commands on a WebSocket: many on their way, each answered under its number. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "publisher.h"

/* Numbers begin here: always NUMBER_DIGITS long, and no JSON number begins with 0. */
#define FIRST_NUMBER 1000000000u
#define MESSAGE_ROOM 2048

static char *command, *stamp, *number;
static size_t command_length;
static struct publisher **unsent;
static int unsent_count, open_count;

static void expect(char *at, const char *what) {
    if (!at) die("the body holds no %s", what);
}

void prepare_commands(void) {
    command = strdup(options.body);
    unsent = calloc((size_t)options.publishers + 1, sizeof *unsent);
    if (!command || !unsent || options.in_flight < 1) die("no room for commands");
    command_length = strlen(command);
    expect(number = strstr(command, NUMBER_MARK), NUMBER_MARK);
    expect(stamp = strstr(command, MARK), MARK " and 19 digits");
    stamp += MARK_LENGTH;
    if (strlen(stamp) < STAMP_DIGITS) die("the body holds no 19 digits");
}

static void opened(struct websocket *ws) {
    (void)ws;
    open_count++;
}

int all_commanders_open(void) { return open_count == options.publishers; }

static void lost(struct websocket *ws, const char *why) { lose((struct publisher *)ws, why); }

/* Behind `mark` in the message, or at its beginning, the number of an answer; 0 where there is none. */
static uint64_t number_in(const struct websocket *ws) {
    const char *text = (const char *)ws->keep;
    if (options.way == SOCKET_IO) return strncmp(text, "43", 2) ? 0 : strtoull(text + 2, NULL, 10);
    const char *id = strstr(text, "\"type\":\"result\"") ? strstr(text, "\"id\":") : NULL;
    return id ? strtoull(id + 5, NULL, 10) : 0;
}

static void heard(struct websocket *ws) {
    struct publisher *p = (struct publisher *)ws;
    if (options.way == SOCKET_IO && is_event(ws)) {
        p->events++;
        totals.deliveries++;
        return;
    }
    uint64_t answers = number_in(ws);
    if (answers < FIRST_NUMBER) return; /* news that nobody asked for, or no answer at all */
    struct slot *slot = &p->slots[(answers - FIRST_NUMBER) % (uint64_t)options.in_flight];
    if (!slot->busy || slot->number != answers) {
        totals.errors++;
        note_error("publisher: an answer to nothing asked: %.100s", (char *)ws->keep);
        return;
    }
    const char *done = options.way == SOCKET_IO ? "\"ok\":true" : "\"success\":true";
    answered(slot, strstr((char *)ws->keep, done) ? NULL : (char *)ws->keep);
}

void connect_commander(struct publisher *p) {
    p->socket.room = MESSAGE_ROOM;
    p->socket.opened = opened;
    p->socket.message = heard;
    p->socket.lost = lost;
    p->frames = malloc((size_t)options.in_flight * (command_length + FRAME_HEAD));
    if (!p->frames) die("no room for commands");
    for (int i = 0; i < options.in_flight; i++) p->slots[i].number = FIRST_NUMBER + (uint64_t)i;
    open_websocket(&p->socket, options.publish_path, options.publish_headers);
}

void add_command(struct slot *slot) {
    struct publisher *p = slot->by;
    char digits[NUMBER_DIGITS + 1];
    slot->number += (uint64_t)options.in_flight;
    snprintf(digits, sizeof digits, "%*llu", NUMBER_DIGITS, (unsigned long long)slot->number);
    memcpy(number, digits, NUMBER_DIGITS);
    write_stamp(stamp, slot->stamp);
    if (!p->frames_length) unsent[unsent_count++] = p;
    p->frames_length += put_frame(p->frames + p->frames_length, command, command_length);
}

void send_commands(void) {
    for (; unsent_count; unsent_count--) {
        struct publisher *p = unsent[unsent_count - 1];
        ssize_t length = (ssize_t)p->frames_length;
        p->frames_length = 0;
        if (p->socket.state != OPEN) continue;
        /* No more than `in_flight` commands are ever unread, which a socket's buffer takes whole. */
        if (send(p->socket.fd, p->frames, (size_t)length, MSG_NOSIGNAL) != length) drop(&p->socket, "commands could not be sent whole");
    }
}
