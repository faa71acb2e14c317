#include "tls/root_store.h"

#include <openssl/evp.h>

#include <array>
#include <list>
#include <mutex>
#include <utility>

#include "openssl/bytes.h"
#include "openssl/once.h"
#include "openssl/read_pem.h"

namespace napi_tls::tls {

using openssl::Error;
using openssl::X509StorePointer;

namespace {

using Digest = std::array<uint8_t, 32>;

struct Entry {
  Digest digest;
  X509StorePointer store;
};

// Most recently used first. More than a few different lists in one process would be strange.
constexpr size_t kMaxEntries = 4;

struct Cache {
  std::mutex mutex;
  std::list<Entry> entries;
};

// Never destroyed: worker threads may outlive the destructors of static objects.
Cache& ProcessCache() {
  static Cache& cache = *std::make_unique<Cache>().release();
  return cache;
}

// Marks a store that also looks into OpenSSL's default directory.
int DefaultPathsIndex() {
  static openssl::Once<int> index(-1);
  return index.Get(
      [] { return X509_STORE_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr); });
}

bool UseDefaultPaths(X509_STORE* store) {
  static char mark;
  return X509_STORE_set_default_paths(store) == 1 &&
         X509_STORE_set_ex_data(store, DefaultPathsIndex(), &mark) == 1;
}

bool DigestOf(const Roots& roots, Digest* digest) {
  openssl::Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  bool ok = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
            EVP_DigestUpdate(context.get(), &roots.default_paths, sizeof(bool)) == 1;
  for (const std::string& pem : roots.pems) {
    const size_t size = pem.size();
    ok = ok && EVP_DigestUpdate(context.get(), &size, sizeof(size)) == 1 &&
         EVP_DigestUpdate(context.get(), pem.data(), size) == 1;
  }
  return ok && EVP_DigestFinal_ex(context.get(), digest->data(), nullptr) == 1;
}

openssl::Result<X509StorePointer> Parse(const Roots& roots) {
  openssl::ClearErrorOnReturn clear;
  X509StorePointer store(X509_STORE_new());
  if (!store) return Error::FromQueue("X509_STORE_new");
  bool any = false;
  for (const std::string& pem : roots.pems) {
    const openssl::Bytes bytes(reinterpret_cast<const uint8_t*>(pem.data()), pem.size());
    for (const openssl::X509Pointer& certificate : openssl::ReadCertificates(bytes)) {
      if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) {
        return Error::FromQueue("X509_STORE_add_cert");
      }
      any = true;
    }
  }
  if (!any && !roots.pems.empty() && !roots.default_paths) {
    return Error::Operation("Unable to load root certificates");
  }
  if (roots.default_paths && !UseDefaultPaths(store.get())) {
    return Error::FromQueue("X509_STORE_set_default_paths");
  }
  return store;
}

// The objects of a store, which stays locked for as long.
class LockedObjects {
 public:
  explicit LockedObjects(X509_STORE* store) : store_(store) { X509_STORE_lock(store_); }
  ~LockedObjects() { X509_STORE_unlock(store_); }
  LockedObjects(const LockedObjects&) = delete;
  LockedObjects& operator=(const LockedObjects&) = delete;

  const STACK_OF(X509_OBJECT) * get() const { return X509_STORE_get0_objects(store_); }

 private:
  X509_STORE* const store_;
};

X509StorePointer Share(const X509StorePointer& store) {
  X509_STORE_up_ref(store.get());
  return X509StorePointer(store.get());
}

}  // namespace

openssl::Result<X509StorePointer> RootStore(const Roots& roots) {
  Digest digest;
  if (!DigestOf(roots, &digest)) return Error::FromQueue("EVP_DigestInit_ex");

  // Held while parsing, so that threads that start together parse once.
  Cache& cache = ProcessCache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  std::list<Entry>& entries = cache.entries;
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (entry->digest != digest) continue;
    entries.splice(entries.begin(), entries, entry);
    return Share(entry->store);
  }
  openssl::Result<X509StorePointer> parsed = Parse(roots);
  if (!parsed.ok()) return parsed;
  entries.push_front({digest, Share(parsed.value())});
  if (entries.size() > kMaxEntries) entries.pop_back();
  return parsed;
}

bool AddStore(X509_STORE* to, X509_STORE* from) {
  if (X509_STORE_get_ex_data(from, DefaultPathsIndex()) != nullptr && !UseDefaultPaths(to)) {
    return false;
  }
  // A store that looks into a directory keeps what it finds there, on any thread.
  const LockedObjects objects(from);
  for (int i = 0; i < sk_X509_OBJECT_num(objects.get()); i++) {
    const X509_OBJECT* object = sk_X509_OBJECT_value(objects.get(), i);
    X509* certificate = X509_OBJECT_get0_X509(object);
    if (certificate != nullptr && X509_STORE_add_cert(to, certificate) != 1) return false;
    X509_CRL* crl = X509_OBJECT_get0_X509_CRL(object);
    if (crl != nullptr && X509_STORE_add_crl(to, crl) != 1) return false;
  }
  return true;
}

}  // namespace napi_tls::tls
