#include "apiserver/registry/system_user.h"

namespace gantry::apiserver {

const User& SystemUser() {
  static const User* const user =
      new User{"system:gantry:apiserver", "", {"system:masters", "system:authenticated"}, {}};
  return *user;
}

WriteScope SystemScope(const Target& target, const ObjectKey& key, const Context& ctx,
                       std::vector<std::string>* warnings) {
  return {target,
          key.ns,
          key.name,
          "",
          SystemUser(),
          ctx,
          false,
          FieldValidation::kIgnore,
          "gantry-apiserver",
          {},
          warnings};
}

}  // namespace gantry::apiserver
