// What the load generators share: connecting, saying hello, waiting for an answer, reading clocks and /proc.
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  for (char *c = message; *c; c++)
    if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = '\'';
  printf("{\"error\":\"%s\"}\n", message);
  fflush(stdout);
  _exit(1);
}

double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

void sleep_seconds(double seconds) {
  struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
  while (nanosleep(&time, &time) < 0 && errno == EINTR) continue;
}

struct text read_file(const char *path) {
  if (!path) return (struct text){.bytes = "", .length = 0};
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot read %s: %s", path, strerror(errno));
  fseek(file, 0, SEEK_END);
  size_t length = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(length + 1);
  if (fread(bytes, 1, length, file) != length) fail("cannot read %s to its end", path);
  bytes[length] = 0;
  fclose(file);
  return (struct text){.bytes = bytes, .length = length};
}

struct text personalise(struct text pattern, int index) {
  struct text copy = {.bytes = malloc(pattern.length + 1), .length = pattern.length};
  memcpy(copy.bytes, pattern.bytes, pattern.length);
  copy.bytes[copy.length] = 0;
  for (size_t i = 0; i + 4 <= copy.length; i++) {
    if (memcmp(copy.bytes + i, "@@@@", 4)) continue;
    char digits[16];
    snprintf(digits, sizeof digits, "%04d", index % 10000);
    memcpy(copy.bytes + i, digits, 4);
  }
  return copy;
}

int connect_to(const char *address) {
  int fd;
  if (!strncmp(address, "unix:", 5)) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(address + 5) >= sizeof name.sun_path) fail("%s is too long for the path of a Unix socket", address);
    strcpy(name.sun_path, address + 5);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name)) fail("connect to %s: %s", address, strerror(errno));
    return fd;
  }
  if (strncmp(address, "tcp:", 4)) fail("%s is neither tcp:PORT nor unix:PATH", address);
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(address + 4))};
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name)) fail("connect to %s: %s", address, strerror(errno));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void write_all(int fd, struct text text) {
  for (size_t done = 0; done < text.length;) {
    ssize_t count = send(fd, text.bytes + done, text.length - done, MSG_NOSIGNAL);
    if (count < 0) fail("write: %s", strerror(errno));
    done += (size_t)count;
  }
}

void make_non_blocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

bool token_complete(const char *bytes, size_t length, struct text token) {
  const char *found = memmem(bytes, length, token.bytes, token.length);
  if (!found) return false;
  return found + token.length == bytes + length || bytes[length - 1] == '\n';
}

void await_token(int fd, struct text token, double timeout_seconds) {
  if (!token.length) return;
  char bytes[65536];
  size_t length = 0;
  double deadline = seconds_now() + timeout_seconds;
  while (!token_complete(bytes, length, token)) {
    int left_ms = (int)((deadline - seconds_now()) * 1000);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (left_ms <= 0 || poll(&wait, 1, left_ms) == 0)
      fail("no %.40s within %.0f s of the hello, only: %.200s", token.bytes, timeout_seconds, length ? bytes : "nothing");
    if (length >= sizeof bytes - 1) fail("64 KiB of answers to the hello and no %.40s among them", token.bytes);
    ssize_t count = recv(fd, bytes + length, sizeof bytes - 1 - length, 0);
    if (count <= 0) fail("the connection closed before %.40s came, after: %.200s", token.bytes, length ? bytes : "nothing");
    length += (size_t)count;
    bytes[length] = 0;
  }
}

void raise_file_limit(unsigned long needed) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  if (limit.rlim_max < needed) {
    struct rlimit more = {.rlim_cur = needed, .rlim_max = needed};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) return; // allowed to root only
    fail("%lu open files are needed and %lu are allowed: raise `ulimit -n`", needed, (unsigned long)limit.rlim_max);
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static struct processor_time process_time(int pid) {
  struct processor_time time = {0, 0};
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return time;
  if (fgets(line, sizeof line, file)) {
    // The program's name may hold blanks and parentheses: count from the last one.
    char *rest = strrchr(line, ')');
    unsigned long user, system;
    if (rest && sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2) {
      double ticks = (double)sysconf(_SC_CLK_TCK);
      time = (struct processor_time){.user = user / ticks, .system = system / ticks};
    }
  }
  fclose(file);
  return time;
}

struct processor_time processor_time_of(const char *pids) {
  struct processor_time sum = {0, 0};
  for (const char *at = pids; at && *at;) {
    char *end;
    struct processor_time one = process_time((int)strtol(at, &end, 10));
    sum.user += one.user;
    sum.system += one.system;
    at = *end == ',' ? end + 1 : "";
  }
  return sum;
}

long resident_kilobytes(int pid) {
  char path[64], line[256];
  long kilobytes = 0;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file) && sscanf(line, "VmRSS: %ld", &kilobytes) != 1) continue;
  fclose(file);
  return kilobytes;
}
