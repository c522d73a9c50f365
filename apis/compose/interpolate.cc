#include "apis/compose/interpolate.h"

#include <fmt/format.h>

namespace gantry::compose {
namespace {

constexpr int kMaxNesting = 32;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

size_t NameLength(std::string_view text) {
  if (text.empty() || !IsNameStart(text[0])) return 0;
  size_t n = 1;
  while (n < text.size() && (IsNameStart(text[n]) || (text[n] >= '0' && text[n] <= '9'))) ++n;
  return n;
}

// The index of the brace that closes a `${` whose body starts at `from`; npos when there is none.
size_t ClosingBrace(std::string_view text, size_t from) {
  int open = 1;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') {
      ++i;
    } else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      ++open;
      ++i;
    } else if (text[i] == '}' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

Error BadVariable(std::string_view what) {
  return Error(Code::kInvalid, fmt::format("{}; write `$$` for a dollar sign", what));
}

}  // namespace

Result<Expansion> Interpolator::Expand(std::string_view text, std::string place) {
  Expansion out;
  place_ = std::move(place);
  GANTRY_TRY(ExpandInto(text, /*live=*/true, 0, &out));
  return out;
}

Status Interpolator::ExpandInto(std::string_view text, bool live, int depth, Expansion* out) {
  if (depth > kMaxNesting)
    return Error(Code::kInvalid, fmt::format("variables are nested deeper than {}", kMaxNesting));
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    if (live) out->text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (!text.empty() && text[0] == '$') {
      if (live) out->text += '$';
      text.remove_prefix(1);
    } else if (!text.empty() && text[0] == '{') {
      const size_t end = ClosingBrace(text, 1);
      if (end == std::string_view::npos) return BadVariable("`${` has no closing brace");
      GANTRY_TRY(ExpandBraced(text.substr(1, end - 1), live, depth, out));
      text.remove_prefix(end + 1);
    } else if (const size_t n = NameLength(text); n > 0) {
      const std::string name(text.substr(0, n));
      used_.insert(name);
      if (live) Append(name, out);
      text.remove_prefix(n);
    } else {
      return BadVariable("`$` is not followed by the name of a variable");
    }
  }
  return OkStatus();
}

Status Interpolator::ExpandBraced(std::string_view body, bool live, int depth, Expansion* out) {
  const size_t n = NameLength(body);
  if (n == 0) return BadVariable(fmt::format("`${{{}}}` does not begin with a name", body));
  const std::string name(body.substr(0, n));
  used_.insert(name);
  std::string_view rest = body.substr(n);
  if (rest.empty()) {
    if (live) Append(name, out);
    return OkStatus();
  }
  const bool empty_is_unset = rest[0] == ':';
  if (empty_is_unset) rest.remove_prefix(1);
  const char op = rest.empty() ? '\0' : rest[0];
  if (op != '-' && op != '?' && op != '+') {
    return BadVariable(
        fmt::format("`${{{}}}` has none of `:-`, `-`, `:?`, `?`, `:+`, `+` after the "
                    "name",
                    body));
  }
  const std::string_view word = rest.substr(1);
  const std::string* value = Find(name);
  const bool is_set = value != nullptr && !(empty_is_unset && value->empty());
  if (op == '+') return ExpandInto(word, live && is_set, depth + 1, out);
  if (op == '-') {
    if (live && is_set) Append(name, out);
    return ExpandInto(word, live && !is_set, depth + 1, out);
  }
  Expansion message;
  GANTRY_TRY(ExpandInto(word, /*live=*/false, depth + 1, &message));
  if (!live) return OkStatus();
  if (is_set) Append(name, out);
  else Miss(name, std::string(word));
  return OkStatus();
}

const std::string* Interpolator::Find(const std::string& name) const {
  if (const auto it = parameters_->find(name); it != parameters_->end()) return &it->second;
  if (const auto it = secrets_->find(name); it != secrets_->end()) return &it->second;
  return nullptr;
}

void Interpolator::Append(const std::string& name, Expansion* out) {
  const std::string* value = Find(name);
  if (value == nullptr) return Miss(name, "");
  if (parameters_->count(name) == 0 && !out->secret()) {
    out->first_secret = out->text.size();
    out->secret_name = name;
  }
  out->text += *value;
}

void Interpolator::Miss(const std::string& name, std::string message) {
  for (Missing& m : missing_) {
    if (m.name != name) continue;
    if (m.message.empty()) m.message = std::move(message);
    return;
  }
  missing_.push_back({name, std::move(message), place_});
}

}  // namespace gantry::compose
