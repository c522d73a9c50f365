#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"
#include "store/encrypted/keyring.h"

// Which objects are sealed in the store, by which keys. No error ever has a key in it.
namespace gantry::apiserver {

// A `kind: EncryptionConfiguration` of apiserver.config.k8s.io/v1 in YAML: providers `aesgcm` and
// `identity` for resources (`secrets`, `applications.gantry.dev`, `*.gantry.dev`, `*.`, `*.*`). The
// first provider's first key writes, all read; objects that are not sealed are always read.
// kInvalid with the path of every fault.
Result<store::Keyring> ParseEncryptionConfiguration(std::string_view text);

// Without a configuration: Secrets, by this one key.
store::Keyring DefaultKeyring(const store::SealingKey& key);

// A key file: 32 bytes, or their base64 and perhaps a newline.
Result<store::SealingKey> ParseKeyFile(const std::string& name, const std::string& content);

}  // namespace gantry::apiserver
