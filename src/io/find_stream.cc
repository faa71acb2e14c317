#include "io/find_stream.h"

#include <cstddef>

namespace napi_tls::io {

#ifdef _WIN32

uv_stream_t* FindStream(uv_loop_t*, int) { return nullptr; }

#else

namespace {

// libuv keeps the handles of a loop in a ring of these, newest last. The member is named
// handle_queue in uv_loop_t and uv_handle_t alike; its type has changed, its layout has not.
struct Link {
  Link* next;
  Link* previous;
};

// An accepted socket is among the newest handles when its connection is announced.
constexpr int kNewest = 8;

bool Owns(uv_handle_t* handle, int fd) {
  const uv_handle_type type = uv_handle_get_type(handle);
  if (type != UV_TCP && type != UV_NAMED_PIPE) return false;
  uv_os_fd_t owned = -1;
  return uv_is_closing(handle) == 0 && uv_fileno(handle, &owned) == 0 && owned == fd;
}

struct Search {
  int fd;
  uv_handle_t* found;
};

}  // namespace

uv_stream_t* FindStream(uv_loop_t* loop, int fd) {
  if (fd < 0) return nullptr;
  const Link* const ring = reinterpret_cast<Link*>(&loop->handle_queue);
  Link* link = ring->previous;
  for (int i = 0; i < kNewest && link != ring; ++i, link = link->previous) {
    auto* handle = reinterpret_cast<uv_handle_t*>(reinterpret_cast<char*>(link) -
                                                  offsetof(uv_handle_t, handle_queue));
    if (Owns(handle, fd)) return reinterpret_cast<uv_stream_t*>(handle);
  }
  Search search{fd, nullptr};
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* data) {
        auto* search = static_cast<Search*>(data);
        if (search->found == nullptr && Owns(handle, search->fd)) search->found = handle;
      },
      &search);
  return reinterpret_cast<uv_stream_t*>(search.found);
}

#endif

}  // namespace napi_tls::io
