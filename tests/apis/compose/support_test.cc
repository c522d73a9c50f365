#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "apis/compose/keys.h"
#include "apis/compose/labels.h"

// The page about what a template may say, made from the tables that the conversion obeys, and the
// keys of the Compose specification, none of which may be missing there. Run with GANTRY_UPDATE=1
// to write apis/compose/SUPPORT.md anew.
namespace gantry::compose {
namespace {

// The maps of the specification and their keys.
struct Section {
  Scope scope;
  const char* keys;
};
constexpr Section kSpecification[] = {
    {Scope::kTop, "version name include services models networks volumes secrets configs"},
    {Scope::kService,
     "develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent "
     "command configs container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period "
     "cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on device_cgroup_rules "
     "devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose "
     "extends provider external_links extra_hosts gpus group_add healthcheck hostname image init "
     "ipc isolation labels links logging mac_address mem_limit mem_reservation mem_swappiness "
     "memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit "
     "platform ports post_start pre_stop privileged profiles pull_policy pull_refresh_after "
     "read_only restart runtime scale security_opt shm_size secrets sysctls stdin_open "
     "stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket user uts "
     "userns_mode volumes volumes_from working_dir"},
    // Of versions 1 and 2.
    {Scope::kService, "dockerfile net log_driver log_opt volume_driver external dns_options"},
    {Scope::kDeploy,
     "mode endpoint_mode replicas labels rollback_config update_config resources restart_policy "
     "placement"},
    {Scope::kUpdateConfig, "parallelism delay failure_action monitor max_failure_ratio order"},
    {Scope::kRestartPolicy, "condition delay max_attempts window"},
    {Scope::kResources, "limits reservations"},
    {Scope::kLimits, "cpus memory pids"},
    {Scope::kReservations, "cpus memory generic_resources devices"},
    {Scope::kPlacement, "constraints preferences max_replicas_per_node"},
    {Scope::kPreference, "spread"},
    {Scope::kHealthcheck, "disable interval retries test timeout start_period start_interval"},
    {Scope::kLogging, "driver options"},
    {Scope::kDevice, "source target permissions"},
    {Scope::kDeviceRequest, "capabilities count device_ids driver options"},
    {Scope::kUlimit, "soft hard"},
    {Scope::kBlkio,
     "device_read_bps device_read_iops device_write_bps device_write_iops weight weight_device"},
    {Scope::kPort, "name mode host_ip target published protocol app_protocol"},
    {Scope::kMount, "type source target read_only consistency bind volume tmpfs image"},
    {Scope::kMountBind, "propagation create_host_path recursive selinux"},
    {Scope::kMountVolume, "labels nocopy subpath"},
    {Scope::kMountTmpfs, "size mode"},
    {Scope::kDependency, "restart required condition"},
    {Scope::kVolume, "name driver driver_opts external labels"},
    {Scope::kNetwork,
     "name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels"},
    {Scope::kServiceNetwork,
     "aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts "
     "priority gw_priority"},
};

// Maps below a key that is refused or ignored as a whole.
struct Nested {
  Scope scope;
  const char* key;
  const char* keys;
};
constexpr Nested kNested[] = {
    {Scope::kService, "build",
     "context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to "
     "no_cache no_cache_filter additional_contexts network provenance sbom pull target shm_size "
     "extra_hosts isolation privileged secrets tags ulimits platforms"},
    {Scope::kService, "develop", "watch"},
    {Scope::kService, "credential_spec", "config file registry"},
    {Scope::kService, "provider", "type options"},
    {Scope::kService, "configs", "source target uid gid mode"},
    {Scope::kService, "secrets", "source target uid gid mode"},
    {Scope::kService, "models", "endpoint_var model_var"},
    {Scope::kService, "post_start", "command user privileged working_dir environment"},
    {Scope::kService, "pre_stop", "command user privileged working_dir environment"},
    {Scope::kService, "env_file", "path required format"},
    {Scope::kDeploy, "rollback_config",
     "parallelism delay failure_action monitor max_failure_ratio order"},
    {Scope::kReservations, "generic_resources", "discrete_resource_spec"},
    {Scope::kMount, "image", "subpath"},
    {Scope::kNetwork, "ipam", "driver config options"},
    {Scope::kTop, "include", "path env_file project_directory"},
    {Scope::kTop, "models", "name model context_size runtime_flags"},
    {Scope::kTop, "configs", "name content environment file external labels template_driver"},
    {Scope::kTop, "secrets", "name environment file external labels driver driver_opts"},
};

std::vector<std::string> Words(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

TEST(Support, EveryKeyOfTheSpecificationHasAClass) {
  size_t count = 0;
  for (const Section& section : kSpecification) {
    for (const std::string& key : Words(section.keys)) {
      ++count;
      EXPECT_NE(FindKey(section.scope, key), nullptr)
          << "no class: " << key << " of " << Noun(section.scope);
    }
  }
  for (const Nested& nested : kNested) {
    const Key* parent = FindKey(nested.scope, nested.key);
    ASSERT_NE(parent, nullptr) << nested.key;
    EXPECT_NE(parent->treatment, Treatment::kDone)
        << nested.key << " is read now: its keys need a scope of their own: " << nested.keys;
    count += Words(nested.keys).size();
  }
  EXPECT_GT(count, 250u);
}

TEST(Support, NoKeyTwice) {
  std::set<std::pair<Scope, std::string>> seen;
  for (const Key& key : Keys()) EXPECT_TRUE(seen.emplace(key.scope, key.name).second) << key.name;
}

std::string ClassOf(Treatment treatment, std::string_view reason) {
  if (treatment == Treatment::kDone && !reason.empty())
    return fmt::format("Ignored | with a warning, checked by its format: {}", reason);
  if (treatment == Treatment::kDone) return "Honoured | ";
  if (treatment == Treatment::kSilent) return "Ignored | has no effect that someone could miss";
  if (treatment == Treatment::kRefuse)
    return fmt::format("Refused | {}", reason.empty() ? "is not supported yet" : reason);
  return fmt::format("Ignored | with a warning: {}",
                     reason.empty() ? "is not supported yet" : reason);
}

// The nested keys of `key`, which share its class.
std::string Below(const Key& key) {
  for (const Nested& nested : kNested) {
    if (nested.scope != key.scope || std::string_view(nested.key) != key.name) continue;
    std::string out = " (with ";
    for (const std::string& word : Words(nested.keys))
      out += (out.size() > 7 ? ", `" : "`") + word + "`";
    return out + ")";
  }
  return "";
}

std::string Page() {
  std::string out =
      "# Keys and labels of templates\n\n"
      "Made from the tables in `keys.cc` and `labels.cc` by `support_test.cc`; not edited by "
      "hand.\n\nHonoured: it has its effect. Refused: the template is not accepted with it. "
      "Ignored: accepted without effect. Keys that begin with `x-` are left alone everywhere.\n";
  std::optional<Scope> scope;
  for (const Key& key : Keys()) {
    if (scope != key.scope) {
      bool first = true;
      for (const Key& other : Keys()) {
        if (&other == &key) break;
        first = first && other.scope != key.scope;
      }
      if (!first) continue;  // written with the others of its scope
      scope = key.scope;
      out +=
          fmt::format("\n## Keys of {}\n\n| Key | Class | Why |\n|---|---|---|\n", Noun(key.scope));
      for (const Key& same : Keys()) {
        if (same.scope == key.scope)
          out += fmt::format("| `{}`{} | {} |\n", same.name, Below(same),
                             ClassOf(same.treatment, same.reason));
      }
    }
  }
  for (const auto where : {KnownLabel::Where::kService, KnownLabel::Where::kTop}) {
    out += fmt::format(
        "\n## Labels {}\n\nEach is spelled `gantry.<name>` or `aliyun.<name>`.\n\n"
        "| Label | Class | Why |\n|---|---|---|\n",
        where == KnownLabel::Where::kService ? "of services" : "of the template");
    for (const KnownLabel& label : KnownLabels()) {
      if (label.where != where) continue;
      out += fmt::format("| `{}` | {} |\n", label.name,
                         label.treatment == Treatment::kDone
                             ? std::string("Honoured | ")
                             : fmt::format("Ignored | with a warning, checked by its format: "
                                           "nothing acts on it yet ({})",
                                           label.subject));
    }
  }
  return out;
}

TEST(Support, ThePageIsThatOfTheTables) {
  const std::string path = GANTRY_SUPPORT_PAGE;
  const std::string page = Page();
  if (std::getenv("GANTRY_UPDATE") != nullptr) std::ofstream(path) << page;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), page) << "run this test with GANTRY_UPDATE=1";
}

}  // namespace
}  // namespace gantry::compose
