#include "tests/kubectl-plugin/fake_server.h"

namespace gantry::kubectl {
namespace {

constexpr char kCore[] = R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[
  {"version":"v1","resources":[
    {"resource":"events","responseKind":{"kind":"Event"},"scope":"Namespaced","verbs":["list","get"],
     "shortNames":["ev"]},
    {"resource":"namespaces","responseKind":{"kind":"Namespace"},"scope":"Cluster",
     "singularResource":"namespace","verbs":["list","get"],"shortNames":["ns"]},
    {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","singularResource":"node",
     "verbs":["list","get"],"shortNames":["no"]},
    {"resource":"secrets","responseKind":{"kind":"Secret"},"scope":"Namespaced",
     "singularResource":"secret","verbs":["list","get"]}]}]}]})";

constexpr char kGroups[] = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"name":"apiextensions.k8s.io"},"versions":[{"version":"v1","resources":[
    {"resource":"customresourcedefinitions","responseKind":{"kind":"CustomResourceDefinition"},
     "scope":"Cluster","singularResource":"customresourcedefinition","verbs":["list","get"],
     "shortNames":["crd"]}]}]},
  {"metadata":{"name":"gantry.dev"},"versions":[{"version":"v1","resources":[
    {"resource":"applications","responseKind":{"kind":"Application"},"scope":"Namespaced",
     "singularResource":"application","verbs":["list","get"],"shortNames":["app"],
     "categories":["gantry"]},
    {"resource":"containers","responseKind":{"kind":"Container"},"scope":"Namespaced",
     "singularResource":"container","verbs":["list","get"],"shortNames":["ct"],
     "categories":["gantry"]},
    {"resource":"applicationrevisions","responseKind":{"kind":"ApplicationRevision"},
     "scope":"Namespaced","singularResource":"applicationrevision","verbs":["list","get"]},
    {"resource":"servicerevisions","responseKind":{"kind":"ServiceRevision"},"scope":"Namespaced",
     "singularResource":"servicerevision","verbs":["list","get"]},
    {"resource":"nodes","responseKind":{"kind":"Node"},"scope":"Cluster","singularResource":"node",
     "verbs":["list","get"],"shortNames":["gno","no"],"categories":["gantry"]},
    {"resource":"services","responseKind":{"kind":"Service"},"scope":"Namespaced",
     "singularResource":"service","verbs":["list","get"],"shortNames":["gsvc","svc"],
     "categories":["gantry"],"subresources":[{"subresource":"scale"}]}]}]}]})";

class Text : public client::ByteStream {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  Result<std::string> Read() override { return std::exchange(text_, ""); }
  void Close() override {}

 private:
  std::string text_;
};

class Frames : public client::WebSocket {
 public:
  explicit Frames(std::vector<std::string> frames) : frames_(frames.begin(), frames.end()) {}
  Status Send(std::string, bool) override { return OkStatus(); }
  Result<std::string> Receive() override {
    if (frames_.empty()) return Error(Code::kCancelled, "closed");
    std::string frame = frames_.front();
    frames_.pop_front();
    return frame;
  }
  void Close() override {}
  std::string protocol() const override { return "v5.channel.k8s.io"; }

 private:
  std::deque<std::string> frames_;
};

}  // namespace

FakeServer::FakeServer() {
  On("GET /api", 200, kCore);
  On("GET /apis", 200, kGroups);
}

void FakeServer::On(const std::string& request, int status, const std::string& body) {
  answers_[request].emplace_back(status, body);
}

std::pair<int, std::string> FakeServer::Answer(const client::HttpRequest& request) {
  requests.push_back(request);
  const auto it = answers_.find(request.method + " " + request.target);
  if (it == answers_.end()) {
    return {404, R"({"kind":"Status","reason":"NotFound","code":404,"message":"no answer to )" +
                     request.method + " " + request.target + "\"}"};
  }
  const auto answer = it->second.front();
  if (it->second.size() > 1) it->second.pop_front();
  return answer;
}

Result<client::HttpResponse> FakeServer::Do(const Context&, const client::HttpRequest& request) {
  auto [status, body] = Answer(request);
  return client::HttpResponse{status, {}, body};
}

Result<client::StreamResponse> FakeServer::Stream(const Context&,
                                                  const client::HttpRequest& request) {
  auto [status, body] = Answer(request);
  client::StreamResponse response;
  response.status = status;
  if (status >= 300) {
    response.error_body = body;
  } else {
    response.stream = std::make_unique<Text>(body);
  }
  return response;
}

Result<std::unique_ptr<client::WebSocket>> FakeServer::Connect(const Context&,
                                                               const client::HttpRequest& request,
                                                               const std::vector<std::string>&) {
  requests.push_back(request);
  return std::make_unique<Frames>(frames);
}

CliRun::CliRun(const std::shared_ptr<FakeServer>& server, const std::vector<std::string>& arguments,
               const std::string& input) {
  std::stringstream in(input), out_stream, err_stream;
  Session session({in, out_stream, err_stream}, server);
  code = RunCli(arguments, &session);
  out = out_stream.str();
  err = err_stream.str();
}

}  // namespace gantry::kubectl
