/* What the ways of publishing share: who sends next, and what became of it. */
#ifndef PUBLISHER_H
#define PUBLISHER_H

#include "websocket.h"

#define ANSWER_ROOM 16384

/* Room for one event on its way: its publisher may send the next when it is answered. */
struct slot {
    struct publisher *by;
    int busy;
    uint64_t stamp, sent_at;
    uint64_t number; /* a command's own */
};

struct publisher {
    struct websocket socket; /* of which post.c uses the descriptor alone */
    struct slot *slots;
    size_t got; /* post.c: of the answer */
    char answer[ANSWER_ROOM + 1];
    uint8_t *frames; /* command.c: what leaves with the next write */
    size_t frames_length;
    uint64_t events; /* that it heard: over Socket.IO a publisher is a client like all others */
};

/* publisher.c */
/* It was acknowledged, or refused by these words; the slot's next event may be sent before this returns. */
void answered(struct slot *slot, const char *refusal);
/* The publisher is gone, with all that it has on its way. */
void lose(struct publisher *p, const char *why);
void write_stamp(char *at, uint64_t stamp);

/* post.c: HTTP/1.1, one request at a time */
void prepare_posts(void);
void connect_post(struct publisher *p);
void send_post(struct slot *slot);
void read_post(struct publisher *p);

/* command.c: text frames on a WebSocket, each answered under its number */
void prepare_commands(void);
void connect_commander(struct publisher *p);
void add_command(struct slot *slot);
void send_commands(void); /* all that were added, with one write a publisher */
int all_commanders_open(void);

#endif
