// pump measures throughput: one thread writes blocks of ready-made messages, one thread counts the bytes that come out.
//
// It knows no protocol: the hellos, the tokens that end the answers to them, the block and the number of bytes that it
// turns into come from the harness. A window bounds what is under way, so that nobody's queue overflows; at the end
// everything under way is waited for and what did not come is reported as lost.
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RECEIVE_BYTES = 1 << 18, EVENTS = 64, HELLO_TIMEOUT_SECONDS = 15, REPLY_START_BYTES = 160 };

static struct {
  const char *address;          // where the senders connect, and the receivers too if they have none of their own
  const char *receiver_address;
  const char *receiver_hello;   // files
  const char *receiver_await;
  const char *sender_hello;
  const char *sender_await;
  const char *block;
  long messages;                // in a block
  long delivered;               // bytes that a block becomes: at each receiver when fanning out, else in all
  int receivers;
  bool fan_out;                 // every receiver gets every message
  int senders;
  long window;                  // messages under way at a receiver, 0 for no limit
  double warm_up;               // seconds
  double seconds;
  double patience;              // seconds without a byte after which what is missing counts as lost
  double settle;                // seconds between the last receiver's hello and the first sender's
  const char *pids;             // the daemons', separated by commas
} options = {
    .messages = 1, .delivered = 1, .receivers = 1, .senders = 1, .warm_up = 0.7, .seconds = 1.5, .patience = 2};

static struct text block;
static int *sender_fds;
static int epoll_fd;
static double bytes_per_message;
static long bytes_per_block; // counted over all receivers
static long window_bytes;

static _Atomic long received_bytes;
static _Atomic long sent_blocks;
static _Atomic bool stopping;

static long reply_bytes;
static char reply_start[REPLY_START_BYTES + 1];

static void *receive(void *unused) {
  (void)unused;
  char *buffer = malloc(RECEIVE_BYTES);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      ssize_t count = recv(events[i].data.fd, buffer, RECEIVE_BYTES, 0);
      if (count > 0) received_bytes += count;
      else if (count == 0 || errno != EAGAIN) fail("a receiver's connection closed: %s", count ? strerror(errno) : "end");
    }
  }
  return NULL;
}

// Some servers answer every message: what they say must be read, or they stop reading.
static void drain_replies(int fd) {
  static char buffer[65536];
  for (;;) {
    ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count == 0) fail("a sender's connection closed after the reply: %s", reply_start);
    if (count < 0) {
      if (errno != EAGAIN) fail("a sender's connection: %s", strerror(errno));
      return;
    }
    for (long i = 0; i < count && reply_bytes + i < REPLY_START_BYTES; i++) {
      char c = buffer[i];
      reply_start[reply_bytes + i] = c < ' ' || c == '"' || c == '\\' || c == 127 ? '.' : c;
    }
    reply_bytes += count;
  }
}

static void send_block(int fd) {
  for (size_t done = 0; done < block.length;) {
    ssize_t count = send(fd, block.bytes + done, block.length - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      done += (size_t)count;
      continue;
    }
    if (errno != EAGAIN) fail("send: %s, after the reply: %s", strerror(errno), reply_start);
    struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT};
    poll(&wait, 1, 100);
    if (wait.revents & POLLIN) drain_replies(fd);
  }
}

static void wait_for_window(int fd) {
  if (!window_bytes) return;
  while (!stopping && sent_blocks * bytes_per_block - received_bytes > window_bytes) {
    drain_replies(fd);
    sleep_seconds(20e-6);
  }
}

// One sender writes large blocks; several take turns, one write each.
static void *transmit(void *unused) {
  (void)unused;
  prctl(PR_SET_TIMERSLACK, 1UL); // else 20 µs become 70
  for (long turn = 0; !stopping; turn++) {
    int fd = sender_fds[turn % options.senders];
    wait_for_window(fd);
    if (stopping) break;
    send_block(fd);
    sent_blocks++;
    if (options.senders == 1 || turn / options.senders % 64 == 0) drain_replies(fd);
  }
  return NULL;
}

static void connect_receivers(void) {
  struct text hello = read_file(options.receiver_hello), token = read_file(options.receiver_await);
  epoll_fd = epoll_create1(0);
  for (int i = 0; i < options.receivers; i++) {
    int fd = connect_to(options.receiver_address ? options.receiver_address : options.address);
    struct text own = personalise(hello, i);
    write_all(fd, own);
    free(own.bytes);
    await_token(fd, token, HELLO_TIMEOUT_SECONDS);
    make_non_blocking(fd);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  }
}

static void connect_senders(void) {
  struct text hello = read_file(options.sender_hello), token = read_file(options.sender_await);
  sender_fds = malloc(sizeof(int) * (size_t)options.senders);
  for (int i = 0; i < options.senders; i++) {
    sender_fds[i] = connect_to(options.address);
    struct text own = personalise(hello, i);
    write_all(sender_fds[i], own);
    free(own.bytes);
    await_token(sender_fds[i], token, HELLO_TIMEOUT_SECONDS);
  }
}

// Waits until all that was sent has come, or nothing has come for a while.
static void wait_for_the_rest(void) {
  long last = -1;
  double deadline = 0;
  while (received_bytes < sent_blocks * bytes_per_block) {
    if (received_bytes != last) {
      last = received_bytes;
      deadline = seconds_now() + options.patience;
    } else if (seconds_now() > deadline) {
      return;
    }
    sleep_seconds(0.005);
  }
}

static double own_processor_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1e-6 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void measure(void) {
  pthread_t receiver, transmitter;
  pthread_create(&receiver, NULL, receive, NULL);
  pthread_create(&transmitter, NULL, transmit, NULL);
  sleep_seconds(options.warm_up);

  double began = seconds_now(), own_began = own_processor_seconds();
  long bytes_began = received_bytes;
  struct processor_time daemon_began = processor_time_of(options.pids);
  sleep_seconds(options.seconds);
  double ended = seconds_now(), own_ended = own_processor_seconds();
  long bytes_ended = received_bytes;
  struct processor_time daemon_ended = processor_time_of(options.pids);

  stopping = true;
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 5;
  bool stuck = pthread_timedjoin_np(transmitter, NULL, &until) != 0;
  wait_for_the_rest();

  double elapsed = ended - began, messages = (bytes_ended - bytes_began) / bytes_per_message;
  double user = daemon_ended.user - daemon_began.user, system = daemon_ended.system - daemon_began.system;
  long missing = sent_blocks * bytes_per_block - received_bytes;
  printf("{\"messagesPerSecond\":%.0f,\"megabytesPerSecond\":%.1f,\"daemonUserCores\":%.3f,\"daemonSystemCores\":%.3f,"
         "\"messagesPerProcessorSecond\":%.0f,\"generatorCores\":%.3f,\"sent\":%ld,\"lost\":%.0f,\"surplusBytes\":%ld,"
         "\"stuck\":%s,\"replyBytes\":%ld,\"replyStart\":\"%s\"}\n",
         messages / elapsed, (bytes_ended - bytes_began) / elapsed / 1e6, user / elapsed, system / elapsed,
         user + system > 0 ? messages / (user + system) : 0, (own_ended - own_began) / elapsed,
         sent_blocks * options.messages * (options.fan_out ? options.receivers : 1),
         missing > 0 ? (missing + bytes_per_message - 1) / bytes_per_message : 0, missing < 0 ? -missing : 0,
         stuck ? "true" : "false", reply_bytes, reply_start);
  fflush(stdout);
  _exit(0);
}

static void read_options(int count, char **values) {
  static const struct option names[] = {
      {"address", 1, 0, 'a'},        {"receiver-hello", 1, 0, 'r'}, {"receiver-await", 1, 0, 'R'},
      {"sender-hello", 1, 0, 's'},   {"sender-await", 1, 0, 'S'},   {"block", 1, 0, 'b'},
      {"messages", 1, 0, 'm'},       {"delivered", 1, 0, 'd'},      {"receivers", 1, 0, 'n'},
      {"fan-out", 0, 0, 'f'},        {"senders", 1, 0, 'M'},        {"window", 1, 0, 'w'},
      {"warm-up", 1, 0, 'W'},        {"seconds", 1, 0, 't'},        {"patience", 1, 0, 'P'},
      {"daemon-pid", 1, 0, 'p'},     {"receiver-address", 1, 0, 'A'}, {"settle", 1, 0, 'e'},
      {0, 0, 0, 0}};
  for (int option; (option = getopt_long(count, values, "", names, NULL)) >= 0;) {
    switch (option) {
      case 'a': options.address = optarg; break;
      case 'r': options.receiver_hello = optarg; break;
      case 'R': options.receiver_await = optarg; break;
      case 's': options.sender_hello = optarg; break;
      case 'S': options.sender_await = optarg; break;
      case 'b': options.block = optarg; break;
      case 'm': options.messages = atol(optarg); break;
      case 'd': options.delivered = atol(optarg); break;
      case 'n': options.receivers = atoi(optarg); break;
      case 'f': options.fan_out = true; break;
      case 'M': options.senders = atoi(optarg); break;
      case 'w': options.window = atol(optarg); break;
      case 'W': options.warm_up = atof(optarg); break;
      case 't': options.seconds = atof(optarg); break;
      case 'P': options.patience = atof(optarg); break;
      case 'p': options.pids = optarg; break;
      case 'A': options.receiver_address = optarg; break;
      case 'e': options.settle = atof(optarg); break;
      default: fail("unknown option; see read_options in pump.c");
    }
  }
  if (!options.address || !options.block) fail("--address and --block are needed");
}

int main(int count, char **values) {
  read_options(count, values);
  raise_file_limit((unsigned long)options.receivers + (unsigned long)options.senders + 64);
  block = read_file(options.block);
  int copies = options.fan_out ? options.receivers : 1;
  bytes_per_message = (double)options.delivered / options.messages;
  bytes_per_block = options.delivered * copies;
  window_bytes = (long)(options.window * bytes_per_message) * copies;
  connect_receivers();
  sleep_seconds(options.settle);
  connect_senders();
  measure();
}
