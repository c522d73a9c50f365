#include "apis/machinery/base/clock.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <optional>

namespace gantry {
namespace {

class RealClock : public Clock {
 public:
  WallTime Now() const override { return std::chrono::system_clock::now(); }
  MonoTime Mono() const override { return std::chrono::steady_clock::now(); }
};

Error BadTime(std::string_view text) {
  return Error(Code::kBadRequest,
               fmt::format("'{}' is not a time; write it as 2006-01-02T15:04:05Z", text));
}

std::string FormatSeconds(WallTime t) {
  // In seconds: the beginning of the first day does not fit in nanoseconds.
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  std::string out = "0000-00-00T00:00:00";
  const auto put = [&out](size_t end, int64_t number) {
    for (; number > 0; number /= 10) out[--end] = static_cast<char>('0' + number % 10);
  };
  // What a WallTime can say has years of four digits.
  put(4, int{date.year()});
  put(7, unsigned{date.month()});
  put(10, unsigned{date.day()});
  put(13, clock.hours().count());
  put(16, clock.minutes().count());
  put(19, clock.seconds().count());
  return out;
}

// Reads exactly `digits` digits at *pos; -1 when there are none.
int TakeNumber(std::string_view text, size_t* pos, size_t digits) {
  if (*pos + digits > text.size()) return -1;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[(*pos)++];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct Instant {
  std::chrono::sys_seconds second;
  std::chrono::nanoseconds fraction{};
};

// Nothing when the text is not RFC 3339.
std::optional<Instant> ReadInstant(std::string_view text) {
  size_t pos = 0;
  auto expect = [&](char c) {
    if (pos >= text.size()) return false;
    const char have = text[pos++];
    return have == c || (c == 'T' && have == 't');
  };
  const int year = TakeNumber(text, &pos, 4);
  if (year < 0 || !expect('-')) return std::nullopt;
  const int month = TakeNumber(text, &pos, 2);
  if (month < 0 || !expect('-')) return std::nullopt;
  const int day = TakeNumber(text, &pos, 2);
  if (day < 0 || !expect('T')) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  const int hour = TakeNumber(text, &pos, 2);
  if (hour < 0 || hour > 23 || !expect(':')) return std::nullopt;
  const int minute = TakeNumber(text, &pos, 2);
  if (minute < 0 || minute > 59 || !expect(':')) return std::nullopt;
  const int second = TakeNumber(text, &pos, 2);
  if (second < 0 || second > 60) return std::nullopt;  // 60 is a leap second
  int64_t nanos = 0;
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    int digits = 0;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
      if (digits++ < 9) nanos = nanos * 10 + (text[pos] - '0');
      ++pos;
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) nanos *= 10;
  }
  std::chrono::minutes offset{};
  if (pos >= text.size()) return std::nullopt;
  const char zone = text[pos++];
  if (zone == '+' || zone == '-') {
    const int hours = TakeNumber(text, &pos, 2);
    if (hours < 0 || hours > 23 || !expect(':')) return std::nullopt;
    const int minutes = TakeNumber(text, &pos, 2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
    offset = std::chrono::minutes((hours * 60 + minutes) * (zone == '-' ? -1 : 1));
  } else if (zone != 'Z' && zone != 'z') {
    return std::nullopt;
  }
  if (pos != text.size()) return std::nullopt;
  return Instant{std::chrono::sys_days(date) + std::chrono::hours(hour) +
                     std::chrono::minutes(minute) + std::chrono::seconds(second) - offset,
                 std::chrono::nanoseconds(nanos)};
}

}  // namespace

Clock* Clock::Real() {
  static RealClock* const clock = new RealClock;
  return clock;
}

WallTime FakeClock::Now() const {
  MutexLock lock(&mu_);
  return now_;
}

MonoTime FakeClock::Mono() const {
  MutexLock lock(&mu_);
  return MonoTime(passed_);
}

void FakeClock::Advance(Duration by) {
  MutexLock lock(&mu_);
  now_ += std::chrono::duration_cast<WallTime::duration>(by);
  passed_ += by;
}

std::string FormatTime(WallTime t) { return FormatSeconds(t) + "Z"; }

std::string FormatMicroTime(WallTime t) {
  const auto secs = std::chrono::floor<std::chrono::seconds>(t);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(t - secs).count();
  return fmt::format("{}.{:06}Z", FormatSeconds(t), micros);
}

Result<WallTime> ParseTime(std::string_view text) {
  const std::optional<Instant> at = ReadInstant(text);
  if (!at) return BadTime(text);
  // The seconds at the ends are left out, as not all of their nanoseconds fit.
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(WallTime::min());
  constexpr auto kEnd = std::chrono::floor<std::chrono::seconds>(WallTime::max());
  if (at->second < kFirst || at->second >= kEnd) {
    return Error(Code::kBadRequest,
                 fmt::format("the time '{}' is not between the years 1678 and 2261", text));
  }
  return at->second + std::chrono::duration_cast<WallTime::duration>(at->fraction);
}

bool IsTime(std::string_view text) { return ReadInstant(text).has_value(); }

Duration Between(WallTime from, WallTime to) {
  Duration::rep out = 0;
  const bool overflow = __builtin_sub_overflow(Duration(to.time_since_epoch()).count(),
                                               Duration(from.time_since_epoch()).count(), &out);
  if (overflow) return to < from ? Duration::min() : Duration::max();
  return Duration(out);
}

Result<Duration> ParseDuration(std::string_view text) {
  const Error bad(Code::kBadRequest,
                  fmt::format("'{}' is not a duration; write it as 90s, 5m or 1h30m", text));
  std::string_view rest = text;
  double sign = 1;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    if (rest[0] == '-') sign = -1;
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration(0);
  if (rest.empty()) return bad;
  double total = 0;
  while (!rest.empty()) {
    size_t n = 0;
    while (n < rest.size() && ((rest[n] >= '0' && rest[n] <= '9') || rest[n] == '.')) ++n;
    if (n == 0 || n > 18) return bad;
    const std::string number(rest.substr(0, n));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (end != number.c_str() + n) return bad;
    rest.remove_prefix(n);
    size_t u = 0;
    while (u < rest.size() && !(rest[u] >= '0' && rest[u] <= '9') && rest[u] != '.') ++u;
    const std::string_view unit = rest.substr(0, u);
    rest.remove_prefix(u);
    double scale = 0;
    if (unit == "ns") scale = 1;
    else if (unit == "us" || unit == "\xC2\xB5s") scale = 1e3;
    else if (unit == "ms") scale = 1e6;
    else if (unit == "s") scale = 1e9;
    else if (unit == "m") scale = 60e9;
    else if (unit == "h") scale = 3600e9;
    else return bad;
    total += value * scale;
  }
  if (total > 9e18) return bad;
  return Duration(static_cast<int64_t>(sign * total));
}

std::string HumanAge(Duration age) {
  const int64_t s = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (s < 0) return "0s";
  if (s < 120) return fmt::format("{}s", s);
  const int64_t m = s / 60;
  if (m < 10) return s % 60 ? fmt::format("{}m{}s", m, s % 60) : fmt::format("{}m", m);
  if (m < 180) return fmt::format("{}m", m);
  const int64_t h = m / 60;
  if (h < 8) return m % 60 ? fmt::format("{}h{}m", h, m % 60) : fmt::format("{}h", h);
  if (h < 48) return fmt::format("{}h", h);
  const int64_t d = h / 24;
  if (d < 8) return h % 24 ? fmt::format("{}d{}h", d, h % 24) : fmt::format("{}d", d);
  if (d < 365 * 2) return fmt::format("{}d", d);
  const int64_t y = d / 365;
  if (y < 8) return d % 365 ? fmt::format("{}y{}d", y, d % 365) : fmt::format("{}y", y);
  return fmt::format("{}y", y);
}

}  // namespace gantry
