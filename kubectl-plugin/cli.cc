#include "kubectl-plugin/cli.h"

#include <algorithm>
#include <ostream>

#include "kubectl-plugin/args.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

void AddGlobalFlags(const Command& root, Session* session) {
  kubeconfig::Overrides& f = session->flags;
  root.Text("--kubeconfig", &f.kubeconfig,
            "the kubeconfig file, instead of $KUBECONFIG and ~/.kube/config")
      .Text("--context", &f.context, "the context of the kubeconfig to use")
      .Text("--cluster", &f.cluster, "the cluster of the kubeconfig to use")
      .Text("--user", &f.user, "the user of the kubeconfig to use")
      .Text("-n,--namespace", &f.ns, "the namespace to work in")
      .Text("-s,--server", &f.server, "the API server's address, https://host:port")
      .Text("--token", &f.token, "a bearer token")
      .Text("--username", &f.username, "a user name for basic authentication")
      .Text("--password", &f.password, "its password")
      .Text("--certificate-authority", &f.certificate_authority, "a file with the CA's certificate")
      .Text("--client-certificate", &f.client_certificate, "a file with the client's certificate")
      .Text("--client-key", &f.client_key, "a file with the client's key")
      .Text("--tls-server-name", &f.tls_server_name,
            "the name to check the server's certificate for")
      .Flag("--insecure-skip-tls-verify", &f.insecure_skip_tls_verify,
            "do not check the server's certificate")
      .Text("--request-timeout", &session->request_timeout,
            "give up a request after so long (10s)");
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, Session* session) {
  // What follows `--` is a command for a container, whatever it looks like.
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<std::string> own(arguments.begin(), dashes);
  const std::vector<std::string> rest(dashes == arguments.end() ? dashes : dashes + 1,
                                      arguments.end());

  CommandLine line("kubectl-gantry", "Manages applications on fleets of Docker hosts.");
  const Command root = line.root();
  AddGlobalFlags(root, session);
  AddApp(root, session);
  AddApply(root, session);
  AddAudit(root, session);
  AddCompose(root, session);
  AddDelete(root, session);
  AddDescribe(root, session);
  AddEncryption(root, session);
  AddExec(root, session, &rest);
  AddGet(root, session);
  AddImport(root, session);
  AddLifecycle(root, session);
  AddLogs(root, session);
  AddNode(root, session);
  AddResources(root, session);
  AddRollout(root, session);
  AddScale(root, session);
  AddTemplate(root, session);
  AddUser(root, session);
  AddVersion(root, session);
  AddWait(root, session);

  Io& io = session->io();
  const auto parsed = line.Parse(own);
  if (!parsed.ok()) {
    io.err << parsed.error().message << "\nSee 'kubectl-gantry --help' for usage.\n";
    return 1;
  }
  if (!parsed->run) {
    io.out << parsed->help;
    return 0;
  }
  const Result<int> code = parsed->run();
  io.out.flush();
  if (code.ok()) return *code;
  io.err << FormatError(code.error()) << "\n";
  return 1;
}

}  // namespace gantry::kubectl
