/* Sockets, errors, and the stamp in a text. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* The first error is told in the result; the others are counted. */
void note_error(const char *format, ...) {
    if (totals.first_error[0]) return;
    va_list args;
    va_start(args, format);
    vsnprintf(totals.first_error, sizeof totals.first_error, format, args);
    va_end(args);
}

/* A connected, non-blocking socket; on loopback, connect() ends at once. */
int open_socket(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    if (inet_pton(AF_INET, options.host, &to.sin_addr) != 1) die("not an IPv4 address: %s", options.host);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) die("socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int epoll_add(int epoll, int fd, void *data) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* The first whole stamp in the text, 0 when there is none. */
uint64_t find_stamp(const uint8_t *text, size_t length) {
    const uint8_t *found = memmem(text, length, MARK, MARK_LENGTH);
    if (!found || (size_t)(text + length - found) < MARK_LENGTH + STAMP_DIGITS) return 0;
    uint64_t stamp = 0;
    for (int i = 0; i < STAMP_DIGITS; i++) stamp = stamp * 10 + (uint64_t)(found[MARK_LENGTH + i] - '0');
    return stamp;
}
