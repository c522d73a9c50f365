#include "apiserver/protobuf/body.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <map>
#include <memory>
#include <utility>

#include "apiserver/protobuf/field_count.h"
#include "apiserver/protobuf/kubernetes.pb.h"
#include "apiserver/protobuf/message_json.h"

namespace gantry::apiserver {
namespace {

using ::google::protobuf::Message;

constexpr std::string_view kMark("k8s\0", 4);

// The empty message of a kind, or null.
const Message* PrototypeOf(const std::string& api_version, const std::string& kind) {
  // Every group has its own DeleteOptions, all of the same form.
  if (kind == "DeleteOptions") return &kubernetes::DeleteOptions::default_instance();
  static const auto* const kPrototypes =
      new std::map<std::pair<std::string, std::string>, const Message*>{
          {{"v1", "Namespace"}, &kubernetes::Namespace::default_instance()},
          {{"v1", "ConfigMap"}, &kubernetes::ConfigMap::default_instance()},
          {{"v1", "Secret"}, &kubernetes::Secret::default_instance()},
          {{"v1", "ServiceAccount"}, &kubernetes::ServiceAccount::default_instance()},
          {{"v1", "ResourceQuota"}, &kubernetes::ResourceQuota::default_instance()},
          {{"v1", "Event"}, &kubernetes::Event::default_instance()},
          {{"coordination.k8s.io/v1", "Lease"}, &kubernetes::Lease::default_instance()},
          {{"authorization.k8s.io/v1", "SelfSubjectAccessReview"},
           &kubernetes::SelfSubjectAccessReview::default_instance()},
          {{"authorization.k8s.io/v1", "SelfSubjectRulesReview"},
           &kubernetes::SelfSubjectRulesReview::default_instance()},
          {{"authorization.k8s.io/v1", "SubjectAccessReview"},
           &kubernetes::SubjectAccessReview::default_instance()},
          {{"authorization.k8s.io/v1", "LocalSubjectAccessReview"},
           &kubernetes::LocalSubjectAccessReview::default_instance()},
          {{"rbac.authorization.k8s.io/v1", "Role"}, &kubernetes::Role::default_instance()},
          {{"rbac.authorization.k8s.io/v1", "ClusterRole"},
           &kubernetes::ClusterRole::default_instance()},
          {{"rbac.authorization.k8s.io/v1", "RoleBinding"},
           &kubernetes::RoleBinding::default_instance()},
          {{"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
           &kubernetes::ClusterRoleBinding::default_instance()},
          {{"certificates.k8s.io/v1", "CertificateSigningRequest"},
           &kubernetes::CertificateSigningRequest::default_instance()},
          {{"authentication.k8s.io/v1", "SelfSubjectReview"},
           &kubernetes::SelfSubjectReview::default_instance()},
          {{"authentication.k8s.io/v1", "TokenRequest"},
           &kubernetes::TokenRequest::default_instance()},
          {{"authentication.k8s.io/v1", "TokenReview"},
           &kubernetes::TokenReview::default_instance()},
      };
  const auto it = kPrototypes->find({api_version, kind});
  return it == kPrototypes->end() ? nullptr : it->second;
}

// nlohmann/json takes any bytes for a string and throws only when it writes them.
Status CheckUtf8(const Json& value) {
  try {
    (void)value.dump();
  } catch (const Json::type_error&) {
    return Error(Code::kBadRequest, "the protobuf body has a string that is not UTF-8");
  }
  return OkStatus();
}

Error TooMany(size_t max_fields) {
  return Error(
      Code::kTooLarge,
      fmt::format("Request entity too large: the body has more than {} values", max_fields));
}

}  // namespace

Result<Json> DecodeProtobuf(std::string_view body, size_t max_fields) {
  if (body.substr(0, kMark.size()) != kMark) {
    return Error(Code::kBadRequest, "the protobuf body does not begin with the mark \"k8s\\0\"");
  }
  body.remove_prefix(kMark.size());
  // The library writes to stderr what is wrong with bytes that any client may send.
  const ::google::protobuf::LogSilencer silencer;
  kubernetes::Unknown envelope;
  if (HasManyFields(body, *envelope.GetDescriptor(), max_fields)) return TooMany(max_fields);
  if (!envelope.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Error(Code::kBadRequest, "the envelope of the protobuf body does not decode");
  }
  const std::string& api_version = envelope.typemeta().apiversion();
  const std::string& kind = envelope.typemeta().kind();
  const std::string& type = envelope.contenttype();
  if (!envelope.contentencoding().empty() || (!type.empty() && type != kProtobufMediaType)) {
    return Error(Code::kUnsupportedMediaType,
                 "the object inside a protobuf body must be protobuf itself, without an encoding");
  }
  if (api_version.empty() || kind.empty()) {
    return Error(Code::kBadRequest, "the protobuf body must name its apiVersion and kind");
  }
  const Message* prototype = PrototypeOf(api_version, kind);
  if (prototype == nullptr) {
    return Error(Code::kUnsupportedMediaType,
                 fmt::format("kind {} of {} is not known as protobuf: send application/json", kind,
                             api_version));
  }
  if (HasManyFields(envelope.raw(), *prototype->GetDescriptor(), max_fields)) {
    return TooMany(max_fields);
  }
  const std::unique_ptr<Message> message(prototype->New());
  if (!message->ParseFromString(envelope.raw())) {
    return Error(
        Code::kBadRequest,
        fmt::format("the protobuf body does not decode as kind {} of {}", kind, api_version));
  }
  GANTRY_TRY_SET(Json object, MessageToJson(*message));
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  GANTRY_TRY(CheckUtf8(object));
  return object;
}

}  // namespace gantry::apiserver
