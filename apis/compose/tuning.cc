#include <fmt/format.h>

#include <algorithm>

#include "apis/compose/keys.h"
#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

constexpr int64_t kMaxLimit = int64_t{1} << 62;

const std::vector<std::string>& Ulimits() {
  static const auto* const names = new std::vector<std::string>{
      "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
      "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
  return *names;
}

// A number for both, or {soft, hard}.
void ReadUlimit(const Field& field, const std::string& name,
                std::vector<v1::RunOptions::Ulimit>* out, Diagnostics* diag) {
  const auto& known = Ulimits();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    std::string detail = "is not a limit of Linux";
    if (const std::string meant = Nearest(name, known); !meant.empty())
      detail += fmt::format("; did you mean \"{}\"?", meant);
    return diag->Unsupported(field.place, name, detail);
  }
  v1::RunOptions::Ulimit limit{name, 0, 0};
  if (!field.value.is_object()) {
    const auto both = ReadWhole(field, -1, kMaxLimit, diag);
    if (!both) return;
    limit.soft = limit.hard = *both;
  } else {
    for (const auto& [key, value] : field.value.items())
      if (!CheckKey(Scope::kUlimit, field.place, key, value, diag)) return;
    for (const char* key : {"soft", "hard"}) {
      if (!field.Has(key))
        return diag->Required(Join(field.place, key), "a limit has soft and hard");
    }
    const auto soft = ReadWhole(field.Member("soft"), -1, kMaxLimit, diag);
    const auto hard = ReadWhole(field.Member("hard"), -1, kMaxLimit, diag);
    if (!soft || !hard) return;
    if (*hard != -1 && (*soft == -1 || *soft > *hard))
      return diag->Invalid(field.place, *soft, "the soft limit exceeds the hard one");
    limit.soft = *soft;
    limit.hard = *hard;
  }
  out->push_back(std::move(limit));
}

void ReadUlimits(const Field& field, v1::RunOptions* run, Diagnostics* diag) {
  if (!IsMap(field, diag)) return;
  for (const auto& [name, value] : field.value.items())
    ReadUlimit(field.Member(name), name, &run->ulimits, diag);
}

// Only those that belong to a container's own namespaces; the others are the host's.
bool IsOwnSysctl(const std::string& name) {
  for (const char* prefix : {"net.", "fs.mqueue."})
    if (name.compare(0, std::string_view(prefix).size(), prefix) == 0) return true;
  for (const char* one :
       {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
        "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.domainname"}) {
    if (name == one) return true;
  }
  return false;
}

void ReadSysctls(const Field& field, v1::RunOptions* run, Diagnostics* diag) {
  for (const KeyValue& entry : ReadKeyValues(field, {}, diag)) {
    if (!entry.value) diag->Invalid(entry.place, nullptr, "must have a value");
    else if (!IsOwnSysctl(entry.key))
      diag->Forbidden(entry.place,
                      "is a setting of the host; a container has its own net.*, "
                      "fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm*");
    else run->sysctls[entry.key] = *entry.value;
  }
}

void ReadSize(const Field& field, bool unbounded, int64_t* out, Diagnostics* diag) {
  if (unbounded && ScalarText(field.value) == "-1") {
    *out = -1;
    return;
  }
  *out = ReadBytes(field, diag).value_or(0);
}

void ReadCpuset(const Field& field, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  // Numbers and ranges: a digit at both ends, and none of `-,` beside another.
  bool good = text->find_first_not_of("0123456789,-") == std::string::npos;
  bool in_range = false, after_digit = false;
  for (const char c : *text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (!after_digit || (c == '-' && in_range))) good = false;
    if (!digit) in_range = c == '-';
    after_digit = digit;
  }
  if (!good || !after_digit)
    return diag->Invalid(field.place, field.value, "must be numbers of CPUs, such as 0-2,4");
  *out = *text;
}

void ReadIpc(const Field& field, v1::RunOptions* run, Diagnostics* diag) {
  const std::string mode = ScalarText(field.value).value_or("?");
  const std::string kind = mode.substr(0, mode.find(':'));
  if (mode == "none" || mode == "private" || mode == "shareable" || mode == "host") run->ipc = mode;
  else if (kind == "service" || kind == "container")
    diag->Forbidden(field.place,
                    "replicas come and go on any host, so that none can use another's memory");
  else diag->Unsupported(field.place, field.value, "must be none, private, shareable or host");
}

void ReadBlkio(const Field& config, v1::RunOptions* run, Diagnostics* diag) {
  if (!IsMap(config, diag)) return;
  for (const auto& [key, value] : config.value.items()) {
    if (!CheckKey(Scope::kBlkio, config.place, key, value, diag) || value.is_null()) continue;
    const auto weight = ReadWhole(config.Member(key), 0, 1000, diag);
    if (weight && *weight > 0 && *weight < 10)
      diag->Invalid(Join(config.place, key), value, "must be 0, or between 10 and 1000");
    else run->tuning.blkio_weight = static_cast<int>(weight.value_or(0));
  }
}

void ReadOomScore(const Field& field, v1::RunOptions* run, Diagnostics* diag) {
  const auto score = ReadWhole(field, -1000, 1000, diag);
  if (!score) return;
  run->tuning.oom_score_adjustment = static_cast<int>(*score);
}

}  // namespace

void ReadCpuShares(const Field& field, bool percent, v1::ContainerTemplate* tmpl,
                   Diagnostics* diag) {
  if (!percent) {
    const auto weight = ReadWhole(field, 0, 262144, diag);
    if (!weight || *weight == 0) return;
    if (*weight < 2) return diag->Invalid(field.place, field.value, "must be at least 2");
    tmpl->run.tuning.cpu_shares = *weight;
    return diag->Warn(field.place,
                      "is a weight beside others and reserves nothing; `cpus` bounds, "
                      "`deploy.resources` reserves");
  }
  const auto hundredths = ReadWhole(field, 0, 1000000, diag);
  if (!hundredths || *hundredths == 0) return;
  const double cpus = static_cast<double>(*hundredths) / 100;
  if (tmpl->limits.cpus > 0 && tmpl->limits.cpus != cpus)
    return diag->Invalid(field.place, field.value, "differs from what another key says of CPUs");
  tmpl->limits.cpus = cpus;
  if (tmpl->reservations.cpus == 0) tmpl->reservations.cpus = cpus;
}

bool ReadTuningKey(const std::string& key, const Field& field, v1::RunOptions* run,
                   Diagnostics* diag) {
  v1::RunOptions::Tuning& tuning = run->tuning;
  if (key == "ulimits") ReadUlimits(field, run, diag);
  else if (key == "sysctls") ReadSysctls(field, run, diag);
  else if (key == "shm_size") ReadSize(field, /*unbounded=*/false, &run->shm_size_bytes, diag);
  else if (key == "ipc") ReadIpc(field, run, diag);
  else if (key == "pids_limit") tuning.pids = ReadWhole(field, -1, kMaxLimit, diag);
  else if (key == "memswap_limit")
    ReadSize(field, /*unbounded=*/true, &tuning.memory_swap_bytes, diag);
  else if (key == "mem_swappiness") {
    if (const auto value = ReadWhole(field, 0, 100, diag))
      tuning.memory_swappiness = static_cast<int>(*value);
  } else if (key == "cpu_period")
    tuning.cpu_period = ReadWhole(field, 1000, 1000000, diag).value_or(0);
  else if (key == "cpu_quota")
    tuning.cpu_quota = ReadWhole(field, 1000, kMaxLimit, diag).value_or(0);
  else if (key == "cpuset") ReadCpuset(field, &tuning.cpuset, diag);
  else if (key == "blkio_config") ReadBlkio(field, run, diag);
  else if (key == "oom_score_adj") ReadOomScore(field, run, diag);
  else return false;
  return true;
}

}  // namespace gantry::compose
