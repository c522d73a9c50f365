#pragma once

#include <optional>
#include <string>

#include "apis/machinery/base/result.h"
#include "store/encrypted/encrypted_store.h"

namespace gantry::program {

// Where keys are; empty: not given.
struct EncryptionFlags {
  std::string provider_config;  // --encryption-provider-config
  std::string key_file;         // --encryption-key-file

  bool given() const { return !provider_config.empty() || !key_file.empty(); }
};

// The keys that the flags name; with a configuration, the other key files open what they sealed.
// `own_key_file` is that of the data directory: the one that seals without flags, and opens with
// them when it is there. Empty: there is none.
Result<store::Keyring> MakeKeyring(const EncryptionFlags& flags, const std::string& own_key_file);

}  // namespace gantry::program
