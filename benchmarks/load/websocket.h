/* One socket: an upgrade, then frames; or a stream, whose bytes are not looked at here. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "load.h"

#define KEEP_ROOM 65536
#define CONTROL_ROOM 125u
#define FRAME_HEAD 8 /* of a frame from a client, up to 64 KiB long */

enum state { SHAKING, JOINING, OPEN, CLOSED };

struct websocket {
    int fd;
    enum state state;
    uint64_t left;    /* bytes of the current frame's payload still to come */
    uint8_t head[10]; /* of a frame whose header was cut by a read */
    uint8_t head_got, in_frame, final, opcode;
    uint8_t control_got, control[CONTROL_ROOM]; /* a control frame may come between two fragments */
    size_t room, kept; /* of a message the first `room` bytes are kept, and a zero behind them */
    uint8_t *keep;     /* before it is open: the answer to the handshake */
    void (*opened)(struct websocket *);
    void (*message)(struct websocket *); /* a whole message has come */
    void (*lost)(struct websocket *, const char *why);
    void (*stream)(struct websocket *, const uint8_t *, size_t); /* instead of frames */
};

/* Asks for the upgrade; the functions and `room` must be set, all else zero. Nothing is called before it returns. */
void open_websocket(struct websocket *ws, const char *path, const char *headers);
/* Reads once, much, and calls whatever follows from it. */
void read_websocket(struct websocket *ws);
/* Ends it, and calls `lost`. */
void drop(struct websocket *ws, const char *why);
/* Writes one masked text frame to `to`; returns its length. */
size_t put_frame(uint8_t *to, const char *text, size_t length);
/* Whether the message that has come is a delivery (options.event). */
int is_event(const struct websocket *ws);

#endif
