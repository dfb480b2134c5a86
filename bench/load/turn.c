/*
 * One turn: a target is loaded for a while and measured.
 *
 * Closed loop: `window` events are on their way at any time, so the server is always busy. Open loop: events are due
 * at a fixed rate and their latency counts from then, so a server that cannot keep up shows it.
 */
#include "load.h"

#include <stdio.h>

static struct turn *turn;
static bool publishing;
static uint64_t next_due, base_published, base_deliveries, idle_ns;

/* What happened inside the measured window. */
static struct {
  uint64_t deliveries, published, answered;
  double ms;
  struct cpu cpu;
} measured;

static uint32_t reading_streams(const struct target *target) {
  uint32_t reading = target->opened > target->stalled_count ? target->opened - target->stalled_count : 0;
  return reading > 0 ? reading : 1;
}

/* Events that not every reader has, on average. A stream that ended must not stop the loop. */
static uint64_t in_flight(const struct target *target) {
  uint64_t published = target->published - base_published;
  uint64_t delivered = (target->deliveries - base_deliveries) / reading_streams(target);
  return published > delivered ? published - delivered : 0;
}

static void pump(void) {
  struct target *target = turn->target;
  if (!publishing) return;
  for (uint32_t i = 0; i < turn->publisher_count; i++) {
    struct publisher *publisher = &target->publishers[i];
    if (publisher->busy || publisher->fd < 0) continue;
    uint64_t now = now_ns();
    if (!turn->open_loop) {
      if (in_flight(target) + turn->batch > turn->window) return;
      publisher_send(publisher, turn->batch, now);
      continue;
    }
    if (now < next_due) return;
    publisher_send(publisher, turn->batch, next_due);
    next_due += (uint64_t)(1e9 / turn->rate);
  }
}

/*
 * Spins instead of sleeping, so that the interrupts that wake a virtual machine's core up are not billed to the
 * server. With `block` it sleeps: for machines that others use at the same time.
 */
static void run_until(uint64_t end) {
  for (uint64_t now = now_ns(); now < end;) {
    uint64_t before = turn->target->deliveries;
    poll_once(turn->block ? 1 : 0);
    pump();
    uint64_t after = now_ns();
    if (turn->target->deliveries == before) idle_ns += after - now;
    now = after;
  }
}

static void drain(void) {
  uint64_t end = now_ns() + (uint64_t)turn->drain_ms * 1000000ull;
  while (in_flight(turn->target) > 0 && now_ns() < end) poll_once(1);
  for (uint32_t i = 0; i < turn->publisher_count; i++)
    while (turn->target->publishers[i].busy && now_ns() < end) poll_once(1);
}

static bool open_publishers(struct target *target) {
  for (uint32_t i = 0; i < turn->publisher_count; i++) {
    struct publisher *publisher = &target->publishers[i];
    if (publisher->fd < 0 && !publisher_open(publisher)) return false;
  }
  return true;
}

/* Deliveries that never came, once everything had time to arrive. */
static uint64_t missing_deliveries(const struct target *target) {
  uint64_t expected = (target->published - base_published) * reading_streams(target);
  uint64_t delivered = target->deliveries - base_deliveries;
  return expected > delivered ? expected - delivered : 0;
}

static void report(const struct target *before) {
  const struct target *target = turn->target;
  printf("{\"ok\":true,\"ms\":%.3f,\"readers\":%u,\"ended\":%u,", measured.ms,
         target->opened - target->stalled_count, target->ended);
  printf("\"deliveries\":%llu,\"published\":%llu,\"answered\":%llu,\"refused\":%llu,",
         (unsigned long long)measured.deliveries, (unsigned long long)measured.published,
         (unsigned long long)measured.answered, (unsigned long long)(target->refused - before->refused));
  printf("\"gaps\":%llu,\"duplicates\":%llu,\"missing\":%llu,",
         (unsigned long long)(target->gaps - before->gaps),
         (unsigned long long)(target->duplicates - before->duplicates),
         (unsigned long long)missing_deliveries(target));
  printf("\"p50Ms\":%.4f,\"p90Ms\":%.4f,\"p99Ms\":%.4f,\"maxMs\":%.4f,", histogram_ms(0.5),
         histogram_ms(0.9), histogram_ms(0.99), histogram_ms(1));
  printf("\"cpuMs\":%.3f,\"userMs\":%.1f,\"systemMs\":%.1f,\"idleShare\":%.3f,", measured.cpu.total_ms,
         measured.cpu.user_ms, measured.cpu.system_ms, (double)idle_ns / 1e6 / measured.ms);
}

static void measure(void) {
  struct target *target = turn->target;
  uint64_t deliveries = target->deliveries, published = target->published, answered = target->answered;
  histogram_reset();
  idle_ns = 0;
  struct cpu from = cpu_of(turn->pids, turn->pid_count);
  uint64_t start = now_ns();
  load.measuring = true;
  run_until(start + (uint64_t)turn->for_ms * 1000000ull);
  load.measuring = false;
  measured.ms = (double)(now_ns() - start) / 1e6;
  struct cpu to = cpu_of(turn->pids, turn->pid_count);
  measured.deliveries = target->deliveries - deliveries;
  measured.published = target->published - published;
  measured.answered = target->answered - answered;
  measured.cpu = (struct cpu){to.total_ms - from.total_ms, to.user_ms - from.user_ms, to.system_ms - from.system_ms};
}

/* Prints its figures; the caller ends the line. */
bool turn_run(struct turn *wanted) {
  turn = wanted;
  struct target *target = load.active = turn->target;
  struct target before = *target;
  if (!open_publishers(target)) return false;
  base_published = target->published;
  base_deliveries = target->deliveries;
  next_due = now_ns() + 1000000;
  publishing = turn->open_loop ? turn->rate > 0 : turn->window > 0;
  run_until(now_ns() + (uint64_t)turn->settle_ms * 1000000ull);
  measure();
  publishing = false;
  drain();
  report(&before);
  /* Servers end idle connections after a while, perhaps just when the next turn begins. */
  for (uint32_t i = 0; i < turn->publisher_count; i++) publisher_close(&target->publishers[i]);
  return true;
}
