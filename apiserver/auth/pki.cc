#include "apiserver/auth/pki.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "apis/machinery/base/log.h"
#include "apis/machinery/kubeconfig/render.h"
#include "apiserver/auth/files.h"

namespace gantry::apiserver {
namespace {

using Days = std::chrono::duration<int64_t, std::ratio<86400>>;

constexpr Days kAuthorityLife(3650);
constexpr Days kLeafLife(365);
constexpr Days kRenewBefore(30);
constexpr auto kClockSkew = std::chrono::hours(1);
constexpr size_t kEncryptionKeyBytes = 32;
constexpr size_t kTokenBytes = 32;

bool IsIp(const std::string& text, int family) {
  std::array<unsigned char, 16> ignored;
  return inet_pton(family, text.c_str(), ignored.data()) == 1;
}

// The canonical form, as ReadCertificateInfo gives it; empty when `text` is no address.
std::string CanonicalIp(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  const int family = IsIp(text, AF_INET) ? AF_INET : AF_INET6;
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return {};
  return inet_ntop(family, bytes.data(), out.data(), out.size());
}

void SortUnique(std::vector<std::string>* list) {
  std::sort(list->begin(), list->end());
  list->erase(std::unique(list->begin(), list->end()), list->end());
}

std::string Hostname(const PkiOptions& options) {
  if (!options.hostname.empty()) return options.hostname;
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

CertificateRequest ServerRequest(const PkiOptions& options) {
  CertificateRequest request;
  request.common_name = "gantry";
  request.server = true;
  std::vector<std::string> names = options.extra_names;
  names.insert(names.end(), {"localhost", "127.0.0.1", "::1", Hostname(options)});
  const std::string& listen = options.listen_address;
  if (listen != "0.0.0.0" && listen != "::") names.push_back(listen);
  for (const std::string& name : names) {
    if (const std::string ip = CanonicalIp(name); !ip.empty()) {
      request.ip_addresses.push_back(ip);
    } else if (!name.empty()) {
      request.dns_names.push_back(name);
    }
  }
  SortUnique(&request.dns_names);
  SortUnique(&request.ip_addresses);
  return request;
}

CertificateRequest AdminRequest() {
  CertificateRequest request;
  request.common_name = "gantry-admin";
  request.organizations = {"system:masters"};
  return request;
}

// The text of a file, or nothing when it does not exist.
Result<std::optional<std::string>> ReadIfThere(const std::string& path) {
  Result<std::string> content = ReadFile(path);
  if (content.ok()) return std::optional<std::string>(*std::move(content));
  if (content.code() == Code::kNotFound) return std::optional<std::string>();
  return std::move(content).error();
}

class Files {
 public:
  Files(std::string dir, Clock* clock, Random* random)
      : dir_(std::move(dir)), clock_(clock), random_(random) {}

  Result<KeyPair> Authority() {
    GANTRY_TRY_SET(const auto key, ReadIfThere(Path("ca.key")));
    GANTRY_TRY_SET(const auto certificate, ReadIfThere(Path("ca.crt")));
    if (key && certificate) {
      KeyPair pair{*certificate, *key};
      if (!IsIssuedBy(pair, pair.certificate)) {
        return Error(Code::kInvalid, fmt::format("{}: not an authority whose key is {}",
                                                 Path("ca.crt"), Path("ca.key")));
      }
      return pair;
    }
    // A key alone is what a crash between the two writes leaves; a certificate alone has lost its
    // key.
    if (certificate) {
      return Error(Code::kInvalid,
                   fmt::format("{} is missing but {} is there", Path("ca.key"), Path("ca.crt")));
    }
    const WallTime now = clock_->Now();
    GANTRY_TRY_SET(const KeyPair made,
                   MakeAuthority("gantry-ca", now - kClockSkew, now + kAuthorityLife));
    GANTRY_TRY(Write("ca", made));
    return made;
  }

  Result<KeyPair> Leaf(const std::string& name, const KeyPair& ca, CertificateRequest request) {
    GANTRY_TRY_SET(const auto key, ReadIfThere(Path(name + ".key")));
    GANTRY_TRY_SET(const auto certificate, ReadIfThere(Path(name + ".crt")));
    if (key && certificate) {
      KeyPair pair{*certificate, *key};
      if (StillGood(pair, ca, request)) return pair;
      LOG_INFO("certificate is made again", {"certificate", name});
    }
    const WallTime now = clock_->Now();
    request.not_before = now - kClockSkew;
    request.not_after = now + kLeafLife;
    GANTRY_TRY_SET(const KeyPair made, MakeCertificate(ca, request));
    GANTRY_TRY(Write(name, made));
    return made;
  }

  Result<std::string> Token() {
    GANTRY_TRY_SET(auto there, ReadIfThere(Path("admin.token")));
    if (there) {
      while (!there->empty() && (there->back() == '\n' || there->back() == ' ')) there->pop_back();
      if (there->empty()) {
        return Error(Code::kInvalid, fmt::format("{}: empty", Path("admin.token")));
      }
      return *there;
    }
    std::string token = RandomHex(random_, kTokenBytes);
    GANTRY_TRY(WriteFileAtomically(Path("admin.token"), token + "\n"));
    return token;
  }

  Result<std::string> EncryptionKey() {
    const std::string path = Path("encryption.key");
    GANTRY_TRY_SET(const auto there, ReadIfThere(path));
    if (there) {
      if (there->size() == kEncryptionKeyBytes) return *there;
      return Error(Code::kInvalid, fmt::format("{}: has {} bytes, must have {}", path,
                                               there->size(), kEncryptionKeyBytes));
    }
    std::string key;
    while (key.size() < kEncryptionKeyBytes) {
      const uint64_t r = random_->Next();
      key.append(reinterpret_cast<const char*>(&r), sizeof r);
    }
    GANTRY_TRY(WriteFileAtomically(path, key));
    return key;
  }

 private:
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }

  // The key first: a certificate is never there without its key.
  Status Write(const std::string& name, const KeyPair& pair) const {
    GANTRY_TRY(WriteFileAtomically(Path(name + ".key"), pair.key));
    return WriteFileAtomically(Path(name + ".crt"), pair.certificate);
  }

  bool StillGood(const KeyPair& pair, const KeyPair& ca, const CertificateRequest& want) const {
    const Result<CertificateInfo> is = ReadCertificateInfo(pair.certificate);
    return is.ok() && is->common_name == want.common_name &&
           is->organizations == want.organizations && is->dns_names == want.dns_names &&
           is->ip_addresses == want.ip_addresses && is->not_after > clock_->Now() + kRenewBefore &&
           IsIssuedBy(pair, ca.certificate);
  }

  const std::string dir_;
  Clock* const clock_;
  Random* const random_;
};

}  // namespace

Result<Pki> Pki::Ensure(const PkiOptions& options, Clock* clock, Random* random) {
  GANTRY_TRY(MakePrivateDirectory(options.data_dir));
  Files files(options.data_dir, clock, random);
  Pki pki;
  GANTRY_TRY_SET(pki.ca, files.Authority());
  GANTRY_TRY_SET(pki.server, files.Leaf("server", pki.ca, ServerRequest(options)));
  GANTRY_TRY_SET(pki.admin, files.Leaf("admin", pki.ca, AdminRequest()));
  GANTRY_TRY_SET(pki.admin_token, files.Token());
  if (options.own_encryption_key) {
    GANTRY_TRY_SET(pki.encryption_key, files.EncryptionKey());
  }
  return pki;
}

Status Pki::Renew(const PkiOptions& options, Clock* clock, Random* random) {
  Files files(options.data_dir, clock, random);
  GANTRY_TRY_SET(server, files.Leaf("server", ca, ServerRequest(options)));
  GANTRY_TRY_SET(admin, files.Leaf("admin", ca, AdminRequest()));
  return OkStatus();
}

Result<std::string> WriteAdminKubeconfig(const Pki& pki, const std::string& data_dir,
                                         const std::string& url, const std::string& trusted) {
  std::string path = data_dir + "/admin.kubeconfig";
  kubeconfig::Rendering file;
  file.client.server = url;
  file.client.tls.ca_pem = trusted;
  file.client.tls.client_cert_pem = pki.admin.certificate;
  file.client.tls.client_key_pem = pki.admin.key;
  file.user = "gantry-admin";
  file.ns = "default";
  const std::string content = kubeconfig::Render(file);
  if (const auto there = ReadFile(path); there.ok() && *there == content) return path;
  GANTRY_TRY(WriteFileAtomically(path, content));
  return path;
}

}  // namespace gantry::apiserver
