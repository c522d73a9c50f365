#include "kubectl-plugin/key_request.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace gantry::kubectl {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

Error MakeFailed(Code code, const std::string& what) {
  ERR_clear_error();
  return Error(code, "error: " + what);
}

bool AddEntry(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

Result<KeyRequest> MakeKeyRequest(const std::string& name, const std::vector<std::string>& groups) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free);
  const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(), &X509_REQ_free);
  const BioPtr key_out(BIO_new(BIO_s_mem()), &BIO_free);
  const BioPtr request_out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!key || !request || !key_out || !request_out) {
    return MakeFailed(Code::kInternal, "no key could be made");
  }
  X509_NAME* const subject = X509_REQ_get_subject_name(request.get());
  for (const std::string& group : groups) {
    if (group.empty() || !AddEntry(subject, "O", group)) {
      return MakeFailed(Code::kInvalid,
                        fmt::format("group \"{}\": must be text of 1 to 64 characters", group));
    }
  }
  if (name.empty() || !AddEntry(subject, "CN", name)) {
    return MakeFailed(Code::kInvalid,
                      fmt::format("name \"{}\": must be text of 1 to 64 characters", name));
  }
  if (X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0 ||
      PEM_write_bio_X509_REQ(request_out.get(), request.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return MakeFailed(Code::kInternal, "no certificate request could be made");
  }
  return KeyRequest{TextOf(key_out.get()), TextOf(request_out.get())};
}

}  // namespace gantry::kubectl
