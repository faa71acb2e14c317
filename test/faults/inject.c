/*
 * A library for LD_PRELOAD that makes calls on TCP sockets fail. It is told by the environment, which the
 * process may change at any time:
 *
 *   FAULT=OPERATION:CALL:WHAT[:TIMES]
 *     OPERATION: read (read, readv, recv, recvmsg) or write (write, writev, send, sendmsg)
 *     CALL: the number of the first call that is concerned, from 1 on, since FAULT has changed
 *     WHAT: an errno, or -SIZE for calls that take at most SIZE bytes
 *     TIMES: how many calls are concerned, 1 unless told otherwise
 *
 * FAULT_DONE is set to the number of calls that were made to fail.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static char current[64];
static char operation[8];
static int first, what, times, calls;

static int is_tcp(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET;
}

/* What is to happen to this call: 0 nothing, an errno, or -SIZE. */
static int fault(const char* name, int fd) {
  const char* wanted = getenv("FAULT");
  if (wanted == NULL) wanted = "";
  if (strncmp(wanted, current, sizeof current - 1) != 0) {
    strncpy(current, wanted, sizeof current - 1);
    calls = 0;
    times = 1;
    operation[0] = '\0';
    sscanf(current, "%7[a-z]:%d:%d:%d", operation, &first, &what, &times);
  }
  if (strcmp(operation, name) != 0 || !is_tcp(fd)) return 0;
  ++calls;
  if (calls < first || calls >= first + times) return 0;
  char done[16];
  snprintf(done, sizeof done, "%d", calls - first + 1);
  setenv("FAULT_DONE", done, 1);
  return what;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define FAIL(name, fd) \
  const int happens = fault(name, fd); \
  if (happens > 0) { \
    errno = happens; \
    return -1; \
  }

static size_t shorten(int happens, size_t size) {
  return happens < 0 && size > (size_t)-happens ? (size_t)-happens : size;
}

/* The first buffer alone, shortened. */
static struct iovec shortened(int happens, const struct iovec* vector) {
  struct iovec one = *vector;
  one.iov_len = shorten(happens, one.iov_len);
  return one;
}

ssize_t read(int fd, void* data, size_t size) {
  REAL(read);
  FAIL("read", fd);
  return real(fd, data, shorten(happens, size));
}

ssize_t recv(int fd, void* data, size_t size, int flags) {
  REAL(recv);
  FAIL("read", fd);
  return real(fd, data, shorten(happens, size), flags);
}

ssize_t readv(int fd, const struct iovec* vector, int count) {
  REAL(readv);
  FAIL("read", fd);
  const struct iovec one = shortened(happens, vector);
  return happens < 0 ? real(fd, &one, 1) : real(fd, vector, count);
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  REAL(recvmsg);
  FAIL("read", fd);
  return real(fd, message, flags);
}

ssize_t write(int fd, const void* data, size_t size) {
  REAL(write);
  FAIL("write", fd);
  return real(fd, data, shorten(happens, size));
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  REAL(send);
  FAIL("write", fd);
  return real(fd, data, shorten(happens, size), flags);
}

ssize_t writev(int fd, const struct iovec* vector, int count) {
  REAL(writev);
  FAIL("write", fd);
  const struct iovec one = shortened(happens, vector);
  return happens < 0 ? real(fd, &one, 1) : real(fd, vector, count);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  REAL(sendmsg);
  FAIL("write", fd);
  if (happens == 0) return real(fd, message, flags);
  struct iovec one = shortened(happens, message->msg_iov);
  struct msghdr first_part = *message;
  first_part.msg_iov = &one;
  first_part.msg_iovlen = 1;
  return real(fd, &first_part, flags);
}
