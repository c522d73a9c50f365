#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/encoding.h"
#include "apiserver/protobuf/body.h"
#include "apiserver/protobuf/kubernetes.pb.h"
#include "tests/fuzz/check.h"

namespace {

namespace kubernetes = gantry::kubernetes;
using gantry::DumpJson;
using gantry::Json;
using gantry::apiserver::DecodeProtobuf;
using gantry::fuzz::Require;
using google::protobuf::Message;

constexpr size_t kMaxFields = 10'000;  // more than inputs have

struct Kind {
  const char* api_version;
  const char* kind;
  const Message* prototype;
};

const auto& Kinds() {
  static const std::array<Kind, 12> kinds = {{
      {"v1", "Namespace", &kubernetes::Namespace::default_instance()},
      {"v1", "ConfigMap", &kubernetes::ConfigMap::default_instance()},
      {"v1", "Secret", &kubernetes::Secret::default_instance()},
      {"v1", "ServiceAccount", &kubernetes::ServiceAccount::default_instance()},
      {"v1", "Event", &kubernetes::Event::default_instance()},
      {"coordination.k8s.io/v1", "Lease", &kubernetes::Lease::default_instance()},
      {"authorization.k8s.io/v1", "SelfSubjectAccessReview",
       &kubernetes::SelfSubjectAccessReview::default_instance()},
      {"authorization.k8s.io/v1", "SelfSubjectRulesReview",
       &kubernetes::SelfSubjectRulesReview::default_instance()},
      {"authentication.k8s.io/v1", "SelfSubjectReview",
       &kubernetes::SelfSubjectReview::default_instance()},
      {"authentication.k8s.io/v1", "TokenRequest", &kubernetes::TokenRequest::default_instance()},
      {"authentication.k8s.io/v1", "TokenReview", &kubernetes::TokenReview::default_instance()},
      {"any/v1", "DeleteOptions", &kubernetes::DeleteOptions::default_instance()},
  }};
  return kinds;
}

std::string Enveloped(const Kind& kind, std::string raw) {
  kubernetes::Unknown envelope;
  envelope.mutable_typemeta()->set_apiversion(kind.api_version);
  envelope.mutable_typemeta()->set_kind(kind.kind);
  envelope.set_raw(std::move(raw));
  return std::string("k8s\0", 4) + envelope.SerializeAsString();
}

// What a message FieldsV1 holds; nothing when `printed` is none.
std::optional<Json> RawOf(const Json& printed) {
  if (!printed.is_object() || printed.size() != 1 || !printed.contains("Raw")) return std::nullopt;
  const auto raw = gantry::Base64Decode(printed["Raw"].get_ref<const std::string&>());
  const auto json = gantry::ParseJson(raw.value_or(""));
  return json.ok() ? *json : Json();
}

bool IsEmpty(const Json& value) {
  if (const auto raw = RawOf(value)) return raw->is_null();
  if (value == "0") return true;  // of 64 bits
  if (value.is_structured() || value.is_null()) return value.empty();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value == 0 || value == false;
}

// `ours` against what the library prints of the same message: numbers of 64 bits as texts, times
// and managed fields as messages, and everything that was sent, empty or not.
bool Agrees(const Json& ours, const Json& theirs) {
  if (theirs.is_object() && ours.is_string()) {
    return gantry::IsTime(ours.get_ref<const std::string&>()) &&
           std::all_of(theirs.items().begin(), theirs.items().end(), [](const auto& member) {
             return member.key() == "seconds" || member.key() == "nanos";
           });
  }
  if (RawOf(theirs) == ours) return true;
  if (theirs.is_array()) {
    return ours.is_array() &&
           std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), Agrees);
  }
  if (theirs.is_object()) {
    size_t common = 0;
    for (const auto& [key, value] : theirs.items()) {
      const auto mine = ours.find(key);
      if (mine == ours.end()) {
        if (!IsEmpty(value)) return false;
        continue;
      }
      ++common;
      if (!Agrees(*mine, value)) return false;
    }
    return ours.is_object() && common == ours.size();
  }
  if (ours.is_number_integer() && theirs.is_string()) return DumpJson(ours) == theirs;
  return ours == theirs;
}

void CheckDecoded(const Json& object) {
  Require(object.is_object() && object["kind"].is_string() && object["apiVersion"].is_string(),
          "what decodes is an object that names its kind");
  const auto again = gantry::ParseJson(DumpJson(object));
  Require(again.ok() && *again == object, "what decodes prints", DumpJson(object));
}

void CheckMessage(const Kind& kind, const std::string& raw) {
  const google::protobuf::LogSilencer silencer;
  const std::unique_ptr<Message> message(kind.prototype->New());
  const bool parsed = message->ParseFromString(raw);
  auto decoded = DecodeProtobuf(Enveloped(kind, raw), kMaxFields);
  if (!decoded.ok()) {
    Require(decoded.code() == gantry::Code::kBadRequest, "a message is refused as a bad request",
            decoded.error().message);
    return;
  }
  Require(parsed, "what decodes is a message");
  CheckDecoded(*decoded);
  const auto canonical = DecodeProtobuf(Enveloped(kind, message->SerializeAsString()), kMaxFields);
  Require(canonical.ok() && *canonical == *decoded, "the canonical form means the same");

  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  Require(google::protobuf::util::MessageToJsonString(*message, &text, options).ok(),
          "the library prints what decodes", DumpJson(*decoded));
  const auto theirs = gantry::ParseJson(text);
  Require(theirs.ok(), "what the library prints parses", text);
  decoded->erase("apiVersion");
  decoded->erase("kind");
  Require(Agrees(*decoded, *theirs), "the library says the same", DumpJson(*decoded), text);
}

}  // namespace

// A body with its envelope, or a byte that chooses a kind and a message of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = gantry::fuzz::AsText(data, size);
  if (const auto decoded = DecodeProtobuf(bytes, kMaxFields); decoded.ok()) CheckDecoded(*decoded);
  if (bytes.empty() || bytes[0] == 'k') return 0;
  CheckMessage(Kinds()[data[0] % Kinds().size()], std::string(bytes.substr(1)));
  return 0;
}
