#include "tests/consistency/runner/api.h"

#include <fmt/format.h>

namespace gantry::consistency {
namespace {

constexpr size_t kUidShown = 13;  // tells them apart well enough

Outcome OutcomeOf(int status, const Json& body) {
  if (status >= 200 && status < 300) return Outcome::kOk;
  const std::string reason = body.value("reason", "");
  switch (status) {
    case 404: return Outcome::kNotFound;
    case 409: return reason == "AlreadyExists" ? Outcome::kExists : Outcome::kConflict;
    case 410: return Outcome::kExpired;
    case 504:
      return body.value("message", "").rfind("Too large resource version", 0) == 0
                 ? Outcome::kFuture
                 : Outcome::kUnknown;
    default: return status >= 400 && status < 500 ? Outcome::kRefused : Outcome::kUnknown;
  }
}

}  // namespace

std::string MapsPath(const std::string& scope) {
  return scope.empty() ? "/api/v1/configmaps" : "/api/v1/namespaces/" + scope + "/configmaps";
}

apiserver::testing::TlsClient* Api::Connection() {
  if (!connection_) connection_ = server_->Connect();
  return connection_.get();
}

Api::Answer Api::Request(std::string_view method, const std::string& target,
                         const std::string& body, std::string_view content_type) {
  auto* const connection = Connection();
  if (connection == nullptr) return {};
  const std::string head = fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: consistency/1\r\n{}"
      "Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
      method, target, server_->authorization(), content_type, body.size());
  const auto answer = connection->Send(head + body) ? connection->ReadAnswer()
                                                    : apiserver::testing::TlsClient::Answer();
  if (answer.status == 0) {
    Drop();
    return {};
  }
  Result<Json> json = ParseJson(answer.body);
  if (!json.ok()) {  // the connection broke in the middle
    Drop();
    return {};
  }
  const Outcome outcome = OutcomeOf(answer.status, *json);
  return {outcome, *std::move(json)};
}

std::optional<Outcome> Api::OpenWatch(const std::string& target) {
  rest_.clear();
  auto* const connection = Connection();
  if (connection == nullptr) return std::nullopt;
  const std::string head =
      fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, server_->authorization());
  const auto answer =
      connection->Send(head) ? connection->ReadHead() : apiserver::testing::TlsClient::Answer();
  if (answer.status == 200) return Outcome::kOk;
  Drop();
  if (answer.status == 410) return Outcome::kExpired;
  if (answer.status == 504) return Outcome::kFuture;
  return std::nullopt;
}

bool Api::NextLine(std::string* line) {
  size_t end;
  while ((end = rest_.find('\n')) == std::string::npos) {
    const std::string chunk = connection_->ReadChunk();
    if (chunk.empty()) return false;
    rest_ += chunk;
  }
  *line = rest_.substr(0, end);
  rest_.erase(0, end + 1);
  return true;
}

Item ItemOf(const Json& object) {
  const Json& meta = object.at("metadata");
  Item item;
  item.key = meta.value("namespace", "") + "/" + meta.value("name", "");
  item.revision = RevisionOf(object);
  item.uid = meta.value("uid", "").substr(0, kUidShown);
  if (object.contains("data")) {
    item.value = object["data"].value("v", "");
    item.patch = object["data"].value("p", "");
  }
  return item;
}

std::vector<Item> ItemsOf(const Json& list) {
  std::vector<Item> items;
  for (const Json& object : list.at("items")) items.push_back(ItemOf(object));
  return items;
}

Revision RevisionOf(const Json& object) {
  return std::stoll(object.at("metadata").value("resourceVersion", "0"));
}

}  // namespace gantry::consistency
