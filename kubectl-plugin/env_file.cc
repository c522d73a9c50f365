#include "kubectl-plugin/env_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

constexpr std::string_view kExport = "export ";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& path, bool raw)
      : rest_(text), path_(path), raw_(raw) {}

  Result<std::vector<EnvLine>> Read() {
    while (!rest_.empty()) {
      std::string_view line = TakeLine();
      if (!raw_) line = Trimmed(line);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (Trimmed(line).empty() || line.front() == '#') continue;
      if (line.starts_with(kExport)) line = Trimmed(line.substr(kExport.size()));
      GANTRY_TRY(Add(line));
    }
    return std::move(lines_);
  }

 private:
  std::string_view TakeLine() {
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return line;
  }

  Status Add(std::string_view line) {
    const int number = number_;
    const size_t equals = line.find('=');
    EnvLine out;
    out.name = Trimmed(line.substr(0, equals));
    if (out.name.empty() || std::any_of(out.name.begin(), out.name.end(), IsBlank)) {
      return LocalError(fmt::format("{}:{}: \"{}\" is not NAME=VALUE", path_, number, line));
    }
    if (equals != line.npos) {
      std::string_view value = line.substr(equals + 1);
      out.literal = raw_;
      if (raw_) {
        out.value = value;
      } else {
        value = Trimmed(value);
        const char quote = value.empty() ? '\0' : value.front();
        if (quote == '\'' || quote == '"') {
          GANTRY_TRY_SET(out.value, Quoted(value, quote, number));
          out.literal = quote == '\'';
        } else {
          out.value = Trimmed(value.substr(0, CommentIn(value)));
        }
      }
    }
    lines_.push_back(std::move(out));
    return OkStatus();
  }

  static size_t CommentIn(std::string_view value) {
    if (value.starts_with('#')) return 0;
    return std::min(value.find(" #"), value.find("\t#"));
  }

  // `value` begins with the quote; further lines are taken until it ends.
  Result<std::string> Quoted(std::string_view value, char quote, int number) {
    std::string out;
    value.remove_prefix(1);
    while (true) {
      for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] == quote) {
          const std::string_view behind = Trimmed(value.substr(i + 1));
          if (behind.empty() || behind.front() == '#') return out;
          return LocalError(
              fmt::format("{}:{}: there is text behind the closing quote", path_, number_));
        }
        if (quote == '"' && value[i] == '\\' && i + 1 < value.size()) out += Escaped(value[++i]);
        else out += value[i];
      }
      if (rest_.empty()) {
        return LocalError(fmt::format("{}:{}: the quote is not closed", path_, number));
      }
      out += '\n';
      value = TakeLine();
    }
  }

  // A dollar that is just that is two of them where variables are substituted.
  static std::string Escaped(char c) {
    switch (c) {
      case 'n': return "\n";
      case 'r': return "\r";
      case 't': return "\t";
      case '$': return "$$";
      case '"':
      case '\\': return std::string(1, c);
      default: return std::string("\\") + c;
    }
  }

  std::string_view rest_;
  const std::string& path_;
  const bool raw_;
  int number_ = 0;
  std::vector<EnvLine> lines_;
};

}  // namespace

Result<std::vector<EnvLine>> ParseEnvFile(std::string_view text, const std::string& path,
                                          bool raw) {
  return Reader(text, path, raw).Read();
}

}  // namespace gantry::kubectl
