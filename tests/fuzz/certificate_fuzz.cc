#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apiserver/auth/signing_request.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::apiserver::KeyPair;
using gantry::fuzz::Require;

std::string Block(const std::string& type, const std::string& der) {
  return "-----BEGIN " + type + "-----\n" + gantry::Base64Encode(der) + "\n-----END " + type +
         "-----\n";
}

const KeyPair& Authority() {
  static const auto* const made = new KeyPair(
      *gantry::apiserver::MakeAuthority("fuzz", gantry::WallTime(), gantry::WallTime::max()));
  return *made;
}

// A request of a real key, with the input for its subject; empty when that is no name.
std::string RequestWithSubject(const uint8_t* data, size_t size) {
  static EVP_PKEY* const key = EVP_EC_gen("P-256");
  const unsigned char* at = data;
  X509_NAME* const name = d2i_X509_NAME(nullptr, &at, static_cast<long>(size));
  if (name == nullptr) return {};
  X509_REQ* const request = X509_REQ_new();
  X509_REQ_set_subject_name(request, name);
  X509_REQ_set_pubkey(request, key);
  X509_REQ_sign(request, key, EVP_sha256());
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_REQ(out, request);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<size_t>(length));
  BIO_free(out);
  X509_REQ_free(request);
  X509_NAME_free(name);
  return pem;
}

// What is signed says who was checked, and never a name that is reserved.
void CheckNames(const std::string& pem) {
  const auto request = gantry::apiserver::ParseSigningRequest(pem);
  if (!request.ok() || !gantry::apiserver::CheckClientRequest(*request).ok()) return;
  const auto made = gantry::apiserver::SignClientCertificate(
      Authority(), pem, {gantry::WallTime(), gantry::WallTime() + std::chrono::hours(1)});
  Require(made.ok(), "what was checked is signed", pem);
  const auto info = gantry::apiserver::ReadCertificateInfo(*made);
  Require(info.ok() && info->common_name == request->common_names[0] &&
              info->organizations == request->organizations,
          "the certificate has the names that were checked", pem);
  const auto reserved = [](const std::string& n) { return gantry::apiserver::IsReservedName(n); };
  Require(!reserved(info->common_name) &&
              std::none_of(info->organizations.begin(), info->organizations.end(), reserved),
          "no certificate has a reserved name", pem);
  Require(info->dns_names.empty() && info->ip_addresses.empty(), "nor other names", pem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& pem : {bytes, Block("CERTIFICATE REQUEST", bytes)}) {
    if (gantry::apiserver::ParseSigningRequest(pem).ok()) {
      gantry::apiserver::CheckSelfSignature(pem).IgnoreError();
      CheckNames(pem);
    }
  }
  for (const std::string& pem : {bytes, Block("CERTIFICATE", bytes)}) {
    const bool one = gantry::apiserver::ReadCertificateInfo(pem).ok();
    Require(one == gantry::apiserver::EarliestEnd(pem).ok(), "a certificate has an end", pem);
  }
  if (const std::string pem = RequestWithSubject(data, size); !pem.empty()) CheckNames(pem);
  return 0;
}
