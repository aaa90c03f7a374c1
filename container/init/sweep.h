#ifndef SWEEP_H
#define SWEEP_H

#include <stdbool.h>
#include <sys/types.h>

/* Ends all processes of the user but those that `is_kept` names. */
void sweep(uid_t uid, bool (*is_kept)(pid_t));

#endif
