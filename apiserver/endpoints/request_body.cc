#include "apiserver/endpoints/request_body.h"

#include "apis/machinery/base/json_slice.h"
#include "apis/machinery/yaml/yaml.h"
#include "apiserver/endpoints/negotiate.h"
#include "apiserver/protobuf/body.h"

namespace gantry::apiserver {

std::vector<std::string> DecodedBody::Complaints() const {
  std::vector<std::string> complaints;
  for (const std::string& path : duplicates) {
    complaints.push_back(fmt::format("duplicate field \"{}\"", path));
  }
  return complaints;
}

Result<DecodedBody> DecodeText(const std::string& text, const std::string& media_type) {
  DecodedBody body;
  if (media_type.empty() || media_type == "application/json") {
    if (HasManyValues(text, kMaxBodyValues)) {
      return Error(Code::kTooLarge,
                   fmt::format("Request entity too large: the body has more than {} values",
                               kMaxBodyValues));
    }
    GANTRY_TRY_SET(body.value, ParseJson(text, &body.duplicates));
    return body;
  }
  if (media_type == kProtobufMediaType) {
    GANTRY_TRY_SET(body.value, DecodeProtobuf(text, kMaxBodyValues));
    return body;
  }
  if (media_type != "application/yaml") {
    return Error(Code::kUnsupportedMediaType,
                 "the body of the request was in an unknown format - accepted media types include: "
                 "application/json, application/yaml, application/vnd.kubernetes.protobuf");
  }
  GANTRY_TRY_SET(std::vector<yaml::YamlDocument> documents, yaml::ParseYaml(text));
  if (documents.size() != 1) {
    return Error(Code::kBadRequest,
                 fmt::format("the body must be one YAML document, got {}", documents.size()));
  }
  body.value = std::move(documents[0].value);
  for (yaml::DuplicateKey& key : documents[0].duplicates) {
    body.duplicates.push_back(std::move(key.path));
  }
  return body;
}

Result<DecodedBody> DecodeBody(const Request& request) {
  return DecodeText(request.body, MediaType(request.headers.Get("Content-Type")));
}

}  // namespace gantry::apiserver
