#include "tests/apiserver/testing/requests.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace gantry::apiserver::testing {
namespace {

EVP_PKEY* NewKey(int rsa_bits) {
  return rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned>(rsa_bits)) : EVP_EC_gen("P-256");
}

void AddEntries(X509_NAME* name, const char* field, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  }
}

void AddRequested(STACK_OF(X509_EXTENSION) * all, int nid, const std::string& value) {
  if (value.empty()) return;
  sk_X509_EXTENSION_push(all, X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
}

}  // namespace

std::string MakeRequest(const RequestOptions& options) {
  EVP_PKEY* const key = NewKey(options.rsa_bits);
  X509_REQ* const request = X509_REQ_new();
  X509_NAME* const name = X509_REQ_get_subject_name(request);
  AddEntries(name, "O", options.organizations);
  AddEntries(name, "CN", options.common_names);
  X509_REQ_set_pubkey(request, key);
  STACK_OF(X509_EXTENSION)* const all = sk_X509_EXTENSION_new_null();
  AddRequested(all, NID_subject_alt_name, options.alternative_names);
  AddRequested(all, NID_basic_constraints, options.constraints);
  if (sk_X509_EXTENSION_num(all) > 0) X509_REQ_add_extensions(request, all);
  sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
  EVP_PKEY* const signer = options.forged ? NewKey(0) : key;
  X509_REQ_sign(request, signer, EVP_sha256());
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509_REQ(out, request);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(out);
  if (options.forged) EVP_PKEY_free(signer);
  X509_REQ_free(request);
  EVP_PKEY_free(key);
  return pem;
}

}  // namespace gantry::apiserver::testing
