#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/gantry/encryption.h"
#include "apiserver/gantry/identity.h"
#include "store/store.h"

// The subcommands of `gantry`, one file each. They block until the process is told to end (SIGTERM
// or SIGINT, which main has blocked in all threads) and return why they could not go on.
namespace gantry::program {

struct ServerOptions {
  std::string data_dir = "./data";
  std::string listen = "127.0.0.1:7443";
  std::string store;  // URI; empty: rocksdb:<data_dir>/store
  IdentityOptions identity;
  std::vector<std::string> san;          // further names of the server
  std::string tls_certificate;           // a file; empty: <data_dir>/server.crt
  std::string tls_key;                   // its key's
  std::string client_ca;                 // a file: authorities of clients beside the own
  std::string audit_policy;              // a file; empty: AuditPolicy::Default
  std::optional<std::string> audit_log;  // default <data_dir>/audit/audit.log; empty: none
  int audit_megabytes = 100;             // of a file, before it is rotated
  int audit_files = 10;                  // rotated ones that are kept; 0: all
  int audit_days = 30;                   // that they are kept; 0: for ever
  int max_reads = 400;                   // served at once
  int max_writes = 200;
  int max_connections = 0;             // 0: as many as descriptors allow
  std::optional<int> max_per_address;  // default 1000, and 0 for loopback
  EncryptionFlags encryption;          // none: Secrets, by <data_dir>/encryption.key
  bool with_controllers = true;        // `gantry server`; else `gantry apiserver`
  // How the store's URI is opened; tests put other disks below it.
  std::function<Result<std::unique_ptr<store::Store>>(const std::string& uri)> open_store =
      store::OpenStore;
};
Status RunServer(const ServerOptions& options);

struct ControllersOptions {
  std::string kubeconfig;
  std::vector<std::string> only;               // empty: all
  std::string streams_listen = "127.0.0.1:0";  // where API servers reach logs and exec
};
Status RunControllers(const ControllersOptions& options);

// Waits for SIGTERM or SIGINT.
void WaitForSignal();

}  // namespace gantry::program
