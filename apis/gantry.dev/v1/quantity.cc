#include "apis/gantry.dev/v1/quantity.h"

#include <cmath>

namespace gantry::v1 {
namespace {

constexpr int64_t kThousand = 1000;
constexpr long double kMost = 9.2e18L;

struct Unit {
  std::string_view name;
  long double factor;
};
constexpr long double kKi = 1024;
constexpr Unit kUnits[] = {{"Ki", kKi},
                           {"Mi", kKi* kKi},
                           {"Gi", kKi* kKi* kKi},
                           {"Ti", kKi* kKi* kKi* kKi},
                           {"Pi", kKi* kKi* kKi* kKi* kKi},
                           {"Ei", kKi* kKi* kKi* kKi* kKi* kKi},
                           {"n", 1e-9L},
                           {"u", 1e-6L},
                           {"m", 1e-3L},
                           {"k", 1e3L},
                           {"M", 1e6L},
                           {"G", 1e9L},
                           {"T", 1e12L},
                           {"P", 1e15L},
                           {"E", 1e18L},
                           {"", 1}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `e3`, `E-2`; nothing for anything else.
std::optional<long double> Exponent(std::string_view text) {
  if (text.size() < 2 || text.size() > 4 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return std::pow(10.0L, negative ? -value : value);
}

}  // namespace

std::optional<int64_t> ParseQuantity(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (negative || text[0] == '+')) text.remove_prefix(1);
  long double value = 0;
  long double place = 1;
  bool any = false;
  size_t i = 0;
  for (; i < text.size() && IsDigit(text[i]); ++i, any = true) value = value * 10 + (text[i] - '0');
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && IsDigit(text[i]); ++i, any = true)
      value += (text[i] - '0') * (place /= 10);
  }
  if (!any) return std::nullopt;
  const std::string_view unit = text.substr(i);
  std::optional<long double> factor = Exponent(unit);
  for (const Unit& u : kUnits) {
    if (u.name == unit) factor = u.factor;
  }
  if (!factor) return std::nullopt;
  const long double exact = value * *factor * kThousand;
  if (!(exact < kMost)) return std::nullopt;
  // What is a whole number but for the error of the arithmetic stays one.
  const long double near = std::round(exact);
  const bool whole = std::fabs(exact - near) < 1e-9L * std::fmax(1.0L, near * 1e-9L);
  const int64_t thousandths = static_cast<int64_t>(whole ? near : std::ceil(exact));
  return negative ? -thousandths : thousandths;
}

std::optional<int64_t> QuantityOf(const Json& value) {
  if (value.is_string()) return ParseQuantity(value.get_ref<const std::string&>());
  if (value.is_number()) return ParseQuantity(value.dump());
  return std::nullopt;
}

std::string FormatQuantity(int64_t thousandths) {
  if (thousandths % kThousand == 0) return std::to_string(thousandths / kThousand);
  return std::to_string(thousandths) + "m";
}

std::string FormatBytes(int64_t thousandths) {
  if (thousandths % kThousand != 0) return FormatQuantity(thousandths);
  int64_t bytes = thousandths / kThousand;
  static constexpr const char* kNames[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(kNames)) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + kNames[unit];
}

}  // namespace gantry::v1
