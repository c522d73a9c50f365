#include "tests/apiserver/endpoints/raw_client.h"

#include <gtest/gtest.h>

namespace gantry::testing {

const char* const kConfigMapsPath = "/api/v1/namespaces/default/configmaps";
const char* const kWidgetsPath = "/apis/example.com/v1/namespaces/default/widgets";
const char* const kWidgetCrd = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "widgets.example.com"},
  "spec": {
    "group": "example.com", "scope": "Namespaced",
    "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]},
    "versions": [{
      "name": "v1", "served": true, "storage": true,
      "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
                       "statusReplicasPath": ".status.replicas"}},
      "selectableFields": [{"jsonPath": ".spec.color"}],
      "additionalPrinterColumns": [{"name": "Color", "type": "string", "jsonPath": ".spec.color"}],
      "schema": {"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
          "color": {"type": "string", "default": "red"},
          "replicas": {"type": "integer", "minimum": 0, "maximum": 10},
          "ports": {"type": "array", "items": {"type": "object", "properties": {
            "port": {"type": "integer"}}}}}},
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}}}}}
    }]}})";

std::string RawAnswer::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

RawAnswer RawClient::Do(const std::string& method, const std::string& target,
                        const std::string& body, HeaderList headers) const {
  client::HttpRequest request{method, target, std::move(headers), body};
  const auto response = transport_->Do(Context(), request);
  RawAnswer answer;
  EXPECT_TRUE(response.ok());
  if (!response.ok()) return answer;
  answer.status = response->status;
  answer.text = response->body;
  answer.headers = response->headers;
  const Result<Json> json = ParseJson(response->body);
  if (json.ok()) answer.body = *json;
  return answer;
}

std::vector<Json> RawClient::Lines(const std::string& target, size_t count,
                                   HeaderList headers) const {
  std::vector<Json> lines;
  const auto response = transport_->Stream(Context(), {"GET", target, std::move(headers), ""});
  EXPECT_TRUE(response.ok() && response->stream);
  if (!response.ok() || !response->stream) return lines;
  std::string buffer;
  while (lines.size() < count) {
    const Result<std::string> piece = response->stream->Read();
    if (!piece.ok() || piece->empty()) break;
    buffer += *piece;
    for (size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
      const Result<Json> line = ParseJson(buffer.substr(0, end));
      EXPECT_TRUE(line.ok());
      lines.push_back(line.ok() ? *line : Json());
    }
  }
  return lines;
}

std::string ConfigMapBody(const std::string& name, const std::string& labels_json) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"(","labels":)" +
         labels_json + R"(},"data":{"k":"v"}})";
}

void InstallWidgets(const RawClient& raw) {
  const RawAnswer made =
      raw.Do("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kWidgetCrd);
  ASSERT_EQ(made.status, 201) << made.text;
}

}  // namespace gantry::testing
