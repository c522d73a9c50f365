#include "apiserver/service_accounts/key_file.h"

#include "apiserver/auth/files.h"
#include "apiserver/jwt/key.h"

namespace gantry::apiserver {

Result<std::string> EnsureSigningKey(const std::string& path) {
  Result<std::string> there = ReadFile(path);
  if (there.ok() || there.code() != Code::kNotFound) return there;
  GANTRY_TRY_SET(std::string made, jwt::MakeKeyPem());
  GANTRY_TRY(WriteFileAtomically(path, made));
  return made;
}

}  // namespace gantry::apiserver
