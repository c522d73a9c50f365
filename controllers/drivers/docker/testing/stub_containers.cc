#include <algorithm>
#include <regex>
#include <set>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "controllers/drivers/docker/json_fields.h"
#include "controllers/drivers/docker/testing/stub_filter.h"
#include "controllers/drivers/docker/testing/stub_shell.h"
#include "controllers/drivers/docker/testing/stub_state.h"

namespace gantry::docker {
namespace {

constexpr size_t kEventRing = 256;
constexpr Duration kFirstBackoff = std::chrono::milliseconds(100);

std::string NowText() { return FormatMicroTime(Clock::Real()->Now()); }
int64_t NowNano() {
  return std::chrono::duration_cast<Duration>(Clock::Real()->Now().time_since_epoch()).count();
}

}  // namespace

StubAnswer StubError(int status, std::string message) {
  return {status, {{"message", std::move(message)}}};
}

struct StubState::Container {
  std::string id;
  std::string name;
  std::string image_id;
  std::string created;
  Json config;
  std::string status = "created";
  int exit_code = 0;
  std::string error;
  std::string started_at = "0001-01-01T00:00:00Z";
  std::string finished_at = "0001-01-01T00:00:00Z";
  std::string health;
  bool stopped_by_user = false;
  int restart_count = 0;
  int generation = 0;  // of the process; another one makes the running thread leave
  int failures = 0;
  Json ports = Json::object();
  std::map<std::string, std::string> networks;  // name -> ip
  std::vector<StubLogLine> logs;

  bool running() const { return status == "running"; }
  bool active() const { return running() || status == "restarting"; }
};

StubState::~StubState() {
  std::list<std::thread> threads;
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
    threads.swap(threads_);
  }
  for (std::thread& t : threads) t.join();
}

std::string StubState::NewId() { return RandomHex(Random::Real(), 32); }

StubState::ContainerPtr StubState::FindLocked(const std::string& ref) {
  for (const ContainerPtr& c : containers_) {
    if (c->id == ref || c->name == ref) return c;
  }
  for (const ContainerPtr& c : containers_) {
    if (ref.size() >= 6 && c->id.compare(0, ref.size(), ref) == 0) return c;
  }
  return nullptr;
}

bool StubState::HasContainer(const std::string& ref) {
  MutexLock lock(&mu_);
  return FindLocked(ref) != nullptr;
}

bool StubState::MountsVolumeLocked(const std::string& name) {
  for (const ContainerPtr& c : containers_) {
    const Json& mounts = Field(Field(c->config, "HostConfig"), "Mounts");
    if (!mounts.is_array()) continue;
    for (const Json& m : mounts) {
      if (Text(m, "Type") == "volume" && Text(m, "Source") == name) return true;
    }
  }
  return false;
}

StubAnswer StubState::Info() {
  MutexLock lock(&mu_);
  return {200,
          {{"ID", "STUB"},
           {"Name", "stub-host"},
           {"ServerVersion", "20.10.24"},
           {"OSType", "linux"},
           {"OperatingSystem", "Stub Linux"},
           {"Architecture", "x86_64"},
           {"KernelVersion", "6.1.0"},
           {"NCPU", 4},
           {"MemTotal", int64_t{8} << 30},
           {"Containers", containers_.size()},
           {"Images", images_.size()},
           {"Driver", "stub"}}};
}

void StubState::EmitLocked(const char* type, const std::string& action, const std::string& id,
                           Json attributes) {
  const int64_t now = NowNano();
  events_.push_back({{"Type", type},
                     {"Action", action},
                     {"Actor", {{"ID", id}, {"Attributes", std::move(attributes)}}},
                     {"time", now / 1000000000},
                     {"timeNano", now}});
  if (events_.size() > kEventRing) {
    events_.pop_front();
    ++events_dropped_;
  }
  changed_.SignalAll();
}

void StubState::EmitLocked(const Container& c, const std::string& action) {
  Json attributes = TextMap(c.config, "Labels");
  attributes["name"] = c.name;
  attributes["image"] = Text(c.config, "Image");
  if (action == "die") attributes["exitCode"] = std::to_string(c.exit_code);
  EmitLocked("container", action, c.id, std::move(attributes));
}

StubAnswer StubState::CreateContainer(const std::string& name, Json config) {
  static const std::regex kName("[a-zA-Z0-9][a-zA-Z0-9_.-]+");
  MutexLock lock(&mu_);
  if (!std::regex_match(name, kName)) {
    return StubError(400, fmt::format("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] "
                                      "are allowed",
                                      name));
  }
  if (ContainerPtr other = FindLocked(name); other != nullptr && other->name == name) {
    return StubError(409, fmt::format("Conflict. The container name \"/{}\" is already in use by "
                                      "container \"{}\". You have to remove (or rename) that "
                                      "container to be able to reuse that name.",
                                      name, other->id));
  }
  const std::string image = Text(config, "Image");
  const Json* found = FindImageLocked(image);
  if (found == nullptr) return StubError(404, "No such image: " + image);
  auto c = std::make_shared<Container>();
  c->id = NewId();
  c->name = name;
  c->image_id = Text(*found, "Id");
  c->created = NowText();
  c->config = std::move(config);
  if (!c->config.contains("Healthcheck")) {
    c->config["Healthcheck"] = Field(Field(*found, "Config"), "Healthcheck");
  }
  if (const Json& mounts = Field(Field(c->config, "HostConfig"), "Mounts"); mounts.is_array()) {
    for (const Json& m : mounts) {
      const std::string source = Text(m, "Source");
      const bool exists = std::any_of(volumes_.begin(), volumes_.end(),
                                      [&](const Json& v) { return Text(v, "Name") == source; });
      if (Text(m, "Type") == "volume" && !source.empty() && !exists) {
        volumes_.push_back({{"Name", source}, {"Driver", "local"}, {"Labels", nullptr}});
      }
    }
  }
  containers_.push_back(c);
  EmitLocked(*c, "create");
  return {201, {{"Id", c->id}, {"Warnings", Json::array()}}};
}

StubAnswer StubState::ListContainers(const Json& filters) {
  MutexLock lock(&mu_);
  Json out = Json::array();
  for (const ContainerPtr& c : containers_) {
    if (!StubMatches(filters, TextMap(c->config, "Labels"))) continue;
    out.push_back({{"Id", c->id},
                   {"Names", {"/" + c->name}},
                   {"Image", Text(c->config, "Image")},
                   {"ImageID", c->image_id},
                   {"State", c->status},
                   {"Status", c->status},
                   {"Labels", Field(c->config, "Labels")}});
  }
  return {200, std::move(out)};
}

StubAnswer StubState::InspectContainer(const std::string& ref) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  Json state = {{"Status", c->status},         {"Running", c->active()},
                {"ExitCode", c->exit_code},    {"Error", c->error},
                {"OOMKilled", false},          {"StartedAt", c->started_at},
                {"FinishedAt", c->finished_at}};
  if (!c->health.empty()) state["Health"] = {{"Status", c->health}, {"Log", Json::array()}};
  Json networks = Json::object();
  for (const auto& [name, ip] : c->networks) {
    const Json* n = FindNetworkLocked(name);
    const Json& endpoint =
        Field(Field(Field(c->config, "NetworkingConfig"), "EndpointsConfig"), name.c_str());
    networks[name] = {{"NetworkID", n == nullptr ? "" : Text(*n, "Id")},
                      {"IPAddress", c->running() ? ip : ""},
                      {"Aliases", Texts(endpoint, "Aliases")}};
  }
  Json mounts = Json::array();
  if (const Json& wanted = Field(Field(c->config, "HostConfig"), "Mounts"); wanted.is_array()) {
    for (const Json& m : wanted) {
      mounts.push_back({{"Type", Text(m, "Type")},
                        {"Name", Text(m, "Type") == "volume" ? Text(m, "Source") : ""},
                        {"Source", Text(m, "Source")},
                        {"Destination", Text(m, "Target")},
                        {"RW", !Flag(m, "ReadOnly")}});
    }
  }
  Json config = c->config;
  const Json host = config["HostConfig"];
  config.erase("HostConfig");
  return {200,
          {{"Id", c->id},
           {"Name", "/" + c->name},
           {"Image", c->image_id},
           {"Created", c->created},
           {"State", std::move(state)},
           {"RestartCount", c->restart_count},
           {"Config", std::move(config)},
           {"HostConfig", host},
           {"Mounts", std::move(mounts)},
           {"NetworkSettings", {{"Ports", c->ports}, {"Networks", std::move(networks)}}}}};
}

StubAnswer StubState::BindPortsLocked(Container* c) {
  std::set<int> taken;
  for (const ContainerPtr& other : containers_) {
    if (other.get() == c || !other->active()) continue;
    for (const auto& [key, bindings] : other->ports.items()) {
      for (const Json& b : bindings) taken.insert(std::atoi(Text(b, "HostPort").c_str()));
    }
  }
  Json ports = Json::object();
  const Json& wanted = Field(Field(c->config, "HostConfig"), "PortBindings");
  if (wanted.is_object()) {
    for (const auto& [key, bindings] : wanted.items()) {
      for (const Json& b : bindings) {
        int port = std::atoi(Text(b, "HostPort").c_str());
        if (port != 0 && taken.count(port) != 0) {
          return StubError(500, fmt::format("driver failed programming external connectivity on "
                                            "endpoint {}: Bind for 0.0.0.0:{} failed: port is "
                                            "already allocated",
                                            c->name, port));
        }
        while (port == 0 || taken.count(port) != 0) port = next_port_++;
        taken.insert(port);
        const std::string ip = Text(b, "HostIp");
        ports[key].push_back(
            {{"HostIp", ip.empty() ? "0.0.0.0" : ip}, {"HostPort", std::to_string(port)}});
      }
    }
  }
  c->ports = std::move(ports);
  return {};
}

StubAnswer StubState::StartContainer(const std::string& ref) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  if (c->active()) return {304, nullptr};
  std::string network = Text(Field(c->config, "HostConfig"), "NetworkMode");
  if (network.empty() || network == "default") network = "bridge";
  if (network != "bridge" && network != "host" && network != "none") {
    const size_t found = CountNetworksLocked(network);
    if (found != 1) {
      c->error = found == 0 ? fmt::format("network {} not found", network)
                            : fmt::format("network {} is ambiguous ({} matches found on name)",
                                          network, found);
      return StubError(found == 0 ? 404 : 400, c->error);
    }
  }
  if (StubAnswer bound = BindPortsLocked(c.get()); bound.status >= 400) {
    c->error = Text(bound.body, "message");
    c->exit_code = 128;
    return bound;
  }
  if (c->networks.empty()) {
    const Json& endpoint =
        Field(Field(Field(c->config, "NetworkingConfig"), "EndpointsConfig"), network.c_str());
    const std::string wish = Text(Field(endpoint, "IPAMConfig"), "IPv4Address");
    c->networks[network] = wish.empty() ? fmt::format("172.17.0.{}", next_ip_++) : wish;
  }
  c->restart_count = 0;
  c->failures = 0;
  LaunchLocked(c);
  return {204, nullptr};
}

bool StubState::IsInUseLocked(const Json& network) {
  const std::string name = Text(network, "Name");
  // Of two networks with one name, which only DuplicateNetwork makes, nothing runs on the second.
  return FindNetworkLocked(name) == &network &&
         std::any_of(containers_.begin(), containers_.end(), [&name](const ContainerPtr& c) {
           return c->active() && c->networks.contains(name);
         });
}

void StubState::LaunchLocked(const ContainerPtr& c) {
  c->status = "running";
  c->error.clear();
  c->stopped_by_user = false;
  c->started_at = NowText();
  c->finished_at = "0001-01-01T00:00:00Z";
  c->exit_code = 0;
  const auto test = Texts(Field(c->config, "Healthcheck"), "Test");
  c->health = test.empty() || test[0] == "NONE" ? "" : "starting";
  const int generation = ++c->generation;
  EmitLocked(*c, "start");
  threads_.emplace_back([this, c, generation] { Run(c, generation); });
}

void StubState::Run(ContainerPtr c, int generation) {
  std::vector<std::string> command;
  {
    MutexLock lock(&mu_);
    command = Texts(c->config, "Entrypoint");
    for (std::string& word : Texts(c->config, "Cmd")) command.push_back(std::move(word));
    if (command.empty()) command = {"/bin/sample-web"};
  }
  StubIo io;
  io.write = [this, c, generation](OutputChannel channel, std::string_view text) {
    MutexLock lock(&mu_);
    if (c->generation != generation) return;
    c->logs.push_back({channel, std::string(text), NowNano()});
    changed_.SignalAll();
  };
  io.read = [] { return std::string(); };
  io.env = [this, c](const std::string& name) {
    MutexLock lock(&mu_);
    for (const std::string& e : Texts(c->config, "Env")) {
      if (e.compare(0, name.size() + 1, name + "=") == 0) return e.substr(name.size() + 1);
    }
    return std::string();
  };
  io.sleep = [this, c, generation](double seconds) {
    const MonoTime until =
        Clock::Real()->Mono() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
    MutexLock lock(&mu_);
    while (!stopping_ && c->generation == generation) {
      if (seconds < 0) {
        changed_.Wait(&mu_);
      } else if (!changed_.WaitUntil(&mu_, until)) {
        return c->generation == generation && !stopping_;
      }
    }
    return false;
  };
  const int code = RunStubCommand(command, io);
  MutexLock lock(&mu_);
  if (!stopping_ && c->generation == generation) EndLocked(c.get(), code);
  // The restart policy, on the thread of the process that ended.
  const RestartPolicy policy{Text(Field(Field(c->config, "HostConfig"), "RestartPolicy"), "Name"),
                             0};
  while (!stopping_ && c->generation == generation + 1 && c->status == "restarting") {
    const MonoTime until = Clock::Real()->Mono() + kFirstBackoff * (1 << std::min(c->failures, 6));
    while (!stopping_ && c->generation == generation + 1 && c->status == "restarting") {
      if (changed_.WaitUntil(&mu_, until)) continue;
      ++c->restart_count;
      ++c->failures;
      LaunchLocked(c);
      return;
    }
  }
}

void StubState::EndLocked(Container* c, int exit_code) {
  if (!c->active()) return;
  ++c->generation;
  c->exit_code = exit_code;
  c->finished_at = NowText();
  c->health.clear();
  const std::string policy = Text(Field(Field(c->config, "HostConfig"), "RestartPolicy"), "Name");
  const bool again = !c->stopped_by_user && (policy == "always" || policy == "unless-stopped" ||
                                             (policy == "on-failure" && exit_code != 0));
  c->status = again ? "restarting" : "exited";
  if (!again) c->ports = Json::object();
  EmitLocked(*c, "die");
  changed_.SignalAll();
}

StubAnswer StubState::StopContainer(const std::string& ref, int exit_code) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  if (!c->active()) return {304, nullptr};
  c->stopped_by_user = true;
  if (c->status == "restarting") {
    c->status = "exited";
    ++c->generation;
    changed_.SignalAll();
  } else {
    EndLocked(c.get(), exit_code);
  }
  EmitLocked(*c, "stop");
  return {204, nullptr};
}

StubAnswer StubState::KillContainer(const std::string& ref) {
  {
    MutexLock lock(&mu_);
    ContainerPtr c = FindLocked(ref);
    if (c != nullptr && !c->running()) {
      return StubError(
          409, fmt::format("Cannot kill container: {}: Container {} is not running", ref, c->id));
    }
  }
  return StopContainer(ref, 137);
}

StubAnswer StubState::RemoveContainer(const std::string& ref, bool force) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  if (c->active()) {
    if (!force) {
      return StubError(409, fmt::format("You cannot remove a running container {}. Stop the "
                                        "container before attempting removal or force remove",
                                        c->id));
    }
    c->stopped_by_user = true;
    EndLocked(c.get(), 137);
  }
  ++c->generation;
  c->status = "removed";
  std::erase(containers_, c);
  EmitLocked(*c, "destroy");
  return {204, nullptr};
}

StubAnswer StubState::UpdateContainer(const std::string& ref, const Json& body) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  for (const auto& [key, value] : body.items()) c->config["HostConfig"][key] = value;
  EmitLocked(*c, "update");
  return {200, {{"Warnings", nullptr}}};
}

StubAnswer StubState::RenameContainer(const std::string& ref, const std::string& name) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  if (FindLocked(name) != nullptr) return StubError(409, "Conflict. The name is in use");
  c->name = name;
  EmitLocked(*c, "rename");
  return {204, nullptr};
}

StubAnswer StubState::WaitContainer(const std::string& ref, const std::atomic<bool>* closing) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return StubError(404, "No such container: " + ref);
  while (c->active() && !stopping_ && !*closing) changed_.Wait(&mu_);
  return {200, {{"StatusCode", c->exit_code}}};
}

void StubState::Crash(const std::string& ref, int exit_code) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c != nullptr && c->running()) EndLocked(c.get(), exit_code);
}

void StubState::SetHealth(const std::string& ref, const std::string& status) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  if (c == nullptr) return;
  c->health = status;
  EmitLocked(*c, "health_status: " + status);
}

std::vector<StubLogLine> StubState::Logs(const std::string& ref, size_t from, bool follow,
                                         const std::atomic<bool>* closing, bool* end) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(ref);
  *end = true;
  if (c == nullptr) return {};
  while (follow && c->logs.size() <= from && c->active() && !stopping_ && !*closing) {
    changed_.Wait(&mu_);
  }
  *end = !follow || !c->active() || stopping_ || *closing;
  if (from >= c->logs.size()) return {};
  return {c->logs.begin() + static_cast<ptrdiff_t>(from), c->logs.end()};
}

StubAnswer StubState::CreateExec(const std::string& container, Json body) {
  MutexLock lock(&mu_);
  ContainerPtr c = FindLocked(container);
  if (c == nullptr) return StubError(404, "No such container: " + container);
  if (!c->running()) {
    return StubError(409, fmt::format("Container {} is not running", c->id));
  }
  const std::string id = NewId();
  execs_[id] = {{"body", std::move(body)}, {"Running", false}, {"ExitCode", nullptr}};
  return {201, {{"Id", id}}};
}

std::optional<Json> StubState::ExecBody(const std::string& id) {
  MutexLock lock(&mu_);
  const auto it = execs_.find(id);
  if (it == execs_.end()) return std::nullopt;
  it->second["Running"] = true;
  return it->second["body"];
}

void StubState::FinishExec(const std::string& id, int code) {
  MutexLock lock(&mu_);
  execs_[id]["Running"] = false;
  execs_[id]["ExitCode"] = code;
}

StubAnswer StubState::InspectExec(const std::string& id) {
  MutexLock lock(&mu_);
  const auto it = execs_.find(id);
  if (it == execs_.end()) return StubError(404, "No such exec instance: " + id);
  return {200, it->second};
}

std::vector<Json> StubState::EventsFrom(size_t* cursor, const std::atomic<bool>* closing) {
  MutexLock lock(&mu_);
  while (*cursor >= events_dropped_ + events_.size() && !stopping_ && !*closing) {
    changed_.Wait(&mu_);
  }
  *cursor = std::max(*cursor, events_dropped_);
  std::vector<Json> out(events_.begin() + static_cast<ptrdiff_t>(*cursor - events_dropped_),
                        events_.end());
  *cursor += out.size();
  return out;
}

size_t StubState::EventCursor(int64_t since_nano) {
  MutexLock lock(&mu_);
  size_t at = events_dropped_ + events_.size();
  if (since_nano == 0) return at;
  while (at > events_dropped_ &&
         Integer(events_[at - 1 - events_dropped_], "timeNano") >= since_nano) {
    --at;
  }
  return at;
}

void StubState::ForgetEvents() {
  MutexLock lock(&mu_);
  events_dropped_ += events_.size();
  events_.clear();
}

void StubState::WakeAll() {
  MutexLock lock(&mu_);
  changed_.SignalAll();
}

}  // namespace gantry::docker
