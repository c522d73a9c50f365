#pragma once

#include <string>

#include "apis/machinery/base/result.h"
#include "store/store.h"

namespace gantry::apiserver {

// Where a paged list goes on. `revision` -1: at the newest, giving up on one consistent state.
struct ContinueToken {
  store::Revision revision = 0;
  std::string start;  // the first relative key of the next page

  std::string Encode() const;
  // kBadRequest when `text` is no token.
  static Result<ContinueToken> Decode(const std::string& text);
};

}  // namespace gantry::apiserver
