// What run-as and init say to each other over a Unix socket, one SEQPACKET message each way.
// Request: "USER\0CWD\0PROGRAM\0ARG\0…" with the client's stdin, stdout and stderr; "USER\0" alone ends all that USER left.
// WHOLE goes before USER for a program whose children in its session a later "USER\0" spares like the program itself.
// Answer: the exit code as an int (128 + signal for a killed program).
#ifndef REQUEST_H
#define REQUEST_H

#define SOCKET_PATH "/run/runner/init.sock"
#define WHOLE "--whole"
#define MAX_REQUEST_BYTES 16384
#define MAX_FIELDS 128
#define PASSED_FDS 3

#endif
