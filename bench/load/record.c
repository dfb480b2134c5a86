/* Finds events in the body of a stream, checks their sequence and measures how old they are. */
#define _GNU_SOURCE
#include "load.h"

#include <string.h>

static uint64_t number(const char *digits, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) value = value * 10 + (uint64_t)(digits[i] - '0');
  return value;
}

/* Events of one publisher connection have an order; those of two have none between them. */
static void check_sequence(struct stream *stream, unsigned publisher, uint32_t seq) {
  struct target *target = stream->target;
  if (publisher >= MAX_PUBLISHERS) return;
  uint32_t *seen = &target->seen[(size_t)stream->index * MAX_PUBLISHERS + publisher];
  if (seq <= *seen) {
    target->duplicates++;
    return;
  }
  target->gaps += seq - *seen - 1;
  *seen = seq;
}

static void record_found(struct stream *stream, const char *record, uint64_t now) {
  const char *publisher = record + MARK_LEN + DUE_DIGITS + 5;
  const char *seq = publisher + PUB_DIGITS + 5;
  uint64_t due = number(record + MARK_LEN, DUE_DIGITS);
  stream->target->deliveries++;
  check_sequence(stream, (unsigned)number(publisher, PUB_DIGITS), (uint32_t)number(seq, SEQ_DIGITS));
  if (load.measuring && stream->target == load.active) histogram_add(now > due ? now - due : 0);
}

/* Handles every whole record; answers where the last one ended. */
static size_t scan_whole(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  size_t at = 0, end = 0;
  /* Nothing can begin inside the padding of a record that was just found. */
  size_t padding = load.event_bytes - RECORD_LEN;
  while (at < length) {
    const char *found = memmem(bytes + at, length - at, MARK, MARK_LEN);
    if (found == NULL || (size_t)(bytes + length - found) < RECORD_LEN) break;
    record_found(stream, found, now);
    end = (size_t)(found - bytes) + RECORD_LEN;
    at = end + padding;
  }
  return end;
}

static void keep_tail(struct stream *stream, const char *bytes, size_t length) {
  size_t keep = length < RECORD_LEN - 1 ? length : RECORD_LEN - 1;
  memmove(stream->tail, bytes + length - keep, keep);
  stream->tail_len = (uint8_t)keep;
}

/* A record may be cut anywhere: what is left of the last bytes is looked at together with these. */
void records_scan(struct stream *stream, const char *bytes, size_t length, uint64_t now) {
  if (stream->tail_len > 0) {
    char seam[2 * RECORD_LEN];
    size_t old = stream->tail_len;
    size_t take = length < RECORD_LEN - 1 ? length : RECORD_LEN - 1;
    memcpy(seam, stream->tail, old);
    memcpy(seam + old, bytes, take);
    size_t end = scan_whole(stream, seam, old + take, now);
    if (take == length) {
      keep_tail(stream, seam + end, old + take - end);
      return;
    }
    if (end > old) {
      bytes += end - old;
      length -= end - old;
    }
    stream->tail_len = 0;
  }
  size_t end = scan_whole(stream, bytes, length, now);
  keep_tail(stream, bytes + end, length - end);
}
