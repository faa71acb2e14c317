#include "io/uv_transport.h"

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/find_stream.h"

namespace napi_tls::io {

namespace {

// Four of the largest records, header included (RFC 8446, 5.2).
constexpr size_t kReadBufferSize = size_t{4} * (5 + 16384 + 256);

// While its buffer is filled, libuv reads on, 32 times before anybody else has a turn. Without a
// buffer it stops (uv_alloc_cb), and comes back in the next turn of the loop. As much as a writer
// may send in one (TLSWrap): in one process, with less the writer would run into the kernel's
// limit.
constexpr int kReadsPerTurn = 4;

// The same where another transport has company.
constexpr int kReadsPerSharedTurn = 1;

// A read of less is a request or an answer; a longer one is part of a transfer.
constexpr size_t kShortRead = size_t{8} * 1024;

// How long a short read counts, in milliseconds of the loop's clock.
constexpr uint64_t kCompany = 50;

// One for all sockets of a thread: what is read is consumed before the read callback returns.
char* ReadBuffer() {
  thread_local std::vector<char> buffer(kReadBufferSize);
  return buffer.data();
}

// uv_handle_t::data is Node's, so a transport is found by the address of its stream.
std::unordered_map<const void*, UvTransport*>& Transports() {
  thread_local std::unordered_map<const void*, UvTransport*> transports;
  return transports;
}

// The last two transports of a thread that have had a short read, and when. They may be gone: their
// addresses are compared only.
struct ShortRead {
  const UvTransport* transport = nullptr;
  uint64_t time = 0;
};

ShortRead* ShortReads() {
  thread_local ShortRead reads[2];
  return reads;
}

}  // namespace

void UvTransport::NoteRead(size_t size) {
  if (size >= kShortRead) return;
  ShortRead* reads = ShortReads();
  if (reads[0].transport != this) {
    reads[1] = reads[0];
    reads[0].transport = this;
  }
  reads[0].time = uv_now(stream_->loop);
}

bool UvTransport::has_company() const {
  if (stream_ == nullptr) return false;
  const ShortRead* reads = ShortReads();
  const ShortRead& other = reads[0].transport == this ? reads[1] : reads[0];
  return other.transport != nullptr && uv_now(stream_->loop) - other.time < kCompany;
}

UvTransport* UvTransport::Of(const void* stream) {
  const auto found = Transports().find(stream);
  return found == Transports().end() ? nullptr : found->second;
}

// Both requests belong to libuv from submission to callback; `transport` is null after a detach.
struct UvTransport::WriteRequest {
  uv_write_t request;
  UvTransport* transport;
  std::vector<uint8_t> bytes;
};

struct UvTransport::ShutdownRequest {
  uv_shutdown_t request;
  UvTransport* transport;
};

std::unique_ptr<UvTransport> UvTransport::Attach(uv_loop_t* loop, int fd, Listener* listener) {
  uv_stream_t* stream = FindStream(loop, fd);
  if (stream == nullptr || Transports().count(stream) != 0) return nullptr;
  uv_read_stop(stream);
  std::unique_ptr<UvTransport> transport(new UvTransport(stream, listener));
  Transports().emplace(stream, transport.get());
  return transport;
}

void UvTransport::AbandonAll() {
  for (auto& [stream, transport] : Transports()) transport->stream_ = nullptr;
  Transports().clear();
}

void UvTransport::Detach() {
  if (write_ != nullptr) std::exchange(write_, nullptr)->transport = nullptr;
  if (shutdown_ != nullptr) std::exchange(shutdown_, nullptr)->transport = nullptr;
  if (stream_ == nullptr) return;
  uv_read_stop(stream_);
  Transports().erase(stream_);
  stream_ = nullptr;
}

int UvTransport::ReadStart() {
  if (stream_ == nullptr) return UV_ENOTCONN;
  const int status = uv_read_start(
      stream_,
      [](uv_handle_t* stream, size_t, uv_buf_t* buffer) {
        UvTransport* transport = Of(stream);
        const bool spent = transport != nullptr &&
                           transport->full_reads_ >=
                               (transport->has_company() ? kReadsPerSharedTurn : kReadsPerTurn);
        *buffer = uv_buf_init(spent ? nullptr : ReadBuffer(), spent ? 0 : kReadBufferSize);
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t* buffer) {
        UvTransport* transport = Of(stream);
        if (size == 0 || transport == nullptr) return;
        const bool is_full = size == static_cast<ssize_t>(kReadBufferSize);
        transport->full_reads_ = is_full ? transport->full_reads_ + 1 : 0;
        // Without a buffer it is our own doing; the kernel may have run out of buffers too.
        if (size == UV_ENOBUFS && buffer->base == nullptr) return;
        if (size > 0) {
          transport->bytes_read_ += static_cast<size_t>(size);
          transport->NoteRead(static_cast<size_t>(size));
          transport->listener_->OnCiphertext(
              {reinterpret_cast<const uint8_t*>(buffer->base), static_cast<size_t>(size)});
        } else {
          transport->ReadStop();
          transport->listener_->OnReadEnd(static_cast<int>(size));
        }
      });
  return status == UV_EALREADY ? 0 : status;
}

void UvTransport::ReadStop() {
  if (stream_ != nullptr) uv_read_stop(stream_);
}

int UvTransport::Send(tls::OutputQueue* queue) {
  if (stream_ == nullptr) return UV_ENOTCONN;
  if (write_ != nullptr) return UV_EAGAIN;
  if (queue->empty()) return 0;
  const openssl::Bytes bytes = queue->bytes();
  uv_buf_t buffer = uv_buf_init(reinterpret_cast<char*>(const_cast<uint8_t*>(bytes.data)),
                                static_cast<unsigned int>(bytes.size));
  const int sent = uv_try_write(stream_, &buffer, 1);
  if (sent < 0 && sent != UV_EAGAIN) return sent;
  if (sent > 0) {
    queue->Consume(static_cast<size_t>(sent));
    bytes_written_ += static_cast<size_t>(sent);
  }
  if (queue->empty()) return 0;

  auto request = std::make_unique<WriteRequest>();
  request->transport = this;
  request->bytes = queue->Take();
  buffer = uv_buf_init(reinterpret_cast<char*>(request->bytes.data()),
                       static_cast<unsigned int>(request->bytes.size()));
  const int status =
      uv_write(&request->request, stream_, &buffer, 1, [](uv_write_t* done, int status) {
        std::unique_ptr<WriteRequest> request(reinterpret_cast<WriteRequest*>(done));
        UvTransport* transport = request->transport;
        if (transport == nullptr) return;
        transport->write_ = nullptr;
        // Cancelled: the handle was closed with its environment, which takes no more calls.
        if (status != UV_ECANCELED) transport->listener_->OnSent(status);
      });
  if (status != 0) return status;
  bytes_written_ += request->bytes.size();
  write_ = request.release();
  return UV_EAGAIN;
}

int UvTransport::Shutdown() {
  if (stream_ == nullptr) return UV_ENOTCONN;
  auto request = std::make_unique<ShutdownRequest>();
  request->transport = this;
  const int status = uv_shutdown(&request->request, stream_, [](uv_shutdown_t* done, int status) {
    std::unique_ptr<ShutdownRequest> request(reinterpret_cast<ShutdownRequest*>(done));
    UvTransport* transport = request->transport;
    if (transport == nullptr) return;
    transport->shutdown_ = nullptr;
    if (status != UV_ECANCELED) transport->listener_->OnShutdown(status);
  });
  if (status == 0) shutdown_ = request.release();
  return status;
}

size_t UvTransport::in_flight() const { return write_ == nullptr ? 0 : write_->bytes.size(); }

}  // namespace napi_tls::io
