/* Publishing by requests: HTTP/1.1, one connection a publisher, one request at a time. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publisher.h"

static char *request, *stamp;
static size_t request_length;

void prepare_posts(void) {
    const char *form = "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %zu\r\n%s\r\n%s";
    int n = asprintf(&request, form, options.publish_path, options.host, options.port, strlen(options.body),
                     options.publish_headers, options.body);
    if (n < 0) die("out of memory");
    request_length = (size_t)n;
    stamp = strstr(request + request_length - strlen(options.body), MARK);
    if (!stamp || strlen(stamp) < MARK_LENGTH + STAMP_DIGITS) die("the body holds no " MARK " and 19 digits");
    stamp += MARK_LENGTH;
}

void connect_post(struct publisher *p) {
    p->socket.fd = open_socket();
    p->socket.state = OPEN;
}

static void end(struct publisher *p, const char *why) {
    lose(p, why);
    p->socket.state = CLOSED;
    close(p->socket.fd);
}

void send_post(struct slot *slot) {
    write_stamp(stamp, slot->stamp);
    slot->by->got = 0;
    /* Its last request is answered, so the socket's buffer is empty and takes this one whole. */
    if (send(slot->by->socket.fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length)
        end(slot->by, "a request could not be sent whole");
}

/* The length of the whole answer, 0 while some of it is missing. */
static size_t answer_length(struct publisher *p) {
    char *head_end = memmem(p->answer, p->got, "\r\n\r\n", 4);
    if (!head_end) return 0;
    size_t head = (size_t)(head_end - p->answer) + 4;
    p->answer[p->got] = 0;
    char *length = strcasestr(p->answer, "\r\ncontent-length:");
    if (length && length < head_end) {
        size_t whole = head + strtoul(length + 17, NULL, 10);
        return p->got >= whole ? whole : 0;
    }
    char *chunked = strcasestr(p->answer, "\r\ntransfer-encoding: chunked");
    if (!chunked || chunked > head_end) return head;
    return p->got >= head + 5 && !memcmp(p->answer + p->got - 5, "0\r\n\r\n", 5) ? p->got : 0;
}

void read_post(struct publisher *p) {
    ssize_t n = recv(p->socket.fd, p->answer + p->got, ANSWER_ROOM - p->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        end(p, n ? strerror(errno) : "closed by the server");
        return;
    }
    p->got += (size_t)n;
    if (p->got == ANSWER_ROOM) {
        end(p, "an answer above 16 KiB");
    } else if (answer_length(p)) {
        int status = p->got > 12 ? atoi(p->answer + 9) : 0;
        answered(p->slots, status >= 200 && status < 300 ? NULL : p->answer + 9);
    }
}
