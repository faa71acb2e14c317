#ifndef SRC_OPENSSL_ONCE_H_
#define SRC_OPENSSL_ONCE_H_

#include <atomic>
#include <mutex>

namespace napi_tls::openssl {

// A value that is made when it is first asked for, for the whole process. Where making it fails,
// which gives `none`, it is tried again the next time: a process that had no memory for a moment
// must not be without the value from then on.
template <typename T>
class Once {
 public:
  constexpr explicit Once(T none) : none_(none), value_(none) {}

  template <typename Make>
  T Get(Make&& make) {
    T value = value_.load(std::memory_order_acquire);
    if (value != none_) return value;
    const std::lock_guard<std::mutex> lock(mutex_);
    value = value_.load(std::memory_order_relaxed);
    if (value == none_) value_.store(value = make(), std::memory_order_release);
    return value;
  }

 private:
  const T none_;
  std::atomic<T> value_;
  std::mutex mutex_;
};

}  // namespace napi_tls::openssl

#endif  // SRC_OPENSSL_ONCE_H_
