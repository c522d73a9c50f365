// `gantry`: the server, its parts alone, and tools for the store. apiserver/gantry/README.md
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "apis/machinery/archive/archive.h"
#include "apis/machinery/base/log.h"
#include "apis/machinery/base/memory.h"
#include "apiserver/gantry/commands.h"
#include "apiserver/server/nonresource.h"
#include "store/rocksdb/backup.h"
#include "store/tools/check.h"

namespace gantry::program {
namespace {

// Signals go to the thread that waits for them; threads made later inherit the mask. A peer that
// left is an error of a write, not the end of the process.
void PrepareSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

// Secrets are in the memory of this process: no core file of it is written, and nobody but root
// attaches to it or reads its memory.
void KeepMemoryPrivate() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

void AddEncryptionOptions(CLI::App* command, EncryptionFlags* flags, const std::string& otherwise) {
  command->add_option("--encryption-provider-config", flags->provider_config,
                      "What to encrypt with which keys: an EncryptionConfiguration of "
                      "apiserver.config.k8s.io/v1 with aesgcm and identity" +
                          otherwise);
  command->add_option("--encryption-key-file", flags->key_file,
                      "The key of Secrets at rest, 32 bytes or their base64" + otherwise);
}

void AddServerOptions(CLI::App* command, ServerOptions* options) {
  command->add_option("--data-dir", options->data_dir, "Directory of store, keys and kubeconfig")
      ->capture_default_str();
  command->add_option("--listen", options->listen, "Address and port; port 0 takes a free one")
      ->capture_default_str();
  command->add_option("--store", options->store,
                      "Store URI, memory: or rocksdb:DIR; default rocksdb:<data-dir>/store");
  AddIdentityOptions(command, &options->identity);
  command->add_option("--audit-policy-file", options->audit_policy,
                      "What to record: a Policy of audit.k8s.io/v1; default: who changed what");
  command->add_option("--audit-log-path", options->audit_log,
                      "Where; default <data-dir>/audit/audit.log; \"\": nowhere");
  command
      ->add_option("--audit-log-maxsize", options->audit_megabytes,
                   "Megabytes of the audit log before it is rotated")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--audit-log-maxbackup", options->audit_files,
                   "Rotated audit logs that are kept; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--audit-log-maxage", options->audit_days,
                   "Days that rotated audit logs are kept; 0: for ever")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--max-requests-inflight", options->max_reads,
                   "Reads that are served at once; more of them wait in line")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command
      ->add_option("--max-mutating-requests-inflight", options->max_writes,
                   "Writes that are served at once; more of them wait in line")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  AddEncryptionOptions(command, &options->encryption,
                       "; default: Secrets, by <data-dir>/encryption.key");
  command
      ->add_option("--max-connections", options->max_connections,
                   "Connections at once; 0: as many as the limit of open files allows")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option(
          "--max-connections-per-address", options->max_per_address,
          "Connections of one address at once, 0: no bound; default 1000, and no bound for "
          "this machine's own")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--san", options->san, "A further name or address of the server");
  const std::string followed = "; read again when it changes";
  command->add_option("--tls-cert-file", options->tls_certificate,
                      "The certificate to serve with, and behind it its issuers'; default "
                      "<data-dir>/server.crt, which renews itself" +
                          followed);
  command->add_option("--tls-private-key-file", options->tls_key,
                      "The key of --tls-cert-file" + followed);
  command->add_option("--client-ca-file", options->client_ca,
                      "Authorities whose client certificates are accepted, beside "
                      "<data-dir>/ca.crt" +
                          followed);
}

int Report(const Status& status) {
  if (status.ok()) return 0;
  std::cerr << "error: " << status.error().message << "\n";
  return 1;
}

// Nothing when no keys are given: sealed values are then shown as such.
Result<std::optional<store::Keyring>> KeysOfTools(const EncryptionFlags& flags) {
  if (!flags.given()) return std::optional<store::Keyring>();
  GANTRY_TRY_SET(store::Keyring keyring, MakeKeyring(flags, ""));
  return std::optional<store::Keyring>(std::move(keyring));
}

int RunStoreDump(const std::string& dir, const std::string& prefix, const EncryptionFlags& flags) {
  const auto keys = KeysOfTools(flags);
  if (!keys.ok()) return Report(keys.error());
  return Report(store::DumpStore(dir, prefix, std::cout, *keys ? &**keys : nullptr));
}

int RunStoreCheck(const std::string& dir, const EncryptionFlags& flags) {
  const auto keys = KeysOfTools(flags);
  if (!keys.ok()) return Report(keys.error());
  const auto report = store::CheckStore(dir, std::cout, *keys ? &**keys : nullptr);
  if (!report.ok()) return Report(report.error());
  return report->problems == 0 ? 0 : 1;
}

// Backups that came from a running server are archives, others directories.
Result<store::Revision> Restore(const std::string& backup, const std::string& dir,
                                const store::RestoreOptions& options) {
  if (!std::filesystem::is_regular_file(backup)) return store::RestoreBackup(backup, dir, options);
  const std::string unpacked = dir + ".unpacked";
  GANTRY_TRY(archive::Unpack(backup, unpacked));
  auto revision = store::RestoreBackup(unpacked, dir, options);
  std::error_code ignored;
  std::filesystem::remove_all(unpacked, ignored);
  return revision;
}

int RunStoreRestore(const std::string& backup, const std::string& dir) {
  store::RestoreOptions options;
  options.above =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::Real()->Now().time_since_epoch())
          .count();
  const auto revision = Restore(backup, dir, options);
  if (!revision.ok()) return Report(revision.error());
  std::cout << "restored; revisions continue at " << *revision << "\n";
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Gantry: a Kubernetes-style control plane for Docker hosts");
  app.require_subcommand(1);
  std::string log_level = "info";
  app.add_option("--log-level", log_level, "debug, info, warn or error")->capture_default_str();

  ServerOptions server;
  CLI::App* const server_command =
      app.add_subcommand("server", "API server and all controllers in one process");
  AddServerOptions(server_command, &server);
  CLI::App* const apiserver_command = app.add_subcommand("apiserver", "The API server alone");
  AddServerOptions(apiserver_command, &server);

  ControllersOptions controllers;
  CLI::App* const controllers_command =
      app.add_subcommand("controllers", "Controllers alone, against any API server");
  controllers_command->add_option("--kubeconfig", controllers.kubeconfig,
                                  "How to reach the API server; default as kubectl's");
  controllers_command->add_option("--only", controllers.only, "Which ones, separated by commas")
      ->delimiter(',');
  controllers_command
      ->add_option("--streams-listen", controllers.streams_listen,
                   "Address and port at which API servers reach logs and exec; port 0 takes a free "
                   "one")
      ->capture_default_str();

  CLI::App* const store_command =
      app.add_subcommand("store", "Tools for the store of a stopped server");
  store_command->require_subcommand(1);
  std::string dir;
  std::string backup;
  std::string prefix;
  CLI::App* const check = store_command->add_subcommand("check", "Verify a store or a backup");
  check->add_option("dir", dir, "The store's directory")->required();
  CLI::App* const dump = store_command->add_subcommand("dump", "Print every key, a JSON line each");
  dump->add_option("dir", dir, "The store's directory")->required();
  dump->add_option("--prefix", prefix, "Only keys that begin so");
  EncryptionFlags keys;
  AddEncryptionOptions(check, &keys, "; tries every sealed value");
  AddEncryptionOptions(dump, &keys, "; shows sealed values as text");
  CLI::App* const save = store_command->add_subcommand("backup", "Copy a store, consistently");
  save->add_option("dir", dir, "The store's directory")->required();
  save->add_option("backup", backup, "The backup's directory, which must not exist")->required();
  CLI::App* const restore = store_command->add_subcommand("restore", "Make a store from a backup");
  restore
      ->add_option("backup", backup, "The backup: a directory, or the tar file that a server gave")
      ->required();
  restore->add_option("dir", dir, "The new store's directory, which must not exist")->required();

  CLI::App* const version_command = app.add_subcommand("version", "Print the version");
  CLI11_PARSE(app, argc, argv);

  if (!log::SetLevel(log_level)) {
    std::cerr << "error: --log-level must be debug, info, warn or error, got '" << log_level
              << "'\n";
    return 1;
  }
  if (*version_command) {
    std::cout << "gantry " << apiserver::kGitVersion << "\n";
    return 0;
  }
  if (*check) return RunStoreCheck(dir, keys);
  if (*dump) return RunStoreDump(dir, prefix, keys);
  if (*save) return Report(store::BackupStore(dir, backup));
  if (*restore) return RunStoreRestore(backup, dir);

  PrepareSignals();
  KeepMemoryPrivate();
  ReturnLargeBlocks();
  if (*controllers_command) return Report(RunControllers(controllers));
  server.with_controllers = static_cast<bool>(*server_command);
  return Report(RunServer(server));
}

}  // namespace
}  // namespace gantry::program

int main(int argc, char** argv) { return gantry::program::Main(argc, argv); }
