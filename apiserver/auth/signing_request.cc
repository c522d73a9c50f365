#include "apiserver/auth/signing_request.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "apiserver/auth/openssl.h"

namespace gantry::apiserver {
namespace {

using namespace openssl;  // NOLINT(google-build-using-namespace): the module's own

constexpr size_t kMaxRequest = 64 * 1024;
constexpr int kLeastSecurityBits = 112;
constexpr char kMasters[] = "system:masters";
constexpr std::string_view kOwnPrefix = "system:gantry:";

struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
};

Result<RequestPtr> Decode(const std::string& pem) {
  if (pem.size() > kMaxRequest) {
    return Error(Code::kInvalid, fmt::format("must be at most {} bytes", kMaxRequest));
  }
  PemBlock block;
  const bool read =
      PEM_read_bio(Open(pem).get(), &block.name, &block.header, &block.data, &block.size) == 1;
  ERR_clear_error();
  if (!read || std::strcmp(block.name, PEM_STRING_X509_REQ) != 0) {
    return Error(Code::kInvalid, "PEM block type must be CERTIFICATE REQUEST");
  }
  const unsigned char* at = block.data;
  RequestPtr request(d2i_X509_REQ(nullptr, &at, block.size), &X509_REQ_free);
  ERR_clear_error();
  if (!request || at != block.data + block.size) {
    return Error(Code::kInvalid, "malformed PKCS#10 certificate request");
  }
  if (X509_REQ_get0_pubkey(request.get()) == nullptr) {
    ERR_clear_error();
    return Error(Code::kInvalid, "malformed public key, or one of an unknown kind");
  }
  return request;
}

void ReadExtensions(X509_REQ* request, SigningRequest* out) {
  STACK_OF(X509_EXTENSION)* const all = X509_REQ_get_extensions(request);
  out->has_alternative_names = X509v3_get_ext_by_NID(all, NID_subject_alt_name, -1) >= 0;
  if (X509v3_get_ext_by_NID(all, NID_basic_constraints, -1) >= 0) {
    auto* const basic = static_cast<BASIC_CONSTRAINTS*>(
        X509V3_get_d2i(all, NID_basic_constraints, nullptr, nullptr));
    out->wants_authority = basic == nullptr || basic->ca != 0;
    BASIC_CONSTRAINTS_free(basic);
  }
  sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
  ERR_clear_error();
}

bool IsPrintable(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

}  // namespace

Result<SigningRequest> ParseSigningRequest(const std::string& pem) {
  GANTRY_TRY_SET(const RequestPtr request, Decode(pem));
  SigningRequest out;
  const X509_NAME* const subject = X509_REQ_get_subject_name(request.get());
  out.common_names = Entries(subject, NID_commonName);
  out.organizations = Entries(subject, NID_organizationName);
  ReadExtensions(request.get(), &out);
  out.security_bits = EVP_PKEY_get_security_bits(X509_REQ_get0_pubkey(request.get()));
  ERR_clear_error();
  return out;
}

Status CheckSelfSignature(const std::string& pem) {
  GANTRY_TRY_SET(const RequestPtr request, Decode(pem));
  const bool own = X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1;
  ERR_clear_error();
  if (own) return OkStatus();
  return Error(Code::kInvalid, "the request is not signed by its own key");
}

bool IsReservedName(const std::string& name) {
  return name == kMasters || name.compare(0, kOwnPrefix.size(), kOwnPrefix) == 0;
}

Status CheckClientRequest(const SigningRequest& request) {
  const auto refuse = [](std::string why) { return Error(Code::kInvalid, std::move(why)); };
  if (request.common_names.size() != 1 || request.common_names[0].empty()) {
    return refuse("the subject must have one common name (CN): the user's name");
  }
  for (const auto& [names, what] : {std::pair{&request.common_names, "common name"},
                                    {&request.organizations, "organization"}}) {
    for (const std::string& name : *names) {
      if (name.empty() || !IsPrintable(name)) {
        return refuse(fmt::format("the {} must be printable text", what));
      }
      if (IsReservedName(name)) return refuse(fmt::format("the {} {} is reserved", what, name));
    }
  }
  if (request.wants_authority) return refuse("a client certificate is no authority (CA:TRUE)");
  if (request.has_alternative_names) {
    return refuse("a client certificate has no subjectAltName: users are named by the subject");
  }
  if (request.security_bits < kLeastSecurityBits) {
    return refuse("the key is too weak: at least RSA of 2048 bits, or ECDSA of 224 bits");
  }
  return OkStatus();
}

Result<std::string> SignClientCertificate(const KeyPair& authority, const std::string& request_pem,
                                          const ClientCertificateTerms& terms) {
  GANTRY_TRY_SET(const RequestPtr request, Decode(request_pem));
  const X509Ptr ca = ParseCertificate(authority.certificate);
  const KeyPtr ca_key = ParseKey(authority.key);
  if (!ca || !ca_key) return Error(Code::kInvalid, "authority: malformed certificate or key");
  const X509Ptr leaf(X509_new(), &X509_free);
  const std::string usage = terms.key_encipherment ? "critical,digitalSignature,keyEncipherment"
                                                   : "critical,digitalSignature";
  const bool made =
      leaf && X509_set_version(leaf.get(), X509_VERSION_3) == 1 && SetSerial(leaf.get()) &&
      SetValidity(leaf.get(), terms.not_before, terms.not_after) &&
      X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get())) == 1 &&
      X509_set_subject_name(leaf.get(), X509_REQ_get_subject_name(request.get())) == 1 &&
      X509_set_pubkey(leaf.get(), X509_REQ_get0_pubkey(request.get())) == 1 &&
      AddExtension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(leaf.get(), ca.get(), NID_key_usage, usage) &&
      AddExtension(leaf.get(), ca.get(), NID_ext_key_usage, "clientAuth") &&
      AddExtension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid") &&
      X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0;
  if (!made) return Failed("sign certificate");
  const BioPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  if (PEM_write_bio_X509(out.get(), leaf.get()) != 1) return Failed("encode certificate");
  return Text(out.get());
}

}  // namespace gantry::apiserver
