/* One reader: connects, asks for the stream, takes HTTP's framing off and hands on the body. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES 8192

static char input[1 << 18];

bool stream_start(struct stream *stream) {
  stream->fd = connect_loopback(stream->target->port, true);
  if (stream->fd < 0) {
    stream->state = STREAM_ENDED;
    stream->target->ended++;
    return false;
  }
  stream->state = STREAM_CONNECTING;
  watch(stream->fd, stream, true);
  return true;
}

/* Closed by RST: a bench that opens thousands again and again would run out of ports otherwise. */
void stream_close(struct stream *stream) {
  if (stream->fd < 0) return;
  struct linger reset = {.l_onoff = 1};
  setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(stream->fd);
  stream->fd = -1;
  free(stream->head);
  stream->head = NULL;
}

static void stream_end(struct stream *stream) {
  if (stream->state == STREAM_OPEN) stream->target->opened--;
  stream->state = STREAM_ENDED;
  stream->target->ended++;
  stream_close(stream);
}

static void ask(struct stream *stream) {
  struct target *target = stream->target;
  char request[4096];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s\r\n",
                        target->path, target->port, target->headers);
  /* A fresh socket takes a request of this size whole, or it is broken. */
  if (send(stream->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
    stream_end(stream);
    return;
  }
  stream->state = STREAM_HEAD;
  stream->head = malloc(HEAD_BYTES + 1);
  stream->head_len = 0;
  watch(stream->fd, stream, false);
}

static void body(struct stream *stream, const char *bytes, size_t length, uint64_t now);

/* Reads the head. What follows it in the same bytes is already body. */
static void head(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  size_t room = HEAD_BYTES - stream->head_len, take = length < room ? length : room;
  memcpy(stream->head + stream->head_len, bytes, take);
  stream->head_len += (uint32_t)take;
  stream->head[stream->head_len] = 0;
  char *end = strstr(stream->head, "\r\n\r\n");
  if (end == NULL) {
    if (stream->head_len == HEAD_BYTES) stream_end(stream);
    return;
  }
  if (memcmp(stream->head + strcspn(stream->head, " "), " 200", 4) != 0) {
    fail("%s: reader refused: %.100s", stream->target->label, stream->head);
    stream_end(stream);
    return;
  }
  size_t rest = stream->head_len - (size_t)(end - stream->head) - 4;
  *end = 0;
  bool chunked = strcasestr(stream->head, "\r\ntransfer-encoding: chunked") != NULL;
  free(stream->head);
  stream->head = NULL;
  stream->state = STREAM_OPEN;
  stream->chunk = chunked ? CHUNK_SIZE : CHUNK_NONE;
  stream->chunk_left = 0;
  stream->target->opened++;
  /* What was published before is not owed to it. */
  for (uint32_t i = 0; i < MAX_PUBLISHERS; i++)
    stream->target->seen[(size_t)stream->index * MAX_PUBLISHERS + i] = (uint32_t)stream->target->publishers[i].seq;
  if (stream->stalled) epoll_ctl(load.epoll, EPOLL_CTL_DEL, stream->fd, NULL);
  else body(stream, bytes + length - rest, rest, now);
}

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* One step through chunked framing; answers how many bytes it used. */
static size_t chunk_step(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  if (stream->chunk == CHUNK_DATA) {
    size_t take = length < stream->chunk_left ? length : stream->chunk_left;
    records_scan(stream, bytes, take, now);
    stream->chunk_left -= (uint32_t)take;
    if (stream->chunk_left == 0) stream->chunk = CHUNK_END;
    return take;
  }
  int digit = stream->chunk == CHUNK_SIZE ? hex(*bytes) : -1;
  if (digit >= 0) stream->chunk_left = stream->chunk_left << 4 | (uint32_t)digit;
  else if (*bytes != '\n') stream->chunk = stream->chunk == CHUNK_END ? CHUNK_END : CHUNK_EXTENSION;
  else if (stream->chunk == CHUNK_END) stream->chunk = CHUNK_SIZE;
  else if (stream->chunk_left > 0) stream->chunk = CHUNK_DATA;
  else stream_end(stream); /* the last chunk: the server ended the stream */
  return 1;
}

static void body(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  if (stream->chunk == CHUNK_NONE) {
    records_scan(stream, bytes, length, now);
    return;
  }
  while (length > 0 && stream->state == STREAM_OPEN) {
    size_t used = chunk_step(stream, bytes, length, now);
    bytes += used;
    length -= used;
  }
}

void stream_ready(struct stream *stream, uint32_t events) {
  if (stream->fd < 0) return;
  if (stream->state == STREAM_CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0 || (events & EPOLLERR)) stream_end(stream);
    else ask(stream);
    return;
  }
  ssize_t count = recv(stream->fd, input, sizeof input, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    stream_end(stream);
    return;
  }
  uint64_t now = now_ns();
  if (stream->state == STREAM_HEAD) head(stream, input, (size_t)count, now);
  else body(stream, input, (size_t)count, now);
}
