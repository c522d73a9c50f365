#include "apiserver/gantry/encryption.h"

#include <filesystem>

#include "apiserver/auth/files.h"
#include "apiserver/encryption/configuration.h"

namespace gantry::program {
namespace {

Result<store::SealingKey> ReadKeyFile(const std::string& path) {
  GANTRY_TRY_SET(const std::string content, apiserver::ReadFile(path));
  return apiserver::ParseKeyFile(std::filesystem::path(path).filename().string(), content)
      .Wrap(path);
}

}  // namespace

Result<store::Keyring> MakeKeyring(const EncryptionFlags& flags, const std::string& own_key_file) {
  store::Keyring keyring;
  bool rules = false;
  if (!flags.provider_config.empty()) {
    GANTRY_TRY_SET(const std::string text, apiserver::ReadFile(flags.provider_config));
    GANTRY_TRY_SET(keyring,
                   apiserver::ParseEncryptionConfiguration(text).Wrap(flags.provider_config));
    rules = true;
  }
  for (const std::string& path : {flags.key_file, own_key_file}) {
    if (path.empty()) continue;
    Result<store::SealingKey> key = ReadKeyFile(path);
    if (path == own_key_file && rules && !key.ok() && key.code() == Code::kNotFound) continue;
    if (!key.ok()) return std::move(key).error();
    if (!rules) keyring = apiserver::DefaultKeyring(*key);
    rules = true;
    keyring.AddKey(std::make_shared<const store::SealingKey>(*std::move(key)));
  }
  return keyring;
}

}  // namespace gantry::program
