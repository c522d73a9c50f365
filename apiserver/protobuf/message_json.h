#pragma once

#include "apis/machinery/base/json.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace gantry::apiserver {

// A message of kubernetes.proto as Kubernetes' JSON: fields by their names, bytes as base64, times
// in RFC 3339, empty fields left out unless they are `keep_empty`. Null for a time that is zero.
// kBadRequest for a time out of range and for managed fields that are not JSON.
Result<Json> MessageToJson(const google::protobuf::Message& message);

}  // namespace gantry::apiserver
