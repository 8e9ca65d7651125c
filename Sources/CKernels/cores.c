// The cores that this process may use, by three limits: the cores online, the affinity mask, and the CPU quotas of its
// control groups.
#define _GNU_SOURCE
#include "CKernels.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The longest path and the longest line of /proc that are read; a longer one is ignored.
enum { PATH_ROOM = 4096, LINE_ROOM = 3 * PATH_ROOM };

// The number of CPUs that the calling thread may run on, or 0 if the system does not report it.
static int allowed_cores(void) {
  // A machine can have more CPUs than a cpu_set_t holds: the call fails until the mask is large enough.
  for (int cpus = CPU_SETSIZE; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set) return 0;
    size_t size = CPU_ALLOC_SIZE(cpus);
    int found = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (found > 0) return found;
  }
  return 0;
}

// The first line of a file without its newline; false if there is none.
static bool first_line(const char *path, char *line, size_t room) {
  FILE *file = fopen(path, "r");
  if (!file) return false;
  bool found = fgets(line, (int)room, file) != NULL;
  fclose(file);
  if (found) line[strcspn(line, "\n")] = 0;
  return found;
}

// A positive whole number that fills all of `text`; 0 for anything else, such as "max" and "-1", which mean no quota.
static double whole(const char *text) {
  char *end = NULL;
  long long n = strtoll(text, &end, 10);
  return end != text && *end == 0 && n > 0 ? (double)n : 0;
}

// The quota, in cores, that one control group sets; 0 for none.
static double group_quota(const char *directory, bool unified) {
  char path[PATH_ROOM + 32], quota[64], period[64];
  if (unified) {
    // One line, "QUOTA PERIOD" in microseconds.
    char line[128];
    snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (!first_line(path, line, sizeof line) || sscanf(line, "%63s %63s", quota, period) != 2) return 0;
  } else {
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (!first_line(path, quota, sizeof quota)) return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    if (!first_line(path, period, sizeof period)) return 0;
  }
  double q = whole(quota), p = whole(period);
  return q > 0 && p > 0 ? q / p : 0;
}

// Whether `list`, separated by commas, contains `word`.
static bool holds(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, word, length) == 0 && (at[length] == 0 || at[length] == ',' || at[length] == '\n')) return true;
  return false;
}

// The group of this process in the hierarchy that has the CPU controller: the path after "0::" in version 2, or after
// "N:…,cpu,…:" in version 1.
static bool group_of_process(const char *root, bool unified, char *group) {
  char path[PATH_ROOM], line[LINE_ROOM];
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    char *controllers = strchr(line, ':');
    char *place = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!place) continue;
    *place++ = 0;
    place[strcspn(place, "\n")] = 0;
    found = unified ? strcmp(line, "0:") == 0 : holds(controllers + 1, "cpu");
    if (found && strlen(place) < PATH_ROOM) strcpy(group, place);
    else found = false;
  }
  fclose(file);
  return found;
}

// The smallest quota of a process's group and of all enclosing groups in one hierarchy; 0 for none.
static double hierarchy_quota(const char *root, bool unified) {
  char group[PATH_ROOM], path[PATH_ROOM], line[LINE_ROOM];
  if (!group_of_process(root, unified, group)) return 0;
  snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  double least = 0;
  while (fgets(line, sizeof line, file)) {
    // "36 35 98:0 ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE SUPEROPTIONS"
    char top[PATH_ROOM], mount[PATH_ROOM], type[32], options[1024];
    char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, mount) != 2) continue;
    if (sscanf(rest, " - %31s %*s %1023s", type, options) != 2) continue;
    if (unified ? strcmp(type, "cgroup2") != 0 : strcmp(type, "cgroup") != 0 || !holds(options, "cpu")) continue;
    // A container sees a part of the hierarchy. The group's path then begins with the path of that part, or, in a
    // separate namespace, lies outside the visible part; in that case the mount point is the nearest group that can be
    // read.
    size_t shown = strcmp(top, "/") == 0 ? 0 : strlen(top);
    bool inside = strncmp(group, top, shown) == 0 && (group[shown] == '/' || group[shown] == 0)
        && !strstr(group, "/..");
    char directory[PATH_ROOM];
    int length = snprintf(directory, sizeof directory, "%s%s%s", root, mount, inside ? group + shown : "");
    if (length < 0 || (size_t)length >= sizeof directory) continue;
    size_t shortest = strlen(root) + strlen(mount);
    for (;;) {
      double quota = group_quota(directory, unified);
      if (quota > 0 && (least == 0 || quota < least)) least = quota;
      char *slash = strrchr(directory, '/');
      if (!slash || (size_t)(slash - directory) < shortest) break;
      *slash = 0;
    }
  }
  fclose(file);
  return least;
}

double ek_cpu_quota(const char *root) {
  double unified = hierarchy_quota(root, true), separate = hierarchy_quota(root, false);
  if (unified == 0 || separate == 0) return unified + separate;
  return unified < separate ? unified : separate;
}

ek_cores ek_cores_available(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  ek_cores cores = {online < 1 ? 1 : (int)online, allowed_cores(), ek_cpu_quota("")};
  if (cores.allowed == 0) cores.allowed = cores.online;
  return cores;
}

int ek_threads_for(ek_cores cores, ek_threads_source *source) {
  int threads = cores.online < 1 ? 1 : cores.online;
  *source = EK_THREADS_CORES;
  if (cores.allowed >= 1 && cores.allowed < threads) {
    threads = cores.allowed;
    *source = EK_THREADS_AFFINITY;
  }
  // Rounded up: with a quota of one and a half cores, one thread could use only one core, and two threads use all of
  // it.
  if (cores.quota > 0 && cores.quota <= threads - 1) {
    threads = (int)cores.quota + (cores.quota > (int)cores.quota);
    *source = EK_THREADS_QUOTA;
  }
  return threads > EK_MAX_THREADS ? EK_MAX_THREADS : threads;
}

const char *ek_threads_source_name(ek_threads_source source) {
  static const char *const names[] = {"cores", "affinity", "quota", "ESCAPEMENT_THREADS"};
  return (int)source >= 0 && source <= EK_THREADS_ENVIRONMENT ? names[source] : "unknown";
}
