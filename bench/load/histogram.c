/* Latencies in buckets that are 1/64 of their value wide: any percentile within 1.6 %. */
#include "load.h"

#include <string.h>

#define STEP_BITS 6
#define STEPS (1 << STEP_BITS)

static uint64_t buckets[64 * STEPS];
static uint64_t total;

void histogram_reset(void) {
  memset(buckets, 0, sizeof buckets);
  total = 0;
}

static unsigned bucket_of(uint64_t ns) {
  if (ns < STEPS) return (unsigned)ns;
  unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - STEP_BITS;
  return ((shift + 1) << STEP_BITS) + (unsigned)((ns >> shift) & (STEPS - 1));
}

static double middle_of(unsigned bucket) {
  if (bucket < STEPS) return bucket;
  unsigned shift = (bucket >> STEP_BITS) - 1;
  uint64_t low = (uint64_t)(STEPS + (bucket & (STEPS - 1))) << shift;
  return (double)low + (double)(1ull << shift) / 2;
}

void histogram_add(uint64_t ns) {
  buckets[bucket_of(ns)]++;
  total++;
}

/* The latency in milliseconds that `share` of all (0 to 1) do not exceed; 0 without any. */
double histogram_ms(double share) {
  uint64_t wanted = (uint64_t)((double)total * share), sum = 0;
  if (total == 0) return 0;
  if (wanted >= total) wanted = total - 1;
  for (unsigned i = 0; i < 64 * STEPS; i++) {
    sum += buckets[i];
    if (sum > wanted) return middle_of(i) / 1e6;
  }
  return 0;
}
