#include "apiserver/auth/openssl.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <ctime>

namespace gantry::apiserver::openssl {
namespace {

constexpr int kSerialBytes = 16;
constexpr int kLastYear = 2261 - 1900;  // a WallTime counts nanoseconds, and ends in 2262

}  // namespace

std::string Utf8Of(const ASN1_STRING* value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return out;
}

Error Failed(std::string_view what) {
  char text[256] = "unknown reason";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  ERR_clear_error();
  return Error(Code::kInternal, fmt::format("{}: {}", what, text));
}

BioPtr Open(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

X509Ptr ParseCertificate(const std::string& pem) {
  X509Ptr parsed(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr), &X509_free);
  ERR_clear_error();
  return parsed;
}

KeyPtr ParseKey(const std::string& pem) {
  KeyPtr parsed(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, nullptr, nullptr),
                &EVP_PKEY_free);
  ERR_clear_error();
  return parsed;
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::vector<std::string> Entries(const X509_NAME* name, int nid) {
  std::vector<std::string> out;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    out.push_back(Utf8Of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  }
  ERR_clear_error();
  return out;
}

bool AddName(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool SetSerial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;  // serial numbers are positive
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool SetValidity(X509* certificate, WallTime from, WallTime to) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       std::chrono::system_clock::to_time_t(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), std::chrono::system_clock::to_time_t(to)) !=
             nullptr;
}

WallTime EndOf(const X509* certificate) {
  std::tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) != 1) return {};
  if (until.tm_year > kLastYear) return WallTime::max();
  if (until.tm_year < 0) return {};
  return std::chrono::system_clock::from_time_t(timegm(&until));
}

}  // namespace gantry::apiserver::openssl
