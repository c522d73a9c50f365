#include "apiserver/auth/certificate_keeper.h"

#include "apis/machinery/base/log.h"
#include "apiserver/auth/certificate_metrics.h"
#include "apiserver/auth/files.h"

namespace gantry::apiserver {
namespace {

using std::chrono::hours;

constexpr auto kSoon = hours(24 * 30);
constexpr auto kIdentityLife = hours(24 * 365);
constexpr auto kAgain = hours(24);

// Tells one content, or one failure to read it, from another.
std::string Told(const Result<TlsFiles>& files) {
  if (!files.ok()) return "error: " + files.error().message;
  return files->certificate + '\0' + files->key + '\0' + files->client_ca;
}

}  // namespace

Result<std::unique_ptr<CertificateKeeper>> CertificateKeeper::Open(Options options, Pki pki) {
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return Error(Code::kBadRequest,
                 "--tls-cert-file and --tls-private-key-file must be given together");
  }
  std::unique_ptr<CertificateKeeper> keeper(
      new CertificateKeeper(std::move(options), std::move(pki)));
  CertificateKeeper& k = *keeper;
  MutexLock lock(&k.mu_);
  k.tls_ = {k.pki_.server.certificate, k.pki_.server.key, ""};
  if (k.HasOwnFiles()) {
    GANTRY_TRY_SET(Serving serving, k.ReadServing());
    k.tls_.certificate = std::move(serving.certificate);
    k.tls_.key = std::move(serving.key);
  }
  GANTRY_TRY_SET(const std::string more, k.ReadAuthorities());
  k.tls_.client_ca = k.pki_.ca.certificate + more;
  GANTRY_TRY(TlsContext::Create(k.tls_));
  k.serving_.seen = k.client_ca_.seen = Told(k.tls_);
  if (!k.options_.streams_user.empty()) {
    GANTRY_TRY_SET(k.streams_, k.MakeStreams(k.pki_.ca));
  }
  return keeper;
}

Result<CertificateKeeper::Serving> CertificateKeeper::ReadServing() const {
  Serving serving;
  GANTRY_TRY_SET(serving.certificate,
                 ReadFile(options_.tls_certificate_file).Wrap("--tls-cert-file"));
  GANTRY_TRY_SET(serving.key, ReadFile(options_.tls_key_file).Wrap("--tls-private-key-file"));
  return serving;
}

Result<std::string> CertificateKeeper::ReadAuthorities() const {
  if (options_.client_ca_file.empty()) return std::string();
  GANTRY_TRY_SET(const std::string text,
                 ReadFile(options_.client_ca_file).Wrap("--client-ca-file"));
  // An empty one is a file that is being written: nobody means to trust nobody by it.
  if (!EarliestEnd(text).ok()) {
    return Error(Code::kInvalid, fmt::format("--client-ca-file: {}: has no certificate in PEM",
                                             options_.client_ca_file));
  }
  return "\n" + text;
}

Result<KeyPair> CertificateKeeper::MakeStreams(const KeyPair& ca) const {
  const WallTime now = options_.clock->Now();
  CertificateRequest request;
  request.common_name = options_.streams_user;
  request.not_before = now - hours(1);
  request.not_after = now + kIdentityLife;
  return MakeCertificate(ca, request);
}

TlsFiles CertificateKeeper::tls() const {
  MutexLock lock(&mu_);
  return tls_;
}

Pki CertificateKeeper::pki() const {
  MutexLock lock(&mu_);
  return pki_;
}

KeyPair CertificateKeeper::streams() const {
  MutexLock lock(&mu_);
  return streams_;
}

std::string CertificateKeeper::trusted() const {
  MutexLock lock(&mu_);
  if (IsIssuedBy({tls_.certificate, tls_.key}, pki_.ca.certificate)) return pki_.ca.certificate;
  // Itself, and not who issued it: that one may have issued clients' certificates to anybody.
  return pki_.ca.certificate + FirstCertificate(tls_.certificate);
}

void CertificateKeeper::Start(Users users) {
  thread_ = std::thread([this, users = std::move(users)] {
    while (true) {
      Check(users);
      MutexLock lock(&mu_);
      const MonoTime next =
          Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(options_.period);
      while (!stopping_ && Clock::Real()->Mono() < next) wake_.WaitUntil(&mu_, next);
      if (stopping_) return;
    }
  });
}

void CertificateKeeper::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void CertificateKeeper::Check(const Users& users) {
  Renew(users);
  RenewStreams(users);
  Reload(users);
  Report();
}

bool CertificateKeeper::EndsSoon(const std::string& pem) const {
  const Result<WallTime> end = EarliestEnd(pem);
  return !end.ok() || *end <= options_.clock->Now() + kSoon;
}

void CertificateKeeper::Renew(const Users& users) {
  Pki next = pki();
  const bool server = EndsSoon(next.server.certificate);
  const bool admin = EndsSoon(next.admin.certificate);
  if (!server && !admin) return;
  if (const Status made = next.Renew(options_.pki, options_.clock, options_.random); !made.ok()) {
    Complain("own", "certificates were not made again", made.error().message);
    return;
  }
  TlsFiles files = tls();
  if (!HasOwnFiles()) {
    files.certificate = next.server.certificate;
    files.key = next.server.key;
    if (const Status used = users.tls(files); !used.ok()) {
      Complain("own", "certificates were not made again", used.error().message);
      return;
    }
  }
  {
    MutexLock lock(&mu_);
    pki_ = next;
    tls_ = files;
  }
  if (server) CertificateRenewals("server").Increment();
  if (!admin) return;
  CertificateRenewals("admin").Increment();
  if (const Status written = users.admin(); !written.ok()) {
    Complain("admin", "kubeconfig was not written", written.error().message);
  }
}

void CertificateKeeper::RenewStreams(const Users& users) {
  if (options_.streams_user.empty() || !EndsSoon(streams().certificate)) return;
  Result<KeyPair> made = MakeStreams(pki().ca);
  if (!made.ok()) {
    Complain("streams", "certificate was not made again", made.error().message);
    return;
  }
  {
    MutexLock lock(&mu_);
    streams_ = *made;
  }
  CertificateRenewals("streams").Increment();
  if (users.streams) users.streams(*made);
}

// The two are apart, so that a broken one does not hold up the other.
void CertificateKeeper::Reload(const Users& users) {
  const TlsFiles now = tls();
  if (HasOwnFiles()) {
    Result<TlsFiles> next = now;
    if (Result<Serving> serving = ReadServing(); serving.ok()) {
      next->certificate = std::move(serving->certificate);
      next->key = std::move(serving->key);
    } else {
      next = serving.error();
    }
    if (Use(users, &serving_, next)) {
      if (const Status written = users.admin(); !written.ok()) {
        Complain("admin", "kubeconfig was not written", written.error().message);
      }
    }
  }
  if (!options_.client_ca_file.empty()) {
    Result<TlsFiles> next = tls();
    if (const Result<std::string> more = ReadAuthorities(); more.ok()) {
      next->client_ca = pki().ca.certificate + *more;
    } else {
      next = more.error();
    }
    Use(users, &client_ca_, next);
  }
}

bool CertificateKeeper::Use(const Users& users, Source* source, const Result<TlsFiles>& next) {
  if (next.ok() && *next == tls()) {
    source->seen.clear();
    return false;
  }
  std::string told = Told(next);
  if (told == source->seen) return false;  // known to be unusable
  source->seen = std::move(told);
  const Status used = next.ok() ? users.tls(*next) : Status(next.error());
  CertificateReloads(source->name, used.ok() ? "success" : "failure").Increment();
  if (!used.ok()) {
    LOG_ERROR("changed certificates cannot be used, the old ones stay",
              {"certificate", source->name}, {"error", used.error()});
    return false;
  }
  LOG_INFO("certificates were read again", {"certificate", source->name});
  MutexLock lock(&mu_);
  tls_ = *next;
  return true;
}

void CertificateKeeper::Report() {
  const Pki now = pki();
  const TlsFiles files = tls();
  const std::string streams_pem = streams().certificate;
  const auto report = [&](const char* name, const std::string& pem, bool renewed) {
    const Result<WallTime> end = EarliestEnd(pem);
    if (!end.ok()) return;
    ReportCertificateEnd(name, *end);
    if (renewed || *end > options_.clock->Now() + kSoon) return;
    Complain(name, *end > options_.clock->Now() ? "certificate ends soon" : "certificate has ended",
             FormatTime(*end));
  };
  // What follows a server's own certificate in its file are its issuers'.
  report("serving", files.certificate, !HasOwnFiles());
  report("admin", now.admin.certificate, true);
  report("ca", now.ca.certificate, false);
  report("streams", streams_pem, true);
  if (!options_.client_ca_file.empty()) {
    report("client-ca", files.client_ca.substr(now.ca.certificate.size()), false);
  }
}

void CertificateKeeper::Complain(const char* certificate, std::string_view text,
                                 const std::string& detail) {
  const MonoTime now = options_.clock->Mono();
  const auto [it, first] = complained_.try_emplace(certificate, now);
  if (!first && now - it->second < kAgain) return;
  it->second = now;
  LOG_WARN(text, {"certificate", certificate}, {"detail", detail});
}

}  // namespace gantry::apiserver
