// The CPU time of a process in nanoseconds, user and system, of all its threads, those that have ended included.
// /proc has it in hundredths of a second alone, on kernels without schedstat.
//
//   cputime PID
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argument_count, char **arguments) {
  clockid_t clock;
  struct timespec time;
  if (argument_count != 2 || clock_getcpuclockid(atoi(arguments[1]), &clock) || clock_gettime(clock, &time)) return 1;
  return printf("%lld\n", time.tv_sec * 1000000000LL + time.tv_nsec) < 0;
}
