#include "apis/machinery/managedfields/render.h"

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/managedfields/managed_fields.h"
#include "apis/machinery/managedfields/wire.h"

namespace gantry::managedfields {
namespace {

constexpr int kMaxNesting = 512;
// What a WallTime can say.
constexpr int64_t kLastSecond =
    std::chrono::duration_cast<std::chrono::seconds>(WallTime::duration::max()).count();

// Texts of the system are valid UTF-8, and few have anything to escape.
void AppendText(std::string_view text, std::string* out) {
  const auto ordinary = [](char c) {
    return c != '"' && c != '\\' && static_cast<unsigned char>(c) - 0x20U < 0x5f;
  };
  const size_t before = out->size();
  *out += '"';
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (ordinary(text[i])) continue;
    if (text[i] != '"' && text[i] != '\\') {  // rare
      out->resize(before);
      *out += DumpJson(std::string(text));
      return;
    }
    out->append(text.substr(from, i - from)).append(1, '\\');
    from = i;
  }
  out->append(text.substr(from)).append(1, '"');
}

// Reads from the front of the encoded bytes; after a failure everything reads as zero or empty.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }
  // A number of things that take a byte at least.
  uint64_t Count() {
    const uint64_t count = Number();
    if (count <= bytes_.size()) return count;
    Fail();
    return 0;
  }
  std::string_view Text() {
    const std::string_view text = bytes_.substr(0, Count());
    bytes_.remove_prefix(text.size());
    return text;
  }
  void Fail() {
    failed_ = true;
    bytes_ = {};
  }
  bool failed() const { return failed_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

// A set; `self`: the path that leads to it is in the set, too.
void AppendSet(Cursor* in, bool self, int depth, std::string* out) {
  const uint64_t count = in->Count();
  if (depth > kMaxNesting) in->Fail();
  *out += '{';
  if (self && count > 0) *out += R"(".":{})";
  for (uint64_t i = 0; i < count && !in->failed(); ++i) {
    const uint64_t flags = in->Number();
    const std::string_view element = in->Text();
    if (flags == 0 || flags > 3) in->Fail();
    if (out->back() != '{') *out += ',';
    AppendText(element, out);
    *out += ':';
    if ((flags & 2) == 0) {
      *out += "{}";
    } else if (!in->failed()) {
      AppendSet(in, (flags & 1) != 0, depth + 1, out);
    }
  }
  *out += '}';
}

void AppendEntry(Cursor* in, std::string* out) {
  const bool apply = in->Number() != 0;
  const std::string_view manager = in->Text();
  const std::string_view api_version = in->Text();
  const std::string_view subresource = in->Text();
  const uint64_t time = in->Number();
  *out += R"({"apiVersion":)";
  AppendText(api_version, out);
  *out += R"(,"fieldsType":"FieldsV1","fieldsV1":)";
  AppendSet(in, false, 0, out);
  *out += R"(,"manager":)";
  AppendText(manager, out);
  out->append(R"(,"operation":")").append(apply ? kApply : kUpdate).append(1, '"');
  if (!subresource.empty()) {
    *out += R"(,"subresource":)";
    AppendText(subresource, out);
  }
  if (time != 0) {
    const int64_t seconds = static_cast<int64_t>(time >> 1) ^ -static_cast<int64_t>(time & 1);
    if (seconds > kLastSecond || seconds < -kLastSecond) return in->Fail();
    // Objects that are listed together were often written in the same second.
    thread_local int64_t last = 0;
    thread_local std::string text;
    if (seconds != last) {
      text = FormatTime(WallTime(std::chrono::seconds(seconds)));
      last = seconds;
    }
    out->append(R"(,"time":")").append(text).append(1, '"');
  }
  *out += '}';
}

}  // namespace

Status AppendEncodedAsJson(std::string_view encoded, std::string* out) {
  if (encoded.empty()) return OkStatus();
  const size_t before = out->size();
  Cursor in(encoded);
  if (in.Number() != wire::kVersion) in.Fail();
  const uint64_t count = in.Count();
  *out += '[';
  for (uint64_t i = 0; i < count && !in.failed(); ++i) {
    if (i > 0) *out += ',';
    AppendEntry(&in, out);
  }
  *out += ']';
  if (!in.failed() && in.empty()) return OkStatus();
  out->resize(before);
  return wire::Corrupt();
}

}  // namespace gantry::managedfields
