/*
 * What a machine can do: a server of Server-Sent Events with nothing but epoll and send.
 *
 *   c-epoll PORT each       one send per reader and event
 *   c-epoll PORT together   all events that one epoll_wait found leave in one send per reader
 *
 * GET opens a stream, POST publishes its body. No topics, no ids that can be resumed from, no heartbeats, no log;
 * a reader that does not keep up loses bytes. It is a limit to compare with, not a server to use.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS 65536
#define REQUEST_BYTES (1 << 18)
#define BATCH_BYTES (1 << 20)

struct connection {
  char *request; /* what has arrived of an unfinished request */
  size_t length;
  int place; /* in `readers`, or -1 */
};

static struct connection connections[MAX_FDS];
static int readers[MAX_FDS], reader_count, epoll;
static bool together;
static char batch[BATCH_BYTES + 64];
static size_t batch_length;
static unsigned long last_id;

static const char STREAM_HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                  "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char ACCEPTED[] = "HTTP/1.1 204 No Content\r\n\r\n";

static void send_batch(void) {
  static char framed[BATCH_BYTES + 128];
  if (batch_length == 0) return;
  size_t length = (size_t)sprintf(framed, "%zx\r\n", batch_length);
  memcpy(framed + length, batch, batch_length);
  length += batch_length;
  memcpy(framed + length, "\r\n", 2);
  length += 2;
  for (int i = 0; i < reader_count; i++) send(readers[i], framed, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  batch_length = 0;
}

static void publish(const char *text, size_t length) {
  if (batch_length + length + 64 > BATCH_BYTES) send_batch();
  batch_length += (size_t)sprintf(batch + batch_length, "id: %lu\ndata: ", ++last_id);
  memcpy(batch + batch_length, text, length);
  batch_length += length;
  memcpy(batch + batch_length, "\n\n", 2);
  batch_length += 2;
  if (!together) send_batch();
}

static void drop(int fd) {
  struct connection *connection = &connections[fd];
  if (connection->place >= 0) {
    int last = readers[--reader_count];
    readers[connection->place] = last;
    connections[last].place = connection->place;
  }
  free(connection->request);
  *connection = (struct connection){.place = -1};
  close(fd);
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (fd >= MAX_FDS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void open_stream(int fd) {
  send(fd, STREAM_HEAD, sizeof STREAM_HEAD - 1, MSG_NOSIGNAL);
  free(connections[fd].request);
  connections[fd] = (struct connection){.place = reader_count};
  readers[reader_count++] = fd;
}

/* Handles the request that begins `text`; answers how many bytes it took, 0 when it is not whole. */
static size_t take_request(int fd, char *text, size_t length) {
  char *end = memmem(text, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (memcmp(text, "GET ", 4) == 0) {
    open_stream(fd);
    return length;
  }
  char *field = strcasestr(text, "\r\ncontent-length:");
  size_t body = field != NULL && field < end ? strtoul(field + 17, NULL, 10) : 0;
  size_t whole = (size_t)(end + 4 - text) + body;
  if (length < whole) return 0;
  publish(end + 4, body);
  send(fd, ACCEPTED, sizeof ACCEPTED - 1, MSG_NOSIGNAL);
  return whole;
}

static void receive(int fd) {
  static char input[REQUEST_BYTES + 1];
  struct connection *connection = &connections[fd];
  size_t old = connection->length;
  memcpy(input, connection->request, old);
  ssize_t count = recv(fd, input + old, REQUEST_BYTES - old, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    drop(fd);
    return;
  }
  if (connection->place >= 0) return;
  size_t length = old + (size_t)count, at = 0, used;
  input[length] = 0;
  while (at < length && (used = take_request(fd, input + at, length - at)) > 0) at += used;
  if (connection->place >= 0) return;
  free(connection->request);
  connection->request = at < length ? malloc(length - at) : NULL;
  connection->length = length - at;
  memcpy(connection->request, input + at, length - at);
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4096) == 0) return fd;
  perror("c-epoll");
  exit(1);
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: c-epoll PORT each|together\n");
    return 2;
  }
  together = strcmp(arguments[2], "together") == 0;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (int i = 0; i < MAX_FDS; i++) connections[i].place = -1;
  int listener = listen_on(atoi(arguments[1]));
  epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[1024];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) accept_all(listener);
      else receive(events[i].data.fd);
    }
    send_batch();
  }
}
