// run-as USER CWD PROGRAM [ARG…]: runs a program as one of the users of commands, with this one's stdin, stdout and stderr.
// run-as --whole USER CWD PROGRAM [ARG…]: the same for one that works with programs of its own, such as tar.
// run-as USER: ends everything of that user but what was started by run-as, and what a --whole one has started.
// Only the runner's user gets an answer from init. When this process ends, so does the program.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "request.h"

static int fail(const char *what) {
  perror(what);
  return 125;
}

static size_t join_fields(char *request, int count, char **fields) {
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    size_t length = strlen(fields[i]) + 1;
    if (size + length > MAX_REQUEST_BYTES) return 0;
    memcpy(request + size, fields[i], length);
    size += length;
  }
  return size;
}

static ssize_t send_request(int connection, char *request, size_t size) {
  int fds[PASSED_FDS] = {0, 1, 2};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof fds)];
  } control = {0};
  struct iovec part = {.iov_base = request, .iov_len = size};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(rights), fds, sizeof fds);
  return sendmsg(connection, &message, 0);
}

int main(int argc, char **argv) {
  if (argc != 2 && argc < 4) {
    fputs("usage: run-as [--whole] USER [CWD PROGRAM [ARG…]]\n", stderr);
    return 125;
  }
  char request[MAX_REQUEST_BYTES];
  size_t size = join_fields(request, argc - 1, argv + 1);
  if (size == 0) {
    fputs("run-as: the request is too long\n", stderr);
    return 125;
  }
  int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connection < 0) return fail("run-as: socket");
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
  if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) return fail("run-as: connect");
  if (send_request(connection, request, size) < 0) return fail("run-as: sendmsg");
  // The pipes are the program's alone: whoever reads or writes them must notice its end.
  close(0);
  close(1);
  int code;
  if (recv(connection, &code, sizeof code, 0) != sizeof code) {
    fputs("run-as: refused\n", stderr);
    return 126;
  }
  return code;
}
