/*
 * The load generator: one thread, one epoll, many targets connected at once.
 *
 * It is driven over stdin, one command a line, and answers each with one line of JSON (command.c lists them).
 * Which target is loaded when, how often, and what the figures mean together is not decided here.
 */
#ifndef HEARTLINE_LOAD_H
#define HEARTLINE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every array below has an end; what would not fit is refused, never grown. */
#define MAX_TARGETS 128
#define MAX_READERS 60000
#define MAX_PUBLISHERS 64
#define MAX_BATCH 1000
#define MAX_EVENT_BYTES 65536
#define MAX_PIDS 64
#define MAX_WINDOW_MS 600000

/*
 * The text of one event, in letters that JSON and forms carry unchanged:
 * due.<19 digits: nanoseconds>.pub.<2 digits>.seq.<10 digits>.xxxx…
 */
#define MARK "due."
#define MARK_LEN 4
#define DUE_DIGITS 19
#define PUB_DIGITS 2
#define SEQ_DIGITS 10
#define RECORD_LEN (MARK_LEN + DUE_DIGITS + 5 + PUB_DIGITS + 5 + SEQ_DIGITS)

/* What an epoll event points at begins with one of these. */
enum kind { KIND_STDIN, KIND_STREAM, KIND_PUBLISHER };

enum stream_state { STREAM_CONNECTING, STREAM_HEAD, STREAM_OPEN, STREAM_ENDED };
enum chunk_state { CHUNK_NONE, CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END };

struct target;

struct stream {
  enum kind kind;
  int fd;
  struct target *target;
  uint32_t index;
  uint8_t state;
  uint8_t chunk;
  uint8_t tail_len;
  bool stalled;
  uint32_t chunk_left;
  uint32_t head_len;
  char *head;            /* only while the response head is read */
  char tail[RECORD_LEN]; /* the beginning of a record whose end has not arrived */
};

struct publisher {
  enum kind kind;
  int fd;
  struct target *target;
  uint32_t index;
  bool busy;
  uint32_t events; /* in the request that is on its way */
  uint64_t seq;    /* of the last event sent, from 1 */
  char *request;
  size_t request_len, request_sent;
  char *response;
  size_t response_len;
};

struct target {
  char label[64];
  int port, publish_port;
  char path[512], publish_path[512], content_type[64], headers[2048];
  /* before + event + (between + event)… + after */
  char before[256], between[64], after[256];
  struct stream *streams;
  uint32_t stream_count, opened, ended, stalled_count;
  uint32_t *seen; /* per stream and publisher: the last sequence number */
  struct publisher publishers[MAX_PUBLISHERS];
  uint64_t deliveries, published, answered, refused;
  uint64_t gaps, duplicates;
};

struct load {
  int epoll;
  struct target targets[MAX_TARGETS];
  int target_count;
  struct target *active; /* the one whose latencies are measured */
  bool measuring;
  uint32_t event_bytes;
  uint32_t source_address; /* the next of a few loopback addresses to connect from */
  char problem[256];       /* why the last command could not be done */
};

extern struct load load;

uint64_t now_ns(void);
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int connect_loopback(int port, bool rotate_source);
void watch(int fd, void *what, bool writable);

/* stream.c */
bool stream_start(struct stream *stream);
void stream_ready(struct stream *stream, uint32_t events);
void stream_close(struct stream *stream);

/* record.c */
void records_scan(struct stream *stream, const char *bytes, size_t length, uint64_t now);

/* publisher.c */
bool publisher_open(struct publisher *publisher);
void publisher_close(struct publisher *publisher);
void publisher_send(struct publisher *publisher, uint32_t events, uint64_t due);
void publisher_ready(struct publisher *publisher);

/* histogram.c */
void histogram_reset(void);
void histogram_add(uint64_t ns);
double histogram_ms(double share);

/* cpu.c */
struct cpu {
  double total_ms, user_ms, system_ms;
};
struct cpu cpu_of(const int *pids, int count);

/* turn.c */
struct turn {
  struct target *target;
  bool open_loop, block;
  double rate;
  uint32_t window, publisher_count, batch;
  uint32_t settle_ms, for_ms, drain_ms;
  int pids[MAX_PIDS], pid_count;
};
bool turn_run(struct turn *turn);
void poll_once(int timeout_ms);

/* command.c */
void command_read(void);

#endif
