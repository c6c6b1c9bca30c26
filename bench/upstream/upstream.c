// The upstream of the benchmark: answers GETs from a list of routes, each after no time at all or after a fixed delay.
// Compiled and on one thread, so that it costs little beside what is measured.
//
//   upstream PORT DELAY_MS ROUTES
//
// ROUTES is a file with one route a line: its path, a tab, 1 if it is delayed and else 0, a tab, the body.
// GET /count answers with the number of requests for routes so far; any other path with 404.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUTES = 4096, CONNECTIONS = 16384, INPUT = 8192, EVENTS = 512, WAITING = 65536 };

struct route { const char *path; size_t path_length; int is_delayed; char *answer; size_t answer_length; };
struct connection {
  unsigned life;                      // counts those that had this descriptor, for what waits in `waiting`
  int is_answering;                   // an answer waits or is being written; later requests stay in `input`
  const char *output; size_t left;    // what of the answer isn't written yet
  size_t length; char input[INPUT];
};
struct waiting { int socket; unsigned life; const struct route *route; long long due; };

static struct route routes[ROUTES];
static struct connection *connections[CONNECTIONS];
static struct waiting waiting[WAITING];   // in the order in which they are due, as the delay is always the same
static unsigned first_waiting, last_waiting;
static long long delay;
static unsigned long long count;
static int epoll;

static void die(const char *what) { perror(what); exit(1); }

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static unsigned hash(const char *text, size_t length) {
  unsigned value = 2166136261u;
  for (size_t i = 0; i < length; i++) value = (value ^ (unsigned char)text[i]) * 16777619u;
  return value % ROUTES;
}

static struct route *place_of(const char *path, size_t length) {
  unsigned place = hash(path, length);
  while (routes[place].path && (routes[place].path_length != length || memcmp(routes[place].path, path, length)))
    place = (place + 1) % ROUTES;
  return &routes[place];
}

static void read_routes(const char *file_name) {
  FILE *file = fopen(file_name, "r");
  if (!file) die(file_name);
  char *line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, file) > 0) {
    char *path = strdup(strtok(line, "\t")), *is_delayed = strtok(NULL, "\t"), *body = strtok(NULL, "\n");
    char *answer;
    int length = asprintf(&answer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                          strlen(body), body);
    *place_of(path, strlen(path)) = (struct route){path, strlen(path), *is_delayed == '1', answer, length};
  }
  free(line);
  fclose(file);
}

static void watch(int socket, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = socket};
  epoll_ctl(epoll, operation, socket, &event);
}

static void end_connection(int socket) {
  connections[socket]->life++;
  close(socket);
}

// Writes what can be written; 0 when the connection has ended.
static int flush(int socket) {
  struct connection *connection = connections[socket];
  while (connection->left > 0) {
    ssize_t written = write(socket, connection->output, connection->left);
    if (written < 0 && errno == EAGAIN) return watch(socket, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT), 1;
    if (written < 0) return end_connection(socket), 0;
    connection->output += written;
    connection->left -= written;
  }
  connection->is_answering = 0;
  return 1;
}

static int answer(int socket, const char *text, size_t length) {
  connections[socket]->is_answering = 1;
  connections[socket]->output = text;
  connections[socket]->left = length;
  return flush(socket);
}

static int answer_count(int socket) {
  static char text[160];
  char body[24];
  int length = snprintf(body, sizeof body, "%llu", count);
  return answer(socket, text, sprintf(text, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
                                      length, body));
}

static int take_request(int socket, const char *path, size_t length) {
  static const char not_found[] = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
  if (length == 6 && !memcmp(path, "/count", 6)) return answer_count(socket);
  const struct route *route = place_of(path, length);
  if (!route->path) return answer(socket, not_found, sizeof not_found - 1);
  count++;
  if (!route->is_delayed) return answer(socket, route->answer, route->answer_length);
  connections[socket]->is_answering = 1;
  waiting[last_waiting++ % WAITING] = (struct waiting){socket, connections[socket]->life, route, now() + delay};
  return 1;
}

// Takes the requests that are there, one after the other.
static void take_requests(int socket) {
  struct connection *connection = connections[socket];
  while (!connection->is_answering && connection->length > 0) {
    char *end = memmem(connection->input, connection->length, "\r\n\r\n", 4);
    char *path = memchr(connection->input, ' ', connection->length);
    if (!end && connection->length == INPUT) return end_connection(socket);
    if (!end) return;
    char *path_end = path ? memchr(path + 1, ' ', end - path) : NULL;
    if (!path_end) return end_connection(socket);
    if (!take_request(socket, path + 1, path_end - path - 1)) return;
    connection->length -= end + 4 - connection->input;
    memmove(connection->input, end + 4, connection->length);
  }
}

static void take_input(int socket) {
  struct connection *connection = connections[socket];
  ssize_t length = read(socket, connection->input + connection->length, INPUT - connection->length);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) return end_connection(socket);
  connection->length += length;
  take_requests(socket);
}

static void take_connections(int listener) {
  int socket;
  while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (socket >= CONNECTIONS) { close(socket); continue; }
    if (!connections[socket]) connections[socket] = calloc(1, sizeof **connections);
    connections[socket]->is_answering = 0;
    connections[socket]->length = connections[socket]->left = 0;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    watch(socket, EPOLL_CTL_ADD, EPOLLIN);
  }
}

// Answers what is due; says how many milliseconds later the next one is.
static int answer_waiting(void) {
  for (; first_waiting != last_waiting; first_waiting++) {
    struct waiting *next = &waiting[first_waiting % WAITING];
    long long left = next->due - now();
    if (left > 0) return (left + 999999) / 1000000;
    if (connections[next->socket]->life != next->life) continue;
    if (answer(next->socket, next->route->answer, next->route->answer_length)) take_requests(next->socket);
  }
  return -1;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 4) return fprintf(stderr, "upstream PORT DELAY_MS ROUTES\n"), 2;
  signal(SIGPIPE, SIG_IGN);
  delay = atoll(arguments[2]) * 1000000;
  read_routes(arguments[3]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) die("listen");
  if ((epoll = epoll_create1(0)) < 0) die("epoll");
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);
  puts("listening");
  fflush(stdout);
  for (struct epoll_event events[EVENTS];;) {
    int length = epoll_wait(epoll, events, EVENTS, answer_waiting());
    for (int i = 0; i < length; i++) {
      int socket = events[i].data.fd;
      if (socket == listener) { take_connections(listener); continue; }
      if (events[i].events & EPOLLOUT) {
        if (!flush(socket)) continue;
        if (connections[socket]->left == 0) watch(socket, EPOLL_CTL_MOD, EPOLLIN), take_requests(socket);
        continue;
      }
      take_input(socket);
    }
  }
}
