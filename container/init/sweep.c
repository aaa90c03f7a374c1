// Ends what a user's programs left running, whatever sessions and parents they gave themselves.
#define _GNU_SOURCE
#include "sweep.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A process that forks can be ahead of one look, but not for long. */
#define MAX_LOOKS 50

/* By /proc/PID/status: the owner of /proc/PID is root for a process that forbids to be looked into. */
static bool belongs_to(const char *pid, uid_t uid) {
  char path[300], line[256];
  snprintf(path, sizeof path, "/proc/%s/status", pid);
  FILE *status = fopen(path, "re");
  if (status == NULL) return false;
  bool is_of_user = false, is_zombie = false;
  while (fgets(line, sizeof line, status) != NULL) {
    unsigned real;
    if (strncmp(line, "State:\tZ", 8) == 0) is_zombie = true;
    if (sscanf(line, "Uid: %u", &real) == 1) is_of_user = real == uid;
  }
  fclose(status);
  return is_of_user && !is_zombie;
}

static int signal_all(uid_t uid, bool (*is_kept)(pid_t), int number) {
  int found = 0;
  DIR *processes = opendir("/proc");
  if (processes == NULL) return 0;
  for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    pid_t pid = atoi(entry->d_name);
    if (pid <= 1 || is_kept(pid) || !belongs_to(entry->d_name, uid)) continue;
    kill(pid, number);
    found++;
  }
  closedir(processes);
  return found;
}

/* Stopped first, so that a program which forks without end cannot win the race. */
void sweep(uid_t uid, bool (*is_kept)(pid_t)) {
  for (int look = 0; look < MAX_LOOKS && signal_all(uid, is_kept, SIGSTOP) > 0; look++) {
    signal_all(uid, is_kept, SIGKILL);
  }
}
