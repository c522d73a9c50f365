#include <fmt/format.h>

#include <ostream>
#include <set>

#include "apis/compose/compose.h"
#include "apis/convert/from_swarm.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/http/https_transport.h"
#include "apis/machinery/http/unix_socket.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"

namespace gantry::kubectl {
namespace {

constexpr std::string_view kUnixScheme = "unix://";
constexpr std::string_view kTcp = "tcp://";

struct ImportFlags {
  std::string endpoint = "unix:///var/run/docker.sock";
  std::string tls_dir;
  std::string stack;
  std::string name = "swarm";
  bool insecure = false;
};

// Asks an engine.
class Engine {
 public:
  static Result<Engine> Connect(Session& session, const ImportFlags& flags) {
    Engine engine;
    if (flags.endpoint.starts_with(kUnixScheme)) {
      engine.socket_ = flags.endpoint.substr(kUnixScheme.size());
      return engine;
    }
    if (!flags.endpoint.starts_with(kTcp))
      return LocalError("--endpoint must be unix:///path or tcp://host:port");
    if (flags.tls_dir.empty() && !flags.insecure)
      return LocalError(
          "--tls-dir with ca.pem, cert.pem and key.pem is required for a tcp "
          "endpoint, or --insecure");
    http::TransportOptions options;
    options.server =
        (flags.tls_dir.empty() ? "http://" : "https://") + flags.endpoint.substr(kTcp.size());
    if (!flags.tls_dir.empty()) {
      const auto read = [&](const char* file, std::string* out) -> Status {
        GANTRY_TRY_SET(*out, ReadTextFile(session.io(), flags.tls_dir + "/" + file));
        return OkStatus();
      };
      GANTRY_TRY(read("ca.pem", &options.tls.ca_pem));
      GANTRY_TRY(read("cert.pem", &options.tls.client_cert_pem));
      GANTRY_TRY(read("key.pem", &options.tls.client_key_pem));
    }
    GANTRY_TRY_SET(engine.transport_, http::NewHttpsTransport(options));
    return engine;
  }

  Result<Json> Get(const Context& ctx, const std::string& target) const {
    client::HttpRequest request;
    request.method = "GET";
    request.target = target;
    GANTRY_TRY_SET(
        const client::HttpResponse response,
        transport_ ? transport_->Do(ctx, request) : http::DoOverUnixSocket(ctx, socket_, request));
    const Result<Json> body = ParseJson(response.body);
    if (response.status == 200 && body.ok()) return body;
    return LocalError(fmt::format("the engine answers {} to GET {}: {}", response.status, target,
                                  body.ok() ? GetString(*body, "message") : response.body));
  }

 private:
  std::string socket_;
  std::shared_ptr<client::Transport> transport_;
};

Result<convert::Swarm> Ask(Session& session, const Engine& engine) {
  convert::Swarm swarm;
  const Context& ctx = session.ctx();
  GANTRY_TRY_SET(swarm.services, engine.Get(ctx, "/services"));
  GANTRY_TRY_SET(swarm.networks, engine.Get(ctx, "/networks"));
  GANTRY_TRY_SET(const Json volumes, engine.Get(ctx, "/volumes"));
  swarm.volumes = GetArray(volumes, "Volumes");
  GANTRY_TRY_SET(swarm.configs, engine.Get(ctx, "/configs"));
  GANTRY_TRY_SET(swarm.secrets, engine.Get(ctx, "/secrets"));
  return swarm;
}

Result<int> ImportSwarm(Session& session, const ImportFlags& flags) {
  GANTRY_TRY_SET(const Engine engine, Engine::Connect(session, flags));
  GANTRY_TRY_SET(const convert::Swarm swarm, Ask(session, engine));
  Io& io = session.io();
  bool any = false;
  const auto print = [&](const Json& object) {
    if (any) io.out << "---\n";
    io.out << yaml::ToYaml(object);
    any = true;
  };
  std::set<std::string> applications;
  std::set<std::string> config_maps;
  const auto name_of = [&](const char* what, const std::string& called,
                           std::set<std::string>* taken) {
    std::string name = convert::DnsName(called, taken);
    if (name != called)
      io.err << "warning: " << what << " " << called << " is renamed to " << name << std::endl;
    return name;
  };
  for (const auto& [stack, found] : convert::FromSwarm(swarm)) {
    if (!flags.stack.empty() && stack != flags.stack) continue;
    const std::string called = stack.empty() ? flags.name : stack;
    const std::string name = name_of("stack", called, &applications);
    for (const auto& [config, data] : found.configs)
      print(convert::ConfigMapOf(name_of("config", name + "-" + config, &config_maps), data));
    compose::Input input;
    input.application = name;
    input.text = yaml::ToYaml(found.compose);
    print({{"apiVersion", v1::kApplications.group + "/" + v1::kApplications.version},
           {"kind", v1::kApplications.kind},
           {"metadata", {{"name", name}}},
           {"spec", {{"compose", input.text}}}});
    const compose::Output output = compose::Convert(input);
    for (const std::string& note : found.notes)
      io.err << "warning: application " << name << ": " << note << std::endl;
    for (const std::string& warning : output.warnings)
      io.err << "warning: application " << name << ": " << warning << std::endl;
    for (const FieldError& error : output.errors)
      io.err << "warning: application " << name << " would be refused: " << error.ToString()
             << std::endl;
  }
  if (any) return 0;
  return LocalError(flags.stack.empty()
                        ? "the swarm has no services"
                        : fmt::format("the swarm has no stack \"{}\"", flags.stack));
}

}  // namespace

void AddImport(const Command& root, Session* session) {
  const Command import = root.Add("import", "take over what runs elsewhere");
  auto flags = std::make_shared<ImportFlags>();
  const Command swarm = import.Add(
      "swarm", "print manifests of a live swarm's services, configs and volumes",
      "kubectl-gantry import swarm --endpoint unix:///var/run/docker.sock [--stack NAME]");
  swarm
      .Text("--endpoint", &flags->endpoint,
            "the engine of a manager: unix:///path or tcp://host:port")
      .Text("--tls-dir", &flags->tls_dir, "a directory with ca.pem, cert.pem and key.pem")
      .Flag("--insecure", &flags->insecure, "a tcp endpoint without TLS")
      .Text("--stack", &flags->stack, "this stack alone")
      .Text("--name", &flags->name, "the application of services without a stack (swarm)");
  swarm.Runs([session, flags] { return ImportSwarm(*session, *flags); });
}

}  // namespace gantry::kubectl
