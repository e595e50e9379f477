// relay is the machine's limit: it copies what one connection writes to another, and looks at nothing.
//
// The connection whose first line names a service beginning with "rx" is the receiver, the other one the sender. Each
// gets "READY" for an answer, as the generators want one. With a second port it is a link of a chain: it is the sender
// of the relay that listens there.
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 17, LINE_BYTES = 256, TIMEOUT_SECONDS = 10 };

static int listen_on(int port) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&name, sizeof name) || listen(fd, 16)) fail("listen on %d: %s", port, strerror(errno));
  return fd;
}

// The next connection that says a whole line; one that closes before (the harness looking whether we are up) is passed over.
static int accept_greeted(int listener, char *line) {
  for (;;) {
    int fd = accept(listener, NULL, NULL), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int length = 0;
    while (length < LINE_BYTES - 1 && recv(fd, line + length, 1, 0) == 1 && line[length] != '\n') length++;
    line[length + 1] = 0;
    if (length > 0 && line[length] == '\n') {
      write_all(fd, (struct text){.bytes = "READY\n", .length = 6});
      return fd;
    }
    close(fd);
  }
}

static void copy(int from, int to) {
  char *buffer = malloc(BUFFER_BYTES);
  for (ssize_t count; (count = recv(from, buffer, BUFFER_BYTES, 0)) > 0;)
    for (ssize_t done = 0; done < count;) {
      ssize_t written = send(to, buffer + done, (size_t)(count - done), MSG_NOSIGNAL);
      if (written < 0) return;
      done += written;
    }
}

static int connect_to_next(const char *port) {
  char address[32];
  snprintf(address, sizeof address, "tcp:%s", port);
  int fd = connect_to(address);
  write_all(fd, (struct text){.bytes = "service=tx\n", .length = 11});
  await_token(fd, (struct text){.bytes = "READY\n", .length = 6}, TIMEOUT_SECONDS);
  return fd;
}

int main(int count, char **values) {
  if (count != 2 && count != 3) fail("usage: relay PORT [NEXT_PORT]");
  int listener = listen_on(atoi(values[1])), receiver = -1;
  for (;;) {
    char line[LINE_BYTES + 1];
    int fd = accept_greeted(listener, line);
    if (strstr(line, "service=rx")) receiver = fd;
    else if (count == 3) copy(fd, connect_to_next(values[2]));
    else if (receiver >= 0) copy(fd, receiver);
  }
}
