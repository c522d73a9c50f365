#include "store/encrypted/sealing_key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

namespace gantry::store {
namespace {

constexpr std::string_view kMagic("\x01seal", 5);
constexpr char kPlain = 0;
constexpr char kAesGcm = 1;
constexpr size_t kFingerprintBytes = 8;
constexpr size_t kSeedBytes = 32;
constexpr size_t kTagBytes = 16;
constexpr size_t kDataKeyBytes = 32;
constexpr size_t kNonceBytes = 12;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string* text) { return reinterpret_cast<unsigned char*>(text->data()); }

// Wiped when it goes.
struct Digest {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  Digest() = default;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

bool Mac(std::string_view secret, std::string_view label, std::string_view text, Digest* out) {
  const std::string input = std::string(label) + std::string(text);
  unsigned int size = 0;
  return HMAC(EVP_sha512(), secret.data(), static_cast<int>(secret.size()), Bytes(input),
              input.size(), out->bytes.data(), &size) != nullptr &&
         size == 64;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* ctx) const { EVP_CIPHER_CTX_free(ctx); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// A context that has the data key and nonce of `seed`, and the authenticated text.
CipherContext Begin(std::string_view secret, std::string_view seed, std::string_view header,
                    std::string_view store_key, bool encrypt) {
  Digest derived;
  CipherContext ctx(EVP_CIPHER_CTX_new());
  if (!ctx || !Mac(secret, "gantry value", seed, &derived)) return nullptr;
  const unsigned char* const key = derived.bytes.data();
  int ignored = 0;
  static_assert(kNonceBytes == 12, "AES-GCM's default length");
  if (EVP_CipherInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key, key + kDataKeyBytes,
                        encrypt ? 1 : 0) != 1 ||
      EVP_CipherUpdate(ctx.get(), nullptr, &ignored, Bytes(header),
                       static_cast<int>(header.size())) != 1 ||
      EVP_CipherUpdate(ctx.get(), nullptr, &ignored, Bytes(store_key),
                       static_cast<int>(store_key.size())) != 1) {
    return nullptr;
  }
  return ctx;
}

// The parts of a value that was sealed by a key.
struct SealedParts {
  std::string_view header;  // with the seed
  std::string_view fingerprint;
  std::string_view name;
  std::string_view seed;
  std::string_view ciphertext;
  std::string_view tag;
};

std::optional<SealedParts> Split(std::string_view value) {
  size_t at = kMagic.size() + 1;
  const size_t fixed = at + kFingerprintBytes + 1;
  if (value.size() < fixed) return std::nullopt;
  SealedParts parts;
  parts.fingerprint = value.substr(at, kFingerprintBytes);
  at += kFingerprintBytes;
  const size_t name = static_cast<unsigned char>(value[at++]);
  if (value.size() < at + name + kSeedBytes + kTagBytes) return std::nullopt;
  parts.name = value.substr(at, name);
  at += name;
  parts.seed = value.substr(at, kSeedBytes);
  at += kSeedBytes;
  parts.header = value.substr(0, at);
  parts.ciphertext = value.substr(at, value.size() - at - kTagBytes);
  parts.tag = value.substr(value.size() - kTagBytes);
  return parts;
}

}  // namespace

std::string DescribeKey(const SealedBy& key) {
  return fmt::format("key \"{}\" (fingerprint {})", key.name, key.fingerprint);
}

SealingKey::SealingKey(std::string name, std::string secret) : secret_(std::move(secret)) {
  Digest digest;
  id_.name = std::move(name);
  if (Mac(secret_, "gantry fingerprint", "", &digest)) {
    id_.fingerprint = Hex({reinterpret_cast<const char*>(digest.bytes.data()), kFingerprintBytes});
  }
}

Result<SealingKey> SealingKey::Make(std::string name, std::string secret) {
  if (name.empty() || name.size() > 255) {
    return Error(Code::kInvalid, "the name of a key has 1 to 255 bytes");
  }
  if (secret.size() != 16 && secret.size() != 24 && secret.size() != 32) {
    return Error(Code::kInvalid, fmt::format("key \"{}\": must have 16, 24 or 32 bytes, has {}",
                                             name, secret.size()));
  }
  SealingKey key(std::move(name), std::move(secret));
  if (key.id_.fingerprint.empty()) return Error(Code::kInternal, "no HMAC-SHA-512");
  return key;
}

Result<std::string> SealingKey::Seal(std::string_view store_key, std::string_view value,
                                     Random* random) const {
  std::string out(kMagic);
  out.reserve(value.size() + kMaxSealBytes);
  out += kAesGcm;
  for (size_t i = 0; i < id_.fingerprint.size(); i += 2) {
    out += static_cast<char>(std::stoi(id_.fingerprint.substr(i, 2), nullptr, 16));
  }
  out += static_cast<char>(id_.name.size());
  out += id_.name;
  const size_t seed_at = out.size();
  for (size_t i = 0; i < kSeedBytes; i += sizeof(uint64_t)) {
    const uint64_t word = random->Next();
    out.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  const size_t header = out.size();
  const std::string_view text(out);
  const CipherContext ctx = Begin(secret_, text.substr(seed_at), text, store_key, true);
  out.resize(header + value.size() + kTagBytes);
  int size = 0;
  int rest = 0;
  unsigned char* const to = Bytes(&out) + header;
  if (!ctx ||
      EVP_CipherUpdate(ctx.get(), to, &size, Bytes(value), static_cast<int>(value.size())) != 1 ||
      EVP_CipherFinal_ex(ctx.get(), to + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, to + value.size()) != 1) {
    return Error(Code::kInternal, "the value could not be sealed");
  }
  return out;
}

Result<std::string> SealingKey::Open(std::string_view store_key, std::string_view sealed) const {
  const std::optional<SealedParts> parts = Split(sealed);
  if (parts && Hex(parts->fingerprint) == id_.fingerprint) {
    const CipherContext ctx = Begin(secret_, parts->seed, parts->header, store_key, false);
    std::string out(parts->ciphertext.size(), '\0');
    std::string tag(parts->tag);
    int size = 0;
    int rest = 0;
    if (ctx &&
        EVP_CipherUpdate(ctx.get(), Bytes(&out), &size, Bytes(parts->ciphertext),
                         static_cast<int>(parts->ciphertext.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
        EVP_CipherFinal_ex(ctx.get(), Bytes(&out) + size, &rest) == 1) {
      return out;
    }
  }
  return Error(Code::kDataLoss, fmt::format("{} does not open the value of \"{}\": it was changed, "
                                            "moved or sealed by another key",
                                            DescribeKey(id_), store_key));
}

bool HasSealHeader(std::string_view value) { return value.starts_with(kMagic); }

Result<std::optional<SealedBy>> ReadSealHeader(std::string_view value) {
  if (value.size() > kMagic.size()) {
    const char version = value[kMagic.size()];
    if (version == kPlain) return std::optional<SealedBy>();
    const std::optional<SealedParts> parts =
        version == kAesGcm ? Split(value) : std::optional<SealedParts>();
    if (parts) {
      return std::optional<SealedBy>({std::string(parts->name), Hex(parts->fingerprint)});
    }
  }
  return Error(Code::kDataLoss, "the header of a sealed value is damaged or of a later version");
}

std::string WrapPlain(std::string_view value) {
  std::string out(kMagic);
  out += kPlain;
  out += value;
  return out;
}

std::string_view UnwrapPlain(std::string_view wrapped) { return wrapped.substr(kMagic.size() + 1); }

}  // namespace gantry::store
