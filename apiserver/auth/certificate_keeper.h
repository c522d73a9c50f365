#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apiserver/auth/pki.h"
#include "apiserver/http/tls_context.h"

namespace gantry::apiserver {

// Keeps the certificates of a running server good: makes its own again a month before they end, and
// reads the files that others keep when their contents change. What cannot be used is logged and
// counted, and the old stays. Warns a month before the end of what it cannot make again.
// Thread-safe.
class CertificateKeeper {
 public:
  struct Options {
    PkiOptions pki;
    // What to serve with instead of the own certificate; both or none.
    std::string tls_certificate_file;
    std::string tls_key_file;
    std::string client_ca_file;  // authorities of clients beside the own; may be empty
    // Who this server is to others, with a certificate that only lives in memory; empty: nobody.
    std::string streams_user;
    Duration period = std::chrono::seconds(2);
    Clock* clock = Clock::Real();
    Random* random = Random::Real();
  };
  // Who is told of what is new. Each is called on the keeper's thread, between Start and Stop.
  struct Users {
    std::function<Status(const TlsFiles&)> tls;   // an error: these cannot be used
    std::function<Status()> admin;                // the kubeconfig has to be written again
    std::function<void(const KeyPair&)> streams;  // may be empty
  };

  // Reads all files; errors name them. `pki` is what Pki::Ensure gave for the same options.
  static Result<std::unique_ptr<CertificateKeeper>> Open(Options options, Pki pki);
  ~CertificateKeeper() { Stop(); }

  TlsFiles tls() const;
  Pki pki() const;
  KeyPair streams() const;
  // The certificates by which clients know this server: its authority's, and what it serves with
  // when another one issued that.
  std::string trusted() const;

  void Start(Users users);
  void Stop();
  // Looks at everything once; what the thread does every period.
  void Check(const Users& users);

 private:
  // A set of files and what of it was looked at last.
  struct Source {
    const char* name;
    std::string seen;
  };
  // What --tls-cert-file and its key say, or why they do not.
  struct Serving {
    std::string certificate;
    std::string key;
  };

  CertificateKeeper(Options options, Pki pki)
      : options_(std::move(options)), pki_(std::move(pki)) {}
  bool HasOwnFiles() const { return !options_.tls_certificate_file.empty(); }
  Result<Serving> ReadServing() const;
  // All authorities of clients.
  Result<std::string> ReadAuthorities() const;
  Result<KeyPair> MakeStreams(const KeyPair& ca) const;

  void Renew(const Users& users);
  void RenewStreams(const Users& users);
  void Reload(const Users& users);
  // Uses `next` unless it is an error; `what` changed. Whether it did.
  bool Use(const Users& users, Source* source, const Result<TlsFiles>& next);
  void Report();
  // Once a day for each.
  void Complain(const char* certificate, std::string_view text, const std::string& detail);
  bool EndsSoon(const std::string& pem) const;

  const Options options_;

  mutable Mutex mu_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  Pki pki_ GUARDED_BY(mu_);
  TlsFiles tls_ GUARDED_BY(mu_);
  KeyPair streams_ GUARDED_BY(mu_);

  // Of Check, which runs on one thread at a time.
  Source serving_{"serving", ""};
  Source client_ca_{"client-ca", ""};
  std::map<std::string, MonoTime> complained_;
  std::thread thread_;
};

}  // namespace gantry::apiserver
