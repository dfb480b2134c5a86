/* Start, the event loop, and what everything else stands on: the clock and sockets. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Ports of one address end at about 28,000; four give room for every target. */
#define SOURCE_ADDRESSES 4

struct load load;
static enum kind stdin_kind = KIND_STDIN;

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

bool fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(load.problem, sizeof load.problem, format, args);
  va_end(args);
  return false;
}

/* A connection to this machine on its way, or -1. Nothing here can reach another machine. */
int connect_loopback(int port, bool rotate_source) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (rotate_source) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000101u + load.source_address++ % SOURCE_ADDRESSES);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(fd, (struct sockaddr *)&from, sizeof from);
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

void watch(int fd, void *what, bool writable) {
  struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0u), .data.ptr = what};
  if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    epoll_ctl(load.epoll, EPOLL_CTL_MOD, fd, &event);
}

/*
 * Handles what is ready. Commands come last: one that closes a target frees what the events before it point at. Turns
 * call this too, so `events` is not shared, and a command never runs inside another one.
 */
void poll_once(int timeout_ms) {
  struct epoll_event events[256];
  bool has_command = false;
  int count = epoll_wait(load.epoll, events, 256, timeout_ms);
  for (int i = 0; i < count; i++) {
    switch (*(enum kind *)events[i].data.ptr) {
      case KIND_STREAM: stream_ready(events[i].data.ptr, events[i].events); break;
      case KIND_PUBLISHER: publisher_ready(events[i].data.ptr); break;
      case KIND_STDIN: has_command = true; break;
    }
  }
  if (has_command) command_read();
}

static void raise_file_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  load.event_bytes = 184;
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  watch(STDIN_FILENO, &stdin_kind, false);
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  for (;;) poll_once(-1);
}
