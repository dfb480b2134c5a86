/* CPU time of server processes, all threads, from the kernel's own accounting. */
#define _GNU_SOURCE
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool read_small(const char *path, char *into, size_t size) {
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  size_t length = fread(into, 1, size - 1, file);
  fclose(file);
  into[length] = 0;
  return length > 0;
}

/* Nanoseconds that the threads of a process have run. Finer than the ticks of /proc/PID/stat. */
static double run_time_ns(int pid) {
  char path[300], text[256];
  double sum = 0;
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (threads == NULL) return 0;
  for (struct dirent *thread; (thread = readdir(threads)) != NULL;) {
    if (thread->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, thread->d_name);
    unsigned long long ns = 0;
    if (read_small(path, text, sizeof text) && sscanf(text, "%llu", &ns) == 1) sum += (double)ns;
  }
  closedir(threads);
  return sum;
}

static void add_ticks(int pid, struct cpu *cpu) {
  char path[64], text[1024];
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!read_small(path, text, sizeof text)) return;
  char *after_name = strrchr(text, ')');
  if (after_name == NULL) return;
  sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  double ms_per_tick = 1000.0 / (double)sysconf(_SC_CLK_TCK);
  cpu->user_ms += (double)user * ms_per_tick;
  cpu->system_ms += (double)system * ms_per_tick;
}

struct cpu cpu_of(const int *pids, int count) {
  struct cpu cpu = {0};
  for (int i = 0; i < count; i++) {
    cpu.total_ms += run_time_ns(pids[i]) / 1e6;
    add_ticks(pids[i], &cpu);
  }
  return cpu;
}
