#ifndef SRC_TLS_OUTPUT_QUEUE_H_
#define SRC_TLS_OUTPUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "openssl/bytes.h"

namespace napi_tls::tls {

// Ciphertext on its way to the peer: appended at the back by OpenSSL, consumed at the front by the
// transport. An empty queue holds no memory: its block goes back to a spare one of the thread, so
// that an idle connection costs nothing and a busy one does not allocate for each write.
class OutputQueue {
 public:
  OutputQueue() = default;
  ~OutputQueue() { Clear(); }
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  bool empty() const { return head_ == block_.size(); }
  openssl::Bytes bytes() const { return {block_.data() + head_, block_.size() - head_}; }
  size_t size() const { return block_.size() - head_; }

  void Append(openssl::Bytes bytes) {
    if (block_.capacity() == 0) block_ = std::move(Spare());
    block_.insert(block_.end(), bytes.data, bytes.data + bytes.size);
  }

  void Consume(size_t size) {
    head_ += size;
    if (empty()) Clear();
  }

  // Moves the content out, for a transport that must keep it until an asynchronous write is done.
  std::vector<uint8_t> Take() {
    std::vector<uint8_t> taken = bytes().Copy();
    Clear();
    return taken;
  }

  void Clear() {
    block_.clear();
    head_ = 0;
    if (Spare().capacity() < block_.capacity() && block_.capacity() <= kSpareLimit) {
      Spare() = std::move(block_);
    }
    block_ = {};
  }

 private:
  static constexpr size_t kSpareLimit = size_t{512} * 1024;
  static std::vector<uint8_t>& Spare() {
    thread_local std::vector<uint8_t> spare;
    return spare;
  }

  std::vector<uint8_t> block_;
  size_t head_ = 0;
};

}  // namespace napi_tls::tls

#endif  // SRC_TLS_OUTPUT_QUEUE_H_
