#pragma once

#include <string>
#include <string_view>

// Keys and signatures made with OpenSSL alone, beside the library that is tested.
namespace gantry::testing {

// A private key in PEM: RSA-2048, RSA-1024, P-256, P-384, P-521, secp256k1 or ED25519.
std::string MakePem(std::string_view kind);
std::string PublicPem(const std::string& private_pem);

// header.payload with a signature by `pem`: RS*, PS* and ES* by the name of the algorithm.
std::string SignByHand(const std::string& header, const std::string& payload,
                       const std::string& algorithm, const std::string& pem);
// The same with a shared secret: HS256.
std::string SignWithSecret(const std::string& header, const std::string& payload,
                           const std::string& secret);

}  // namespace gantry::testing
