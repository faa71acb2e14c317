#ifndef SRC_IO_UV_TRANSPORT_H_
#define SRC_IO_UV_TRANSPORT_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "openssl/bytes.h"
#include "tls/output_queue.h"

namespace napi_tls::io {

// Ciphertext in and out of a uv_stream_t that Node opened and still owns: Node connects it, closes
// it and frees it; between Attach() and Detach() only this class reads and writes.
// Invariants: stream_ is null once detached, and whoever closes the handle detaches first; a
// request in flight outlives its transport and is then silent; at most one write is in flight.
class UvTransport {
 public:
  // Called by libuv, from the loop. Any of these may detach and destroy the transport.
  class Listener {
   public:
    virtual ~Listener() = default;
    // The bytes are valid during the call.
    virtual void OnCiphertext(openssl::Bytes bytes) = 0;
    // `status`: UV_EOF, or the libuv error of a failed read. Nothing more will be read.
    virtual void OnReadEnd(int status) = 0;
    // The write that Send() left in flight is done: 0, or a libuv error.
    virtual void OnSent(int status) = 0;
    virtual void OnShutdown(int status) = 0;
  };

  // Null when the loop has no open stream with that descriptor.
  static std::unique_ptr<UvTransport> Attach(uv_loop_t* loop, int fd, Listener* listener);
  // All transports of this thread forget their streams, which the environment has freed.
  static void AbandonAll();

  ~UvTransport() { Detach(); }
  UvTransport(const UvTransport&) = delete;
  UvTransport& operator=(const UvTransport&) = delete;

  void Detach();
  int ReadStart();
  void ReadStop();
  // Sends what is queued. 0: the kernel took all; UV_EAGAIN: a write is in flight and OnSent()
  // follows; another libuv error: the connection is lost.
  int Send(tls::OutputQueue* queue);
  // Sends FIN after the write in flight; OnShutdown() follows when it answers 0.
  int Shutdown();
  bool sending() const { return write_ != nullptr; }
  // Ciphertext that the kernel has not taken yet, in bytes.
  size_t in_flight() const;
  // Since Attach(), as libuv counts: what a write has in flight is written.
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_written() const { return bytes_written_; }
  // Whether another transport of this thread has been sent something short in the last moments: its
  // peer waits for an answer.
  bool has_company() const;

 private:
  struct WriteRequest;
  struct ShutdownRequest;

  static UvTransport* Of(const void* stream);
  void NoteRead(size_t size);
  UvTransport(uv_stream_t* stream, Listener* listener) : stream_(stream), listener_(listener) {}

  uv_stream_t* stream_;
  int full_reads_ = 0;  // one after the other, in this turn of the loop
  Listener* const listener_;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
  WriteRequest* write_ = nullptr;        // owned by libuv until its callback
  ShutdownRequest* shutdown_ = nullptr;  // likewise
};

}  // namespace napi_tls::io

#endif  // SRC_IO_UV_TRANSPORT_H_
