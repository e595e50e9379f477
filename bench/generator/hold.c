// hold measures many idle connections: how fast they are registered, and what memory each costs the daemon.
//
// It opens them with a bounded number unanswered at a time, waits until each has had its answer, leaves all alone for a
// while, and then reads the daemon's resident memory. With no token to await it is the opposite: half-open connections
// that say their hello and never finish it.
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNANSWERED_MAX = 400, BURST = 50, EVENTS = 512, TAIL_BYTES = 128, TIMEOUT_SECONDS = 60 };

struct connection {
  int fd;
  bool answered;
  bool closed;
  size_t tail_length;
  char tail[TAIL_BYTES]; // the end of what came, in case the token comes in two pieces
};

static struct {
  const char *address;
  const char *hello, *await; // files
  int connections;
  int pid;       // the daemon's
  double rate;   // connections a second at most, 0 for no limit
  double settle; // seconds left alone before the memory is read
} options = {.connections = 1000, .settle = 2};

static struct text hello, token;
static struct connection *connections;
static int epoll_fd, opened, answered, closed;

static void open_next(void) {
  struct connection *connection = &connections[opened];
  connection->fd = connect_to(options.address);
  struct text own = personalise(hello, opened);
  // A daemon that has had enough may already have closed it: that is counted when it is read.
  if (own.length && send(connection->fd, own.bytes, own.length, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
    fail("hello of connection %d: %s", opened, strerror(errno));
  free(own.bytes);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)opened};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event);
  opened++;
}

static void close_connection(struct connection *connection) {
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
  close(connection->fd);
  connection->closed = true;
  closed++;
}

static void hear(struct connection *connection) {
  char bytes[TAIL_BYTES + 4096];
  memcpy(bytes, connection->tail, connection->tail_length);
  ssize_t count = recv(connection->fd, bytes + connection->tail_length, 4096, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    close_connection(connection);
    return;
  }
  size_t length = connection->tail_length + (size_t)count;
  if (!connection->answered && token.length && token_complete(bytes, length, token)) {
    connection->answered = true;
    answered++;
  }
  connection->tail_length = length < TAIL_BYTES ? length : TAIL_BYTES;
  memcpy(connection->tail, bytes + length - connection->tail_length, connection->tail_length);
}

static void hear_all(int timeout_ms) {
  struct epoll_event events[EVENTS];
  int ready = epoll_wait(epoll_fd, events, EVENTS, timeout_ms);
  for (int i = 0; i < ready; i++) hear(&connections[events[i].data.u32]);
}

static bool may_open(double began) {
  if (opened == options.connections) return false;
  if (options.rate > 0 && opened >= (seconds_now() - began) * options.rate) return false;
  return !token.length || opened - answered - closed < UNANSWERED_MAX;
}

static void read_options(int count, char **values) {
  static const struct option names[] = {{"address", 1, 0, 'a'}, {"hello", 1, 0, 'h'},      {"await", 1, 0, 'H'},
                                        {"connections", 1, 0, 'n'}, {"daemon-pid", 1, 0, 'p'}, {"rate", 1, 0, 'r'},
                                        {"settle", 1, 0, 's'},  {0, 0, 0, 0}};
  for (int option; (option = getopt_long(count, values, "", names, NULL)) >= 0;) {
    switch (option) {
      case 'a': options.address = optarg; break;
      case 'h': options.hello = optarg; break;
      case 'H': options.await = optarg; break;
      case 'n': options.connections = atoi(optarg); break;
      case 'p': options.pid = atoi(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 's': options.settle = atof(optarg); break;
      default: fail("unknown option; see read_options in hold.c");
    }
  }
  if (!options.address) fail("--address is needed");
  if (options.connections < 1 || options.connections > 10000) fail("--connections is from 1 to 10000");
}

int main(int count, char **values) {
  read_options(count, values);
  raise_file_limit((unsigned long)options.connections + 64);
  hello = read_file(options.hello);
  token = read_file(options.await);
  connections = calloc((size_t)options.connections, sizeof *connections);
  epoll_fd = epoll_create1(0);

  long before = resident_kilobytes(options.pid);
  double began = seconds_now();
  while (opened < options.connections || (token.length && answered + closed < opened)) {
    for (int i = 0; i < BURST && may_open(began); i++) open_next();
    hear_all(may_open(began) ? 0 : 1);
    if (seconds_now() - began > TIMEOUT_SECONDS)
      fail("after %d s only %d of %d connections have their answer", TIMEOUT_SECONDS, answered, options.connections);
  }
  double elapsed = seconds_now() - began;

  while (seconds_now() - began < elapsed + options.settle) hear_all(50);
  long after = resident_kilobytes(options.pid);
  printf("{\"connections\":%d,\"answered\":%d,\"closed\":%d,\"seconds\":%.3f,\"registrationsPerSecond\":%.0f,"
         "\"kilobytesBefore\":%ld,\"kilobytesAfter\":%ld,\"kilobytesPerConnection\":%.2f}\n",
         opened, answered, closed, elapsed, opened / elapsed, before, after, (double)(after - before) / opened);
  fflush(stdout);
  _exit(0);
}
