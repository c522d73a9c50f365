#include "apiserver/auth/authenticator.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

std::string_view BearerToken(const Request& request) {
  static constexpr std::string_view kScheme = "Bearer ";
  std::string_view value = request.headers.Get("Authorization");
  if (value.size() < kScheme.size() ||
      !EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  value.remove_prefix(kScheme.size());
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return value;
}

class X509Authenticator final : public Authenticator {
 public:
  Result<std::optional<User>> Authenticate(const Request& request) const override {
    if (request.peer_common_name.empty()) return std::optional<User>();
    User user;
    user.name = request.peer_common_name;
    user.groups = request.peer_organizations;
    return std::optional<User>(std::move(user));
  }
};

class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(std::vector<StaticToken> tokens) : tokens_(std::move(tokens)) {}

  Result<std::optional<User>> Authenticate(const Request& request) const override {
    const std::string_view given = BearerToken(request);
    if (given.empty()) return std::optional<User>();
    const User* found = nullptr;
    for (const StaticToken& t : tokens_) {  // all of them, so that time tells nothing
      if (t.token.size() == given.size() &&
          CRYPTO_memcmp(t.token.data(), given.data(), given.size()) == 0) {
        found = &t.user;
      }
    }
    if (found == nullptr) return Error(Code::kUnauthorized, "unknown bearer token");
    return std::optional<User>(*found);
  }

 private:
  const std::vector<StaticToken> tokens_;
};

class UnionAuthenticator final : public Authenticator {
 public:
  explicit UnionAuthenticator(std::vector<std::unique_ptr<Authenticator>> parts)
      : parts_(std::move(parts)) {}

  Result<std::optional<User>> Authenticate(const Request& request) const override {
    std::optional<Error> failure;
    for (const auto& part : parts_) {
      Result<std::optional<User>> user = part->Authenticate(request);
      if (user.ok() && *user) return user;
      if (!user.ok() && !failure) failure = std::move(user).error();
    }
    if (failure) return *failure;
    return std::optional<User>();
  }

 private:
  const std::vector<std::unique_ptr<Authenticator>> parts_;
};

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    if (!part.empty()) out.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return out;
}

// The fields of one line of CSV, without escapes inside quotes.
std::vector<std::string> Fields(std::string_view line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<Authenticator> NewX509Authenticator() {
  return std::make_unique<X509Authenticator>();
}

std::unique_ptr<Authenticator> NewTokenAuthenticator(std::vector<StaticToken> tokens) {
  return std::make_unique<TokenAuthenticator>(std::move(tokens));
}

std::unique_ptr<Authenticator> NewUnionAuthenticator(
    std::vector<std::unique_ptr<Authenticator>> parts) {
  return std::make_unique<UnionAuthenticator>(std::move(parts));
}

Result<std::vector<StaticToken>> ParseTokenFile(std::string_view text) {
  std::vector<StaticToken> tokens;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> fields = Fields(line);
    if (fields.size() < 3 || fields.size() > 4 || fields[0].empty() || fields[1].empty()) {
      return Error(Code::kInvalid,
                   fmt::format("line {}: must be token,user,uid[,\"group,...\"]", number));
    }
    StaticToken entry;
    entry.token = std::move(fields[0]);
    entry.user.name = std::move(fields[1]);
    entry.user.uid = std::move(fields[2]);
    if (fields.size() == 4) entry.user.groups = Split(fields[3]);
    tokens.push_back(std::move(entry));
  }
  return tokens;
}

}  // namespace gantry::apiserver
