#pragma once

#include <functional>
#include <optional>
#include <string>

#include "apis/machinery/base/result.h"
#include "apis/machinery/http/options.h"

// Where the API server is and who we are, by the conventions of kubectl's configuration files.
namespace gantry::kubeconfig {

// What command line flags say; empty: not given. They win over the files.
struct Overrides {
  std::string kubeconfig;  // one file, instead of $KUBECONFIG and ~/.kube/config
  std::string context;
  std::string cluster;
  std::string user;
  std::string ns;
  std::string server;
  std::string token;
  std::string username;
  std::string password;
  std::string certificate_authority;  // file names, relative to the working directory
  std::string client_certificate;
  std::string client_key;
  std::string tls_server_name;
  std::optional<bool> insecure_skip_tls_verify;
};

struct ClientConfig {
  http::TransportOptions transport;  // the proxy of the environment included
  std::string ns;                    // `default` when nobody says
  std::string context;               // its name; empty when flags alone name the server
};

// A variable of the environment; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// Reads --kubeconfig, or every file of $KUBECONFIG (the first file that has an entry wins; files
// that are missing are skipped), or ~/.kube/config. File names in a file are relative to that file.
// Errors (kBadRequest) name the file or the entry: a missing context, unreadable PEM files, an
// `exec` or `auth-provider` plugin, which are not run.
Result<ClientConfig> Load(const Overrides& overrides, const Environment& env);

}  // namespace gantry::kubeconfig
