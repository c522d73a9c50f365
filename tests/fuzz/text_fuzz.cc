#include <algorithm>
#include <ctime>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/encoding.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::Duration;
using gantry::WallTime;
using gantry::fuzz::Require;
using std::chrono::floor;

void CheckTime(const std::string& text) {
  const auto time = gantry::ParseTime(text);
  if (!time.ok()) return;
  Require(gantry::IsTime(text), "a time is one", text);
  const auto seconds = floor<std::chrono::seconds>(*time);
  const auto again = gantry::ParseTime(gantry::FormatTime(*time));
  Require(again.ok() && *again == seconds, "a time that was written is read", text);
  const auto micros = gantry::ParseTime(gantry::FormatMicroTime(*time));
  Require(micros.ok() && *micros == floor<std::chrono::microseconds>(*time),
          "so are its microseconds", text);
  // The C library's reading, of what has no offset.
  if (text.back() != 'Z' && text.back() != 'z') return;
  std::tm tm{};
  const int read = std::sscanf(text.c_str(), "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
                               &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  Require(read == 6 && timegm(&tm) == seconds.time_since_epoch().count(),
          "the C library reads the same", text);
}

void CheckDuration(const std::string& text) {
  const auto duration = gantry::ParseDuration(text);
  if (!duration.ok()) return;
  (void)gantry::HumanAge(*duration);
  if (text[0] != '-' && text[0] != '+') {
    const auto negative = gantry::ParseDuration("-" + text);
    Require(negative.ok() && *negative == -*duration, "a sign turns a duration around", text);
  }
  const WallTime epoch;
  Require(gantry::Between(epoch, epoch + *duration) == *duration, "a difference is what was added",
          text);
}

void CheckBase64(const std::string& text) {
  Require(gantry::Base64Decode(gantry::Base64Encode(text)) == text, "what was encoded is decoded");
  if (const auto bytes = gantry::Base64Decode(text))
    Require(bytes->size() <= text.size(), "decoding adds nothing");
}

}  // namespace

// The small texts that stand in objects and queries: times, durations, base64.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(gantry::fuzz::AsText(data, size));
  CheckTime(text);
  CheckDuration(text);
  CheckBase64(text);
  return 0;
}
