#pragma once

#include <set>
#include <string>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/auth/certificates.h"
#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Follows CertificateSigningRequests on a thread of its own: signs those that are this server's and
// approved, says why it does not sign others, and deletes old ones. Thread-safe.
class RequestSigner {
 public:
  struct Options {
    // Issues the certificates, and outlives this; null: nothing is signed.
    const KeyPair* authority = nullptr;
    // How often all requests are looked at, for what is over and for what could not be written.
    Duration period = std::chrono::minutes(1);
  };
  // `registry` outlives this, and its caches have stopped when this is destroyed.
  RequestSigner(Registry* registry, Options options) : registry_(registry), options_(options) {}
  ~RequestSigner() { Stop(); }

  // Before the caches start.
  void Follow(CacheSet* caches);
  void Start();
  void Stop();

 private:
  void Run();
  void Changed(const Entry& entry);
  // Waits until the caches have what has changed; false: it is time to end.
  bool AwaitCaches(store::Revision revision);
  void Sign(const Target& target, const std::string& name);
  // Looks at all of them.
  void ReviewAll(const Target& target);
  Result<Object> Read(const Target& target, const std::string& name) const;

  Registry* const registry_;
  const Options options_;

  Mutex mu_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::set<std::string> changed_ GUARDED_BY(mu_);
  store::Revision newest_ GUARDED_BY(mu_) = 0;  // of what has changed
  std::thread thread_;
};

// Declares the metrics of this module.
void DeclareCertificateRequestMetrics();

}  // namespace gantry::apiserver
