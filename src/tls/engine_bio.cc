#include "tls/engine_bio.h"

#include <algorithm>
#include <cstring>

#include "openssl/once.h"

namespace napi_tls::tls {

namespace {

using openssl::Bytes;

struct Ends {
  Bytes* input;
  int* reads_left;
  OutputQueue* output;
};

Ends* EndsOf(BIO* bio) { return static_cast<Ends*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* data, size_t size, size_t* read) {
  Bytes* input = EndsOf(bio)->input;
  int* reads_left = EndsOf(bio)->reads_left;
  BIO_clear_retry_flags(bio);
  if (input->empty() || *reads_left <= 0) {
    BIO_set_retry_read(bio);
    *read = 0;
    return 0;
  }
  --*reads_left;
  *read = std::min(size, input->size);
  memcpy(data, input->data, *read);
  input->data += *read;
  input->size -= *read;
  return 1;
}

int Write(BIO* bio, const char* data, size_t size, size_t* written) {
  EndsOf(bio)->output->Append({reinterpret_cast<const uint8_t*>(data), size});
  *written = size;
  return 1;
}

long Control(BIO*, int command, long, void*) {  // NOLINT(runtime/int)
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int Destroy(BIO* bio) {
  std::unique_ptr<Ends> ends(EndsOf(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

// Made once for the process, and never freed: another thread may be using it at exit.
const BIO_METHOD* Method() {
  static openssl::Once<BIO_METHOD*> method(nullptr);
  return method.Get([] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "napi-tls engine");
    if (made == nullptr) return made;
    BIO_meth_set_read_ex(made, Read);
    BIO_meth_set_write_ex(made, Write);
    BIO_meth_set_ctrl(made, Control);
    BIO_meth_set_destroy(made, Destroy);
    return made;
  });
}

}  // namespace

openssl::BIOPointer NewEngineBio(Bytes* input, int* reads_left, OutputQueue* output) {
  const BIO_METHOD* method = Method();
  openssl::BIOPointer bio(method == nullptr ? nullptr : BIO_new(method));
  if (!bio) return bio;
  BIO_set_data(bio.get(), std::make_unique<Ends>(Ends{input, reads_left, output}).release());
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace napi_tls::tls
