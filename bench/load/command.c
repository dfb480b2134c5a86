/*
 * Commands: one line each, a name and then key=value, separated by tabs. Every one is answered by one line of JSON.
 *
 *   target   label= port= path= publishPort= publishPath= contentType= headers= before= between= after=
 *            a server to load; in headers, before, between and after, line ends and backslashes are written \r \n \\
 *   connect  target= readers= stalledPercent= flight= timeoutMs=
 *            opens so many streams, `flight` at a time; the stalled ones never read past the response head
 *   turn     target= loop=closed|open window= rate= publishers= batch= settleMs= forMs= drainMs= pids=1,2 block=0|1
 *            loads it and measures; with window=0 nothing is published
 *   close    target=
 *            ends all its streams
 *   size     bytes=
 *            length of the text of one event from now on
 *
 * The end of stdin ends the program, also inside a turn.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 16384

static char *arguments;

/* The text behind `key=`, valid until the next call, or `missing`. */
static const char *text_of(const char *key, const char *missing) {
  static char value[8][2304];
  static unsigned turn_of;
  size_t length = strlen(key);
  for (char *at = arguments; at != NULL; at = strchr(at, '\t')) {
    if (*at == '\t') at++;
    if (strncmp(at, key, length) != 0 || at[length] != '=') continue;
    char *into = value[turn_of++ % 8];
    size_t size = strcspn(at + length + 1, "\t");
    if (size > sizeof value[0] - 1) size = sizeof value[0] - 1;
    memcpy(into, at + length + 1, size);
    into[size] = 0;
    return into;
  }
  return missing;
}

static long number_of(const char *key, long missing, long least, long most) {
  const char *text = text_of(key, NULL);
  long value = text == NULL ? missing : strtol(text, NULL, 10);
  return value < least ? least : value > most ? most : value;
}

/* Copies the text of `key`; \r, \n and \\ become those characters. */
static void copy(const char *key, char *into, size_t size, const char *missing) {
  size_t length = 0;
  for (const char *at = text_of(key, missing); *at != 0 && length + 1 < size; at++) {
    bool escaped = *at == '\\' && at[1] != 0;
    if (escaped) at++;
    into[length++] = escaped && *at == 'r' ? '\r' : escaped && *at == 'n' ? '\n' : *at;
  }
  into[length] = 0;
}

/* Ends a reply with the last problem, in characters that a JSON string can hold. */
static void put_problem(void) {
  printf("\"problem\":\"");
  for (const char *at = load.problem; *at != 0; at++)
    putchar(*at < ' ' || *at == '"' || *at == '\\' || *at == 127 ? ' ' : *at);
  printf("\"}\n");
}

static struct target *target_of_command(void) {
  long index = number_of("target", -1, -1, MAX_TARGETS);
  if (index >= 0 && index < load.target_count) return &load.targets[index];
  fail("no such target");
  return NULL;
}

static bool do_target(void) {
  if (load.target_count == MAX_TARGETS) return fail("at most %d targets", MAX_TARGETS);
  struct target *target = &load.targets[load.target_count];
  copy("label", target->label, sizeof target->label, "");
  copy("path", target->path, sizeof target->path, "/");
  copy("publishPath", target->publish_path, sizeof target->publish_path, "/");
  copy("contentType", target->content_type, sizeof target->content_type, "text/plain");
  copy("headers", target->headers, sizeof target->headers, "");
  copy("before", target->before, sizeof target->before, "");
  copy("between", target->between, sizeof target->between, "");
  copy("after", target->after, sizeof target->after, "");
  target->port = (int)number_of("port", 0, 0, 65535);
  target->publish_port = (int)number_of("publishPort", target->port, 0, 65535);
  for (uint32_t i = 0; i < MAX_PUBLISHERS; i++)
    target->publishers[i] = (struct publisher){KIND_PUBLISHER, -1, target, .index = i};
  printf("{\"ok\":true,\"target\":%d}\n", load.target_count++);
  return true;
}

static void close_target(struct target *target) {
  for (uint32_t i = 0; i < target->stream_count; i++) stream_close(&target->streams[i]);
  for (uint32_t i = 0; i < MAX_PUBLISHERS; i++) publisher_close(&target->publishers[i]);
  free(target->streams);
  free(target->seen);
  target->streams = NULL;
  target->seen = NULL;
  target->stream_count = target->opened = target->ended = target->stalled_count = 0;
}

static void open_streams(struct target *target, uint32_t flight, uint64_t deadline) {
  uint32_t started = 0, count = target->stream_count;
  while (target->opened + target->ended < count && now_ns() < deadline) {
    while (started < count && started - target->opened - target->ended < flight)
      stream_start(&target->streams[started++]);
    poll_once(20);
  }
}

static bool do_connect(void) {
  struct target *target = target_of_command();
  if (target == NULL) return false;
  close_target(target);
  uint32_t count = (uint32_t)number_of("readers", 1, 1, MAX_READERS);
  double stalled_share = (double)number_of("stalledPercent", 0, 0, 100) / 100;
  target->streams = calloc(count, sizeof *target->streams);
  target->seen = calloc((size_t)count * MAX_PUBLISHERS, sizeof *target->seen);
  if (target->streams == NULL || target->seen == NULL) return fail("no memory for %u readers", count);
  target->stream_count = count;
  for (uint32_t i = 0; i < count; i++) {
    bool stalled = (uint32_t)((i + 1) * stalled_share) > (uint32_t)(i * stalled_share);
    target->streams[i] =
        (struct stream){.kind = KIND_STREAM, .fd = -1, .target = target, .index = i, .stalled = stalled};
  }
  uint64_t start = now_ns();
  uint64_t timeout_ms = (uint64_t)number_of("timeoutMs", 60000, 1, 300000);
  open_streams(target, (uint32_t)number_of("flight", 256, 1, 4096), start + timeout_ms * 1000000ull);
  for (uint32_t i = 0; i < count; i++)
    target->stalled_count += target->streams[i].stalled && target->streams[i].state == STREAM_OPEN;
  printf("{\"ok\":true,\"ms\":%.3f,\"opened\":%u,\"ended\":%u,\"stalled\":%u,", (double)(now_ns() - start) / 1e6,
         target->opened, target->ended, target->stalled_count);
  put_problem();
  return true;
}

static bool do_turn(void) {
  struct turn turn = {.target = target_of_command()};
  if (turn.target == NULL) return false;
  turn.open_loop = strcmp(text_of("loop", "closed"), "open") == 0;
  turn.rate = strtod(text_of("rate", "1"), NULL);
  turn.window = (uint32_t)number_of("window", 1, 0, 1000000);
  turn.publisher_count = (uint32_t)number_of("publishers", 1, 1, MAX_PUBLISHERS);
  turn.batch = (uint32_t)number_of("batch", 1, 1, MAX_BATCH);
  turn.settle_ms = (uint32_t)number_of("settleMs", 150, 0, MAX_WINDOW_MS);
  turn.for_ms = (uint32_t)number_of("forMs", 600, 1, MAX_WINDOW_MS);
  turn.drain_ms = (uint32_t)number_of("drainMs", 2000, 0, 60000);
  turn.block = number_of("block", 0, 0, 1) == 1;
  if (turn.rate > 1e6) return fail("rate is above 1,000,000");
  if (turn.batch > turn.window) turn.window = turn.window == 0 ? 0 : turn.batch;
  for (const char *at = text_of("pids", ""); *at != 0 && turn.pid_count < MAX_PIDS;) {
    turn.pids[turn.pid_count++] = atoi(at);
    at += strcspn(at, ",");
    at += *at == ',';
  }
  if (!turn_run(&turn)) return false;
  put_problem();
  return true;
}

static bool do_close(void) {
  struct target *target = target_of_command();
  if (target == NULL) return false;
  close_target(target);
  printf("{\"ok\":true}\n");
  return true;
}

static bool do_size(void) {
  load.event_bytes = (uint32_t)number_of("bytes", 184, RECORD_LEN, MAX_EVENT_BYTES);
  printf("{\"ok\":true,\"bytes\":%u}\n", load.event_bytes);
  return true;
}

static void execute(char *line) {
  static const struct {
    const char *name;
    bool (*run)(void);
  } commands[] = {
      {"target", do_target}, {"connect", do_connect}, {"turn", do_turn}, {"close", do_close}, {"size", do_size}};
  arguments = line + strcspn(line, "\t");
  if (*arguments == '\t') *arguments++ = 0;
  load.problem[0] = 0;
  bool done = fail("unknown command");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(line, commands[i].name) != 0) continue;
    load.problem[0] = 0;
    done = commands[i].run();
  }
  if (done) return;
  printf("{\"ok\":false,");
  put_problem();
}

/* Reads what is there. While a command runs, lines wait; only the end of stdin counts at once. */
void command_read(void) {
  static char buffer[LINE_BYTES + 1];
  static size_t length;
  static bool running;
  ssize_t count = read(STDIN_FILENO, buffer + length, LINE_BYTES - length);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) exit(count < 0 || length == LINE_BYTES ? 1 : 0);
  length += (size_t)count;
  if (running) return;
  running = true;
  for (char *end; (end = memchr(buffer, '\n', length)) != NULL;) {
    static char line[LINE_BYTES + 1];
    size_t used = (size_t)(end - buffer) + 1;
    memcpy(line, buffer, used);
    line[used - 1] = 0;
    memmove(buffer, end + 1, length -= used);
    execute(line);
  }
  running = false;
}
