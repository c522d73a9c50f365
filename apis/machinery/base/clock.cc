#include "apis/machinery/base/clock.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

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
  const std::time_t secs =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(t));
  std::tm tm{};
  gmtime_r(&secs, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

// Reads exactly `digits` digits at *pos; -1 when there are none.
int TakeNumber(std::string_view text, size_t* pos, int digits) {
  if (*pos + digits > text.size()) return -1;
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = text[(*pos)++];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
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
  size_t pos = 0;
  auto expect = [&](char c) { return pos < text.size() && (text[pos++] | 0x20) == (c | 0x20); };
  std::tm tm{};
  const int year = TakeNumber(text, &pos, 4);
  if (year < 0 || !expect('-')) return BadTime(text);
  const int month = TakeNumber(text, &pos, 2);
  if (month < 1 || month > 12 || !expect('-')) return BadTime(text);
  const int day = TakeNumber(text, &pos, 2);
  if (day < 1 || day > 31 || !expect('T')) return BadTime(text);
  const int hour = TakeNumber(text, &pos, 2);
  if (hour < 0 || hour > 23 || !expect(':')) return BadTime(text);
  const int minute = TakeNumber(text, &pos, 2);
  if (minute < 0 || minute > 59 || !expect(':')) return BadTime(text);
  const int second = TakeNumber(text, &pos, 2);
  if (second < 0 || second > 60) return BadTime(text);
  int64_t nanos = 0;
  if (pos < text.size() && text[pos] == '.') {
    ++pos;
    int digits = 0;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
      if (digits++ < 9) nanos = nanos * 10 + (text[pos] - '0');
      ++pos;
    }
    if (digits == 0) return BadTime(text);
    for (; digits < 9; ++digits) nanos *= 10;
  }
  int offset = 0;
  if (pos >= text.size()) return BadTime(text);
  const char zone = text[pos++];
  if (zone == '+' || zone == '-') {
    const int oh = TakeNumber(text, &pos, 2);
    if (oh < 0 || !expect(':')) return BadTime(text);
    const int om = TakeNumber(text, &pos, 2);
    if (om < 0) return BadTime(text);
    offset = (oh * 60 + om) * 60 * (zone == '-' ? -1 : 1);
  } else if (zone != 'Z' && zone != 'z') {
    return BadTime(text);
  }
  if (pos != text.size()) return BadTime(text);
  tm.tm_year = year - 1900;
  tm.tm_mon = month - 1;
  tm.tm_mday = day;
  tm.tm_hour = hour;
  tm.tm_min = minute;
  tm.tm_sec = second;
  return WallTime(std::chrono::seconds(timegm(&tm) - offset) +
                  std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(nanos)));
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
    const double value = std::strtod(std::string(rest.substr(0, n)).c_str(), nullptr);
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
