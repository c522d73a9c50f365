#include "apiserver/core/system_user.h"

namespace gantry::apiserver {

const User& SystemUser() {
  static const User* const user =
      new User{"system:gantry:apiserver", "", {"system:masters", "system:authenticated"}, {}};
  return *user;
}

}  // namespace gantry::apiserver
