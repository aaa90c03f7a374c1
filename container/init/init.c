// init PROGRAM [ARG…]: PID 1 of an agent's container, and the only process in it that stays root, without root's powers
// but three: to change to another user and to end processes. It runs the runner as `runner`, and for the runner, over a
// socket that no other user may open, programs as `agent` or `reader`. It reaps orphans and ends when the runner does.
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "request.h"
#include "sweep.h"

#define MAX_JOBS 32
#define KEPT_CAPABILITIES ((1u << CAP_SETUID) | (1u << CAP_SETGID) | (1u << CAP_KILL))

struct job {
  pid_t pid; /* 0: free; leads a session and a process group of its own */
  int connection;
  bool is_whole; /* a sweep spares what it has started too */
};

static struct job jobs[MAX_JOBS];
static struct passwd runner, agent, reader;

static void die(const char *what) {
  perror(what);
  exit(125);
}

static struct passwd find_user(const char *name) {
  struct passwd *entry = getpwnam(name);
  if (entry == NULL) die(name);
  return *entry;
}

static void give_up_capabilities(void) {
  for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
    if (cap > 31 || !(KEPT_CAPABILITIES & (1u << cap))) prctl(PR_CAPBSET_DROP, cap);
  }
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{KEPT_CAPABILITIES, KEPT_CAPABILITIES, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, data) < 0) die("init: capset");
}

static int open_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
  int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  unlink(SOCKET_PATH);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("init: bind");
  if (chown(SOCKET_PATH, runner.pw_uid, runner.pw_gid) < 0 || chmod(SOCKET_PATH, 0600) < 0) die("init: chown");
  if (listen(listener, MAX_JOBS) < 0) die("init: listen");
  return listener;
}

/* In a child; never returns. With the change of the user the last of root's powers is gone. */
static void run(struct passwd user, char **argv) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  if (setgroups(0, NULL) < 0 || setresgid(user.pw_gid, user.pw_gid, user.pw_gid) < 0 ||
      setresuid(user.pw_uid, user.pw_uid, user.pw_uid) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    perror("init: change of user");
    _exit(125);
  }
  execvp(argv[0], argv);
  perror(argv[0]);
  _exit(127);
}

static bool is_spared(pid_t pid) {
  pid_t session = getsid(pid);
  for (int i = 0; i < MAX_JOBS; i++) {
    if (jobs[i].pid != 0 && (jobs[i].pid == pid || (jobs[i].is_whole && jobs[i].pid == session))) return true;
  }
  return false;
}

static void answer(int connection, int code) {
  if (send(connection, &code, sizeof code, MSG_NOSIGNAL) < 0) perror("init: answer");
  close(connection);
}

static int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Where it was the runner that ended, so does the container. */
static void reap(pid_t runner_pid) {
  int status;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    if (pid == runner_pid) {
      kill(-1, SIGKILL);
      exit(exit_code_of(status));
    }
    for (int i = 0; i < MAX_JOBS; i++) {
      if (jobs[i].pid != pid) continue;
      answer(jobs[i].connection, exit_code_of(status));
      jobs[i].pid = 0;
    }
  }
}

/* Returns how many fields the request has, or 0 where it is not one. */
static int split(char *request, ssize_t size, char **fields) {
  int count = 0;
  if (size <= 0 || request[size - 1] != '\0') return 0;
  for (char *field = request; field < request + size; field += strlen(field) + 1) {
    if (count == MAX_FIELDS - 1) return 0;
    fields[count++] = field;
  }
  fields[count] = NULL;
  return count;
}

/* Returns the size of the request, or -1 where it did not come whole, with its file descriptors. */
static ssize_t receive(int connection, char *request, int *fds) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * PASSED_FDS)];
  } control;
  struct iovec part = {.iov_base = request, .iov_len = MAX_REQUEST_BYTES};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  struct cmsghdr *rights = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
  if (rights == NULL || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int) * PASSED_FDS)) {
    return -1;
  }
  memcpy(fds, CMSG_DATA(rights), sizeof(int) * PASSED_FDS);
  return size;
}

static void start(struct passwd user, struct job job, const int *fds, char **fields) {
  int slot = 0;
  while (slot < MAX_JOBS && jobs[slot].pid != 0) slot++;
  pid_t pid = slot == MAX_JOBS ? -1 : fork();
  if (pid < 0) {
    answer(job.connection, 125);
    return;
  }
  if (pid == 0) {
    for (int fd = 0; fd < PASSED_FDS; fd++) dup2(fds[fd], fd);
    clearenv();
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    char **argv = fields + 1;
    if (chdir(fields[0]) < 0) die(fields[0]);
    run(user, argv);
  }
  job.pid = pid;
  jobs[slot] = job;
}

static void serve(int connection) {
  char request[MAX_REQUEST_BYTES];
  char *all_fields[MAX_FIELDS], **fields = all_fields;
  int fds[PASSED_FDS] = {-1, -1, -1};
  struct ucred peer = {0};
  socklen_t length = sizeof peer;
  getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 1}, sizeof(struct timeval));
  int count = peer.uid == runner.pw_uid ? split(request, receive(connection, request, fds), fields) : 0;
  bool is_whole = count > 0 && strcmp(fields[0], WHOLE) == 0;
  if (is_whole) {
    fields++;
    count--;
  }
  bool is_agent = count > 0 && strcmp(fields[0], "agent") == 0;
  bool is_reader = count > 0 && strcmp(fields[0], "reader") == 0;
  struct passwd user = is_agent ? agent : reader;
  if (count == 1 && (is_agent || is_reader)) {
    sweep(user.pw_uid, is_spared);
    answer(connection, 0);
  } else if (count >= 3 && (is_agent || is_reader)) {
    start(user, (struct job){.connection = connection, .is_whole = is_whole}, fds, fields + 1);
  } else {
    close(connection);
  }
  for (int i = 0; i < PASSED_FDS; i++) close(fds[i]);
}

/* A client that is gone takes its program with it, and the children that the program has kept in its group. */
static void end_abandoned(const struct pollfd *polled) {
  for (int i = 0; i < MAX_JOBS; i++) {
    if (polled[i].fd < 0 || polled[i].revents == 0 || jobs[i].pid == 0) continue;
    kill(-jobs[i].pid, SIGKILL);
    kill(jobs[i].pid, SIGKILL);
  }
}

int main(int argc, char **argv) {
  if (argc < 2) die("usage: init PROGRAM [ARG…]");
  runner = find_user("runner");
  agent = find_user("agent");
  reader = find_user("reader");
  umask(022);
  int listener = open_socket();
  give_up_capabilities();
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  sigaddset(&watched, SIGINT);
  sigprocmask(SIG_BLOCK, &watched, NULL);
  int signals = signalfd(-1, &watched, SFD_CLOEXEC);
  pid_t runner_pid = fork();
  if (runner_pid < 0) die("init: fork");
  if (runner_pid == 0) run(runner, argv + 1);
  for (;;) {
    struct pollfd polled[MAX_JOBS + 2];
    for (int i = 0; i < MAX_JOBS; i++) polled[i] = (struct pollfd){jobs[i].pid == 0 ? -1 : jobs[i].connection, 0, 0};
    polled[MAX_JOBS] = (struct pollfd){signals, POLLIN, 0};
    polled[MAX_JOBS + 1] = (struct pollfd){listener, POLLIN, 0};
    if (poll(polled, MAX_JOBS + 2, -1) < 0) continue;
    end_abandoned(polled);
    if (polled[MAX_JOBS].revents != 0) {
      struct signalfd_siginfo info;
      if (read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) kill(runner_pid, SIGTERM);
      reap(runner_pid);
    }
    if (polled[MAX_JOBS + 1].revents != 0) {
      int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
      if (connection >= 0) serve(connection);
    }
  }
}
