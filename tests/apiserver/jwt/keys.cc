#include "tests/apiserver/jwt/keys.h"

#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "apiserver/jwt/base64url.h"

namespace gantry::testing {
namespace {

using apiserver::jwt::Base64UrlEncode;
using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

PkeyPtr Read(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return PkeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
}

// r and s with leading zeros, as RFC 7518 has them, from DER.
std::string RawOfDer(const std::string& der, size_t bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const sig = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  std::string raw(2 * bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, static_cast<int>(bytes));
  BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + bytes, static_cast<int>(bytes));
  ECDSA_SIG_free(sig);
  return raw;
}

}  // namespace

std::string MakePem(std::string_view kind) {
  EVP_PKEY* made = nullptr;
  if (kind.starts_with("RSA-")) {
    made = EVP_RSA_gen(static_cast<unsigned>(std::stoi(std::string(kind.substr(4)))));
  } else if (kind == "ED25519") {
    made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else {
    made = EVP_EC_gen(std::string(kind).c_str());
  }
  const PkeyPtr key(made, &EVP_PKEY_free);
  EXPECT_TRUE(key) << kind;
  const BioPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return Text(out.get());
}

std::string PublicPem(const std::string& private_pem) {
  const BioPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(out.get(), Read(private_pem).get());
  return Text(out.get());
}

std::string SignByHand(const std::string& header, const std::string& payload,
                       const std::string& algorithm, const std::string& pem) {
  const std::string input = Base64UrlEncode(header) + "." + Base64UrlEncode(payload);
  const PkeyPtr key = Read(pem);
  const std::string bits = algorithm.substr(2);
  const EVP_MD* const hash = bits == "256"   ? EVP_sha256()
                             : bits == "384" ? EVP_sha384()
                                             : EVP_sha512();
  EVP_MD_CTX* const ctx = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(ctx, &options, hash, nullptr, key.get()), 1);
  if (algorithm[0] == 'P') {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  size_t size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(input.data());
  EVP_DigestSign(ctx, nullptr, &size, data, input.size());
  std::string signature(size, '\0');
  EXPECT_EQ(EVP_DigestSign(ctx, reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                           input.size()),
            1);
  signature.resize(size);
  EVP_MD_CTX_free(ctx);
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC) {
    signature = RawOfDer(signature, static_cast<size_t>((EVP_PKEY_get_bits(key.get()) + 7) / 8));
  }
  return input + "." + Base64UrlEncode(signature);
}

std::string SignWithSecret(const std::string& header, const std::string& payload,
                           const std::string& secret) {
  const std::string input = Base64UrlEncode(header) + "." + Base64UrlEncode(payload);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac, &size);
  return input + "." + Base64UrlEncode({reinterpret_cast<const char*>(mac), size});
}

}  // namespace gantry::testing
