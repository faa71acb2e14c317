#ifndef SRC_IO_FIND_STREAM_H_
#define SRC_IO_FIND_STREAM_H_

#include <uv.h>

namespace napi_tls::io {

// The open TCP or pipe handle of `loop` that owns the descriptor `fd`, or null. Always null on
// Windows, where a net.Socket has no descriptor.
uv_stream_t* FindStream(uv_loop_t* loop, int fd);

}  // namespace napi_tls::io

#endif  // SRC_IO_FIND_STREAM_H_
