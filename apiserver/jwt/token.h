#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"
#include "apiserver/jwt/algorithm.h"

namespace gantry::apiserver::jwt {

inline constexpr size_t kMaxTokenBytes = 16 << 10;

// What a token says. None of it is true before a KeySet has verified the token.
struct Token {
  Algorithm algorithm;
  std::string key_id;  // `kid`; may be empty
  Json claims;         // an object
};

// Reads a signed token in its compact form. kBadRequest for a text that is none, which may be some
// other bearer token; kUnauthorized for one that nobody may accept: an algorithm without a public
// key (`none`, HS256), repeated keys in its JSON, critical extensions.
Result<Token> ParseToken(std::string_view text);

}  // namespace gantry::apiserver::jwt
