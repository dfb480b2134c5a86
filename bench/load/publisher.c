/* One keep-alive connection that publishes by POST, one request at a time. */
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

#define RESPONSE_BYTES (1 << 20)
/* Per event: its text, and what the target wraps around it. */
#define REQUEST_BYTES(events) (8192 + (size_t)(events) * (load.event_bytes + 64))

bool publisher_open(struct publisher *publisher) {
  publisher->fd = connect_loopback(publisher->target->publish_port, false);
  publisher->busy = false;
  publisher->response_len = 0;
  if (publisher->response == NULL) publisher->response = malloc(RESPONSE_BYTES + 1);
  if (publisher->fd < 0) return fail("%s: no connection to publish", publisher->target->label);
  watch(publisher->fd, publisher, false);
  return true;
}

void publisher_close(struct publisher *publisher) {
  if (publisher->fd >= 0) close(publisher->fd);
  publisher->fd = -1;
  publisher->busy = false;
  free(publisher->request);
  free(publisher->response);
  publisher->request = publisher->response = NULL;
}

static char *put(char *at, const char *text) {
  size_t length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *put_event(char *at, struct publisher *publisher, uint64_t due) {
  at += sprintf(at, MARK "%019llu.pub.%02u.seq.%010llu", (unsigned long long)due, publisher->index,
                (unsigned long long)++publisher->seq);
  size_t padding = load.event_bytes - RECORD_LEN;
  memset(at, 'x', padding);
  return at + padding;
}

static void flush(struct publisher *publisher) {
  while (publisher->request_sent < publisher->request_len) {
    ssize_t count = send(publisher->fd, publisher->request + publisher->request_sent,
                         publisher->request_len - publisher->request_sent, MSG_NOSIGNAL);
    if (count < 0) {
      watch(publisher->fd, publisher, true); /* woken when there is room, or by the error */
      return;
    }
    publisher->request_sent += (size_t)count;
  }
}

/* Builds the body first: its length stands in the head. */
void publisher_send(struct publisher *publisher, uint32_t events, uint64_t due) {
  struct target *target = publisher->target;
  char head[4096];
  char *content = malloc(REQUEST_BYTES(events));
  char *at = put(content, target->before);
  for (uint32_t i = 0; i < events; i++) {
    if (i > 0) at = put(at, target->between);
    at = put_event(at, publisher, due);
  }
  at = put(at, target->after);
  size_t content_len = (size_t)(at - content);
  int head_len = snprintf(head, sizeof head,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: %s\r\n"
                          "%sContent-Length: %zu\r\n\r\n",
                          target->publish_path, target->publish_port, target->content_type,
                          target->headers, content_len);
  free(publisher->request);
  publisher->request = malloc((size_t)head_len + content_len);
  memcpy(publisher->request, head, (size_t)head_len);
  memcpy(publisher->request + head_len, content, content_len);
  free(content);
  publisher->request_len = (size_t)head_len + content_len;
  publisher->request_sent = 0;
  publisher->events = events;
  publisher->busy = true;
  target->published += events;
  flush(publisher);
}

/* Whether the response that begins the buffer is whole. */
static bool is_whole(const struct publisher *publisher, const char *head_end) {
  const char *response = publisher->response;
  size_t body_len = publisher->response_len - (size_t)(head_end + 4 - response);
  const char *length = strcasestr(response, "\r\ncontent-length:");
  if (length != NULL && length < head_end) return body_len >= strtoul(length + 17, NULL, 10);
  const char *chunked = strcasestr(response, "\r\ntransfer-encoding: chunked");
  if (chunked == NULL || chunked > head_end) return true;
  return publisher->response_len >= 5 &&
         memcmp(response + publisher->response_len - 5, "0\r\n\r\n", 5) == 0;
}

static void answered(struct publisher *publisher) {
  struct target *target = publisher->target;
  publisher->busy = false;
  if (publisher->response[9] == '2') {
    target->answered += publisher->events;
    return;
  }
  target->refused += publisher->events;
  fail("%s: publish refused: %.120s", target->label, publisher->response);
}

static void reopen(struct publisher *publisher) {
  if (publisher->busy) publisher->target->refused += publisher->events;
  close(publisher->fd);
  publisher_open(publisher);
}

void publisher_ready(struct publisher *publisher) {
  if (publisher->fd < 0) return;
  if (publisher->busy && publisher->request_sent < publisher->request_len) {
    flush(publisher);
    if (publisher->request_sent == publisher->request_len) watch(publisher->fd, publisher, false);
  }
  size_t room = RESPONSE_BYTES - publisher->response_len;
  ssize_t count = recv(publisher->fd, publisher->response + publisher->response_len, room, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    reopen(publisher);
    return;
  }
  publisher->response_len += (size_t)count;
  publisher->response[publisher->response_len] = 0;
  const char *head_end = strstr(publisher->response, "\r\n\r\n");
  if (head_end == NULL || !is_whole(publisher, head_end)) return;
  const char *last = strcasestr(publisher->response, "\r\nconnection: close");
  answered(publisher);
  publisher->response_len = 0;
  if (last != NULL && last < head_end) reopen(publisher);
}
