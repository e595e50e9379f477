// round-trip measures latency: A writes a message, B answers it, and only when the answer is there does A write the next.
//
// The way is A → daemon → B → daemon → A. Like pump it knows no protocol: it counts bytes, and texts that the daemon
// says on its own (nats-server's PING) are named by the harness and skipped.
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HELLO_TIMEOUT_SECONDS = 15, SAMPLES_MAX = 4000000 };

static struct {
  const char *address;          // of both, if the answering side has none of its own
  const char *answerer_address;
  const char *asker_hello, *asker_await, *answerer_hello, *answerer_await; // files
  const char *request, *reply;                                             // files
  size_t request_delivered, reply_delivered;                               // bytes that they arrive as
  const char *skip;                                                        // what the daemon may say in between
  int warm_up;                                                             // round trips before the measurement
  double seconds;
  double pause;   // seconds between two round trips
  double settle;  // seconds between the hellos and the first message
  double timeout; // seconds after which a missing answer is a failure
} options = {.skip = "", .warm_up = 2000, .seconds = 1.5, .timeout = 10};

static int asker, answerer;
static struct text request, reply;

// Reads one message of so many bytes; what is beyond it can only be the text to skip.
static bool read_message(int fd, size_t wanted, const char *who) {
  static __thread char buffer[65536];
  size_t skip = strlen(options.skip);
  for (size_t have = 0; have < wanted;) {
    ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    if (count == 0) return false;
    if (count < 0) fail("%s: %s", who, errno == EAGAIN ? "no message came in time" : strerror(errno));
    if (skip && (size_t)count == skip && !memcmp(buffer, options.skip, skip)) continue;
    have += (size_t)count;
    if (have > wanted && have - wanted != skip)
      fail("%s: %zu bytes more than expected: %.120s", who, have - wanted, buffer);
  }
  return true;
}

static void *answer(void *unused) {
  (void)unused;
  while (read_message(answerer, options.request_delivered, "the answering side")) write_all(answerer, reply);
  return NULL;
}

static int open_side(const char *address, const char *hello_file, const char *await_file) {
  int fd = connect_to(address);
  write_all(fd, read_file(hello_file));
  await_token(fd, read_file(await_file), HELLO_TIMEOUT_SECONDS);
  return fd;
}

static void limit_waiting(int fd) {
  struct timeval time = {.tv_sec = (time_t)options.timeout,
                         .tv_usec = (suseconds_t)((options.timeout - (time_t)options.timeout) * 1e6)};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

static double one_round_trip(void) {
  double began = seconds_now();
  write_all(asker, request);
  if (!read_message(asker, options.reply_delivered, "the asking side")) fail("the daemon closed the asking side");
  return seconds_now() - began;
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return difference < 0 ? -1 : difference > 0;
}

static void read_options(int count, char **values) {
  static const struct option names[] = {
      {"address", 1, 0, 'a'},           {"asker-hello", 1, 0, 'h'},     {"asker-await", 1, 0, 'H'},
      {"answerer-hello", 1, 0, 'g'},    {"answerer-await", 1, 0, 'G'},  {"request", 1, 0, 'q'},
      {"reply", 1, 0, 'r'},             {"request-delivered", 1, 0, 'Q'}, {"reply-delivered", 1, 0, 'R'},
      {"skip", 1, 0, 's'},              {"warm-up", 1, 0, 'W'},         {"seconds", 1, 0, 't'},
      {"pause", 1, 0, 'p'},             {"timeout", 1, 0, 'T'},         {"answerer-address", 1, 0, 'A'},
                                        {"settle", 1, 0, 'e'},            {0, 0, 0, 0}};
  for (int option; (option = getopt_long(count, values, "", names, NULL)) >= 0;) {
    switch (option) {
      case 'a': options.address = optarg; break;
      case 'h': options.asker_hello = optarg; break;
      case 'H': options.asker_await = optarg; break;
      case 'g': options.answerer_hello = optarg; break;
      case 'G': options.answerer_await = optarg; break;
      case 'q': options.request = optarg; break;
      case 'r': options.reply = optarg; break;
      case 'Q': options.request_delivered = (size_t)atol(optarg); break;
      case 'R': options.reply_delivered = (size_t)atol(optarg); break;
      case 's': options.skip = optarg; break;
      case 'W': options.warm_up = atoi(optarg); break;
      case 't': options.seconds = atof(optarg); break;
      case 'p': options.pause = atof(optarg); break;
      case 'T': options.timeout = atof(optarg); break;
      case 'A': options.answerer_address = optarg; break;
      case 'e': options.settle = atof(optarg); break;
      default: fail("unknown option; see read_options in round-trip.c");
    }
  }
  if (!options.address || !options.request || !options.reply) fail("--address, --request and --reply are needed");
}

int main(int count, char **values) {
  read_options(count, values);
  prctl(PR_SET_TIMERSLACK, 1UL);
  request = read_file(options.request);
  reply = read_file(options.reply);
  const char *other = options.answerer_address ? options.answerer_address : options.address;
  asker = open_side(options.address, options.asker_hello, options.asker_await);
  answerer = open_side(other, options.answerer_hello, options.answerer_await);
  sleep_seconds(options.settle);
  limit_waiting(asker);

  pthread_t thread;
  pthread_create(&thread, NULL, answer, NULL);
  for (int i = 0; i < options.warm_up; i++) one_round_trip();

  double *samples = malloc(sizeof(double) * SAMPLES_MAX);
  size_t taken = 0;
  double began = seconds_now();
  while (taken < SAMPLES_MAX && seconds_now() - began < options.seconds) {
    samples[taken++] = one_round_trip() * 1e6;
    if (options.pause > 0) sleep_seconds(options.pause);
  }
  double elapsed = seconds_now() - began;
  qsort(samples, taken, sizeof(double), ascending);
  printf("{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.0f,\"count\":%zu,\"perSecond\":%.0f}\n", samples[taken / 2],
         samples[taken * 99 / 100], samples[taken * 999 / 1000], samples[taken - 1], taken, taken / elapsed);
  fflush(stdout);
  _exit(0);
}
