#include "apiserver/protobuf/message_json.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "apis/machinery/base/encoding.h"
#include "apiserver/protobuf/kubernetes.pb.h"

namespace gantry::apiserver {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

// Not FormatTime: a WallTime counts nanoseconds and ends in the year 2262.
template <typename Stamp>
Result<Json> TimeToJson(const Stamp& stamp, bool micros) {
  // Go sends its zero time as an empty message, and the epoch as one with zeroes.
  if (!stamp.has_seconds() && !stamp.has_nanos()) return Json();
  if (stamp.seconds() < kFirstSecond || stamp.seconds() > kLastSecond || stamp.nanos() < 0 ||
      stamp.nanos() > 999'999'999) {
    return Error(Code::kBadRequest,
                 fmt::format("a time must be within the years 1 to 9999, got {} s {} ns",
                             stamp.seconds(), stamp.nanos()));
  }
  const std::chrono::sys_seconds time{std::chrono::seconds(stamp.seconds())};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (micros) text += fmt::format(".{:06}", stamp.nanos() / 1000);
  return Json(text + "Z");
}

Result<Json> SingularToJson(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(reflection.GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = reflection.GetString(message, field);
      if (field->type() == FieldDescriptor::TYPE_BYTES) text = Base64Encode(text);
      return Json(std::move(text));
    }
    case FieldDescriptor::CPPTYPE_BOOL: return Json(reflection.GetBool(message, field));
    case FieldDescriptor::CPPTYPE_INT32: return Json(reflection.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64: return Json(reflection.GetInt64(message, field));
    default:
      return Error(Code::kInternal, "no JSON form for the type of field " + field->full_name());
  }
}

Result<Json> MapToJson(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  Json object = Json::object();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, field, i);
    const Descriptor* type = entry.GetDescriptor();
    const std::string key = entry.GetReflection()->GetString(entry, type->map_key());
    GANTRY_TRY_SET(object[key], SingularToJson(entry, type->map_value()));
  }
  return object;
}

Result<Json> ListToJson(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  Json list = Json::array();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      list.push_back(reflection.GetRepeatedString(message, field, i));
      continue;
    }
    GANTRY_TRY_SET(Json element, MessageToJson(reflection.GetRepeatedMessage(message, field, i)));
    list.push_back(std::move(element));
  }
  return list;
}

// As Go's omitempty judges: structs are never empty.
bool IsEmpty(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_boolean()) return !value.get<bool>();
  return value.is_number() && value.get<int64_t>() == 0;
}

}  // namespace

Result<Json> MessageToJson(const Message& message) {
  const Descriptor* type = message.GetDescriptor();
  if (type == kubernetes::Time::descriptor()) {
    return TimeToJson(static_cast<const kubernetes::Time&>(message), /*micros=*/false);
  }
  if (type == kubernetes::MicroTime::descriptor()) {
    return TimeToJson(static_cast<const kubernetes::MicroTime&>(message), /*micros=*/true);
  }
  if (type == kubernetes::FieldsV1::descriptor()) {
    const std::string& raw = static_cast<const kubernetes::FieldsV1&>(message).raw();
    return raw.empty() ? Result<Json>(Json()) : ParseJson(raw).Wrap("managed fields");
  }
  if (type == kubernetes::ExtraValue::descriptor()) {
    const auto& items = static_cast<const kubernetes::ExtraValue&>(message).items();
    return Json(std::vector<std::string>(items.begin(), items.end()));
  }
  if (type == kubernetes::Quantity::descriptor()) {
    return Json(static_cast<const kubernetes::Quantity&>(message).string());
  }
  Json object = Json::object();
  // Maps and lists are among them only when they have elements.
  std::vector<const FieldDescriptor*> present;
  message.GetReflection()->ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    Result<Json> value = field->is_map()        ? MapToJson(message, field)
                         : field->is_repeated() ? ListToJson(message, field)
                                                : SingularToJson(message, field);
    if (!value.ok()) return value;
    const bool keep = field->options().GetExtension(kubernetes::keep_empty);
    if (value->is_null() || (!keep && IsEmpty(*value))) continue;
    object[field->name()] = *std::move(value);
  }
  return object;
}

}  // namespace gantry::apiserver
