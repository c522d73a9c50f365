#include "apiserver/auth/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "apiserver/auth/openssl.h"

namespace gantry::apiserver {
namespace {

using namespace openssl;  // NOLINT(google-build-using-namespace): the module's own

Result<KeyPair> ToPem(X509* certificate, EVP_PKEY* key) {
  const BioPtr cert_out(BIO_new(BIO_s_mem()), &BIO_free);
  const BioPtr key_out(BIO_new(BIO_s_mem()), &BIO_free);
  if (PEM_write_bio_X509(cert_out.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return Failed("encode certificate");
  }
  return KeyPair{Text(cert_out.get()), Text(key_out.get())};
}

std::string AlternativeNames(const CertificateRequest& request) {
  std::string names;
  for (const std::string& dns : request.dns_names) names += ",DNS:" + dns;
  for (const std::string& ip : request.ip_addresses) names += ",IP:" + ip;
  return names.empty() ? names : names.substr(1);
}

std::string IpText(const ASN1_OCTET_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof text);
  return text;
}

void ReadAlternativeNames(X509* certificate, CertificateInfo* info) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) info->dns_names.push_back(Utf8Of(name->d.dNSName));
    if (name->type == GEN_IPADD) info->ip_addresses.push_back(IpText(name->d.iPAddress));
  }
  GENERAL_NAMES_free(names);
  std::sort(info->dns_names.begin(), info->dns_names.end());
  std::sort(info->ip_addresses.begin(), info->ip_addresses.end());
}

}  // namespace

Result<KeyPair> MakeAuthority(std::string_view common_name, WallTime not_before,
                              WallTime not_after) {
  const KeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const X509Ptr ca(X509_new(), &X509_free);
  if (!key || !ca) return Failed("make authority");
  X509_NAME* name = X509_get_subject_name(ca.get());
  const bool made = X509_set_version(ca.get(), X509_VERSION_3) == 1 && SetSerial(ca.get()) &&
                    SetValidity(ca.get(), not_before, not_after) &&
                    AddName(name, "CN", common_name) && X509_set_issuer_name(ca.get(), name) == 1 &&
                    X509_set_pubkey(ca.get(), key.get()) == 1 &&
                    AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                    AddExtension(ca.get(), ca.get(), NID_key_usage,
                                 "critical,digitalSignature,keyCertSign,cRLSign") &&
                    AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(ca.get(), key.get(), EVP_sha256()) > 0;
  if (!made) return Failed("make authority");
  return ToPem(ca.get(), key.get());
}

Result<KeyPair> MakeCertificate(const KeyPair& authority, const CertificateRequest& request) {
  const X509Ptr ca = ParseCertificate(authority.certificate);
  const KeyPtr ca_key = ParseKey(authority.key);
  if (!ca || !ca_key) return Error(Code::kInvalid, "authority: malformed certificate or key");
  const KeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const X509Ptr leaf(X509_new(), &X509_free);
  if (!key || !leaf) return Failed("make certificate");
  X509_NAME* name = X509_get_subject_name(leaf.get());
  bool made = X509_set_version(leaf.get(), X509_VERSION_3) == 1 && SetSerial(leaf.get()) &&
              SetValidity(leaf.get(), request.not_before, request.not_after) &&
              X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca.get())) == 1 &&
              X509_set_pubkey(leaf.get(), key.get()) == 1;
  for (const std::string& o : request.organizations) made = made && AddName(name, "O", o);
  made = made && AddName(name, "CN", request.common_name) &&
         AddExtension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE") &&
         AddExtension(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature") &&
         AddExtension(leaf.get(), ca.get(), NID_ext_key_usage,
                      request.server ? "serverAuth" : "clientAuth") &&
         AddExtension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid");
  if (const std::string names = AlternativeNames(request); made && !names.empty()) {
    made = AddExtension(leaf.get(), ca.get(), NID_subject_alt_name, names);
  }
  if (!made || X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) <= 0) {
    return Failed(fmt::format("make certificate for \"{}\"", request.common_name));
  }
  return ToPem(leaf.get(), key.get());
}

Result<CertificateInfo> ReadCertificateInfo(const std::string& pem) {
  const X509Ptr certificate = ParseCertificate(pem);
  if (!certificate) return Error(Code::kInvalid, "not a PEM certificate");
  CertificateInfo info;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (auto names = Entries(subject, NID_commonName); !names.empty()) {
    info.common_name = names.back();
  }
  info.organizations = Entries(subject, NID_organizationName);
  ReadAlternativeNames(certificate.get(), &info);
  info.not_after = EndOf(certificate.get());
  return info;
}

std::string FirstCertificate(const std::string& pem) {
  const X509Ptr certificate = ParseCertificate(pem);
  const BioPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!certificate || PEM_write_bio_X509(out.get(), certificate.get()) != 1) return {};
  return Text(out.get());
}

Result<WallTime> EarliestEnd(const std::string& pem) {
  const BioPtr bio = Open(pem);
  WallTime end = WallTime::max();
  bool any = false;
  while (const X509Ptr one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free}) {
    any = true;
    end = std::min(end, EndOf(one.get()));
  }
  ERR_clear_error();
  if (!any) return Error(Code::kInvalid, "not a PEM certificate");
  return end;
}

bool IsIssuedBy(const KeyPair& pair, const std::string& authority_certificate) {
  const X509Ptr leaf = ParseCertificate(pair.certificate);
  const X509Ptr ca = ParseCertificate(authority_certificate);
  const KeyPtr key = ParseKey(pair.key);
  if (!leaf || !ca || !key) return false;
  const bool issued = X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1 &&
                      X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  return issued;
}

}  // namespace gantry::apiserver
