#include "apis/machinery/kubeconfig/render.h"

#include <fmt/format.h>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/base/json.h"

namespace gantry::kubeconfig {
namespace {

// Any text is a scalar of YAML as JSON writes it.
std::string Quoted(const std::string& text) { return DumpJson(text); }

std::string Cluster(const http::TransportOptions& client) {
  std::string out = fmt::format("    server: {}\n", client.server);
  if (!client.tls.ca_pem.empty()) {
    out += fmt::format("    certificate-authority-data: {}\n", Base64Encode(client.tls.ca_pem));
  }
  if (!client.tls.server_name.empty()) {
    out += fmt::format("    tls-server-name: {}\n", Quoted(client.tls.server_name));
  }
  if (client.tls.insecure_skip_verify) out += "    insecure-skip-tls-verify: true\n";
  return out;
}

}  // namespace

std::string Render(const Rendering& what) {
  const std::string user = Quoted(what.user);
  const std::string context = Quoted(what.context);
  return fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "current-context: {context}\n"
      "clusters:\n"
      "- name: gantry\n"
      "  cluster:\n"
      "{cluster}"
      "users:\n"
      "- name: {user}\n"
      "  user:\n"
      "    client-certificate-data: {certificate}\n"
      "    client-key-data: {key}\n"
      "contexts:\n"
      "- name: {context}\n"
      "  context:\n"
      "    cluster: gantry\n"
      "    user: {user}\n"
      "{ns}",
      fmt::arg("context", context), fmt::arg("cluster", Cluster(what.client)),
      fmt::arg("user", user),
      fmt::arg("certificate", Base64Encode(what.client.tls.client_cert_pem)),
      fmt::arg("key", Base64Encode(what.client.tls.client_key_pem)),
      fmt::arg("ns", what.ns.empty() ? "" : fmt::format("    namespace: {}\n", Quoted(what.ns))));
}

}  // namespace gantry::kubeconfig
