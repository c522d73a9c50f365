#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/auth/authenticator.h"

namespace gantry::apiserver {

// Whom a token is meant for.
using Audiences = std::vector<std::string>;

// Who a bearer token is of, and which of the wanted audiences it is meant for.
struct TokenUser {
  User user;
  Audiences audiences;
};

// Finds out whose a bearer token is, whoever shows it. Thread-safe; does not block.
class TokenAuthenticator {
 public:
  virtual ~TokenAuthenticator() = default;
  // Nothing when the token is of another kind; kUnauthorized when it is of this kind and does not
  // count. `audiences`: it must be meant for one of them; empty: for the server.
  virtual Result<std::optional<TokenUser>> Authenticate(const std::string& token,
                                                        const Audiences& audiences) const = 0;
  // See Authenticator.
  virtual bool IsWithdrawn(const std::string& token) const { return false; }
  virtual bool Learn(const std::string& token, std::function<void()> done) const { return false; }
};

// Those of `wanted` that are among `own`; all of `own` when nothing is wanted. Nothing: there are
// none.
std::optional<Audiences> Meet(const Audiences& own, const Audiences& wanted);

struct StaticToken {
  std::string token;
  User user;
};
// Tokens that do not change, compared in constant time. They name no audience and are meant for the
// server, whose names are `own`.
std::unique_ptr<TokenAuthenticator> NewStaticTokens(std::vector<StaticToken> tokens, Audiences own);
// Lines `token,user,uid,"group1,group2"`; groups may be absent; `#` begins a comment line.
// kInvalid with the line's number.
Result<std::vector<StaticToken>> ParseTokenFile(std::string_view text);

// The first that knows the token; the first error when none does. The parts outlive it.
std::unique_ptr<TokenAuthenticator> NewTokenUnion(std::vector<const TokenAuthenticator*> parts);

// `Authorization: Bearer ...` of requests, for tokens that are meant for one of `audiences`.
// `tokens` outlives it.
std::unique_ptr<Authenticator> NewBearerAuthenticator(const TokenAuthenticator* tokens,
                                                      Audiences audiences);

}  // namespace gantry::apiserver
