#include <fmt/format.h>
#include <openssl/crypto.h>

#include "apiserver/auth/token_authenticator.h"

namespace gantry::apiserver {
namespace {

class StaticTokens final : public TokenAuthenticator {
 public:
  StaticTokens(std::vector<StaticToken> tokens, Audiences own)
      : tokens_(std::move(tokens)), own_(std::move(own)) {}

  Result<std::optional<TokenUser>> Authenticate(const std::string& given,
                                                const Audiences& audiences) const override {
    const User* found = nullptr;
    for (const StaticToken& t : tokens_) {  // all of them, so that time tells nothing
      if (t.token.size() == given.size() &&
          CRYPTO_memcmp(t.token.data(), given.data(), given.size()) == 0) {
        found = &t.user;
      }
    }
    const auto meant = found == nullptr ? std::nullopt : Meet(own_, audiences);
    if (!meant) return std::optional<TokenUser>();
    return std::optional<TokenUser>({*found, *meant});
  }

 private:
  const std::vector<StaticToken> tokens_;
  const Audiences own_;
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

std::unique_ptr<TokenAuthenticator> NewStaticTokens(std::vector<StaticToken> tokens,
                                                    Audiences own) {
  return std::make_unique<StaticTokens>(std::move(tokens), std::move(own));
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
