// What the load generators share: connecting, saying hello, waiting for an answer, reading clocks and /proc.
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>

struct text {
  char *bytes;
  size_t length;
};

struct processor_time {
  double user;   // seconds
  double system; // seconds
};

// Prints {"error":"…"} on standard output, where the harness reads results, and ends the process with 1.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Seconds of a clock that never jumps.
double seconds_now(void);

void sleep_seconds(double seconds);

// The whole file; a NULL path is an empty text.
struct text read_file(const char *path);

// A copy in which each "@@@@" is the index in four digits, so that many connections can have names of their own.
struct text personalise(struct text pattern, int index);

// Connects to "tcp:PORT" on the loopback interface or to "unix:PATH".
int connect_to(const char *address);

void write_all(int fd, struct text text);

void make_non_blocking(int fd);

// Reads until the token has come and nothing but whole lines (or the token itself) lies behind it: what is
// counted afterwards is traffic. Fails when the connection closes or the time is over. No token, no waiting.
void await_token(int fd, struct text token, double timeout_seconds);

// True when the token is in what was received and the bytes end with it or with a line's end.
bool token_complete(const char *bytes, size_t length, struct text token);

// So many file descriptors as the machine allows, and a failure when that is less than needed.
void raise_file_limit(unsigned long needed);

// Processor time used by processes and all their threads since they started, in sum. The numbers are separated by commas;
// NULL is nobody.
struct processor_time processor_time_of(const char *pids);

// Resident memory of a process in kB, 0 when it is gone.
long resident_kilobytes(int pid);

#endif
