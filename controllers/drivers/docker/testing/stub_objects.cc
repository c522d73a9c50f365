#include <algorithm>

#include "apis/machinery/base/random.h"
#include "controllers/drivers/docker/reference.h"
#include "controllers/drivers/docker/testing/stub_filter.h"
#include "controllers/drivers/docker/testing/stub_state.h"

// Images, networks and volumes of the stub engine.
namespace gantry::docker {
namespace {

std::string Normal(const std::string& reference) {
  const ImageReference r = ParseImageReference(reference);
  return r.digest.empty() ? r.name + ":" + r.tag : r.name + "@" + r.digest;
}

bool Lists(const Json& object, const char* field, const std::string& text) {
  const auto texts = Texts(object, field);
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

Json NewImage(const std::string& id, const std::string& tag, bool healthcheck) {
  Json config = {{"Cmd", {"/bin/sample-web"}}};
  if (healthcheck) config["Healthcheck"] = {{"Test", {"CMD", "true"}}};
  return {{"Id", "sha256:" + id},    {"RepoTags", {tag}}, {"RepoDigests", Json::array()},
          {"Architecture", "amd64"}, {"Os", "linux"},     {"Size", 2000000},
          {"Config", config}};
}

Json* FindNamed(std::vector<Json>* list, const std::string& ref) {
  for (Json& j : *list) {
    if (Text(j, "Id") == ref || Text(j, "Name") == ref) return &j;
  }
  return nullptr;
}

}  // namespace

Json* StubState::FindImageLocked(const std::string& ref) {
  const std::string wanted = Normal(ref);
  for (Json& i : images_) {
    const std::string id = Text(i, "Id");
    if (id == ref || id == "sha256:" + ref || Lists(i, "RepoTags", wanted) ||
        Lists(i, "RepoDigests", wanted)) {
      return &i;
    }
  }
  return nullptr;
}

void StubState::AddImage(const std::string& ref, bool healthcheck) {
  MutexLock lock(&mu_);
  images_.push_back(NewImage(NewId(), Normal(ref), healthcheck));
}

void StubState::AddToRegistry(const std::string& ref) {
  MutexLock lock(&mu_);
  registry_.push_back(Normal(ref));
}

std::vector<Json> StubState::Pull(const std::string& name, const std::string& tag) {
  const std::string ref = name + (tag.find(':') == std::string::npos ? ":" : "@") + tag;
  MutexLock lock(&mu_);
  std::vector<Json> lines = {{{"status", "Pulling from " + name}, {"id", tag}}};
  if (std::find(registry_.begin(), registry_.end(), ref) == registry_.end()) {
    const std::string text = fmt::format("manifest for {} not found: manifest unknown", ref);
    lines.push_back({{"errorDetail", {{"message", text}}}, {"error", text}});
    return lines;
  }
  if (FindImageLocked(ref) == nullptr) {
    const std::string id = NewId();
    Json image = NewImage(id, ref, false);
    image["RepoDigests"] = {name + "@sha256:" + id};
    images_.push_back(std::move(image));
    EmitLocked("image", "pull", ref, {{"name", ref}});
  }
  lines.push_back({{"status", "Status: Downloaded newer image for " + ref}});
  return lines;
}

StubAnswer StubState::InspectImage(const std::string& ref) {
  MutexLock lock(&mu_);
  const Json* image = FindImageLocked(ref);
  if (image == nullptr) return StubError(404, "No such image: " + ref);
  return {200, *image};
}

StubAnswer StubState::ListImages() {
  MutexLock lock(&mu_);
  return {200, Json(images_)};
}

StubAnswer StubState::TagImage(const std::string& ref, const std::string& target) {
  MutexLock lock(&mu_);
  Json* image = FindImageLocked(ref);
  if (image == nullptr) return StubError(404, "No such image: " + ref);
  (*image)["RepoTags"].push_back(Normal(target));
  return {201, nullptr};
}

StubAnswer StubState::RemoveImage(const std::string& ref) {
  MutexLock lock(&mu_);
  Json* image = FindImageLocked(ref);
  if (image == nullptr) return StubError(404, "No such image: " + ref);
  const std::string tag = Normal(ref);
  Json& tags = (*image)["RepoTags"];
  if (tags.size() > 1 && Lists(*image, "RepoTags", tag)) {
    tags.erase(std::find(tags.begin(), tags.end(), Json(tag)));
  } else {
    images_.erase(images_.begin() + (image - images_.data()));
  }
  return {200, Json::array()};
}

Json* StubState::FindNetworkLocked(const std::string& ref) { return FindNamed(&networks_, ref); }

size_t StubState::CountNetworksLocked(const std::string& ref) {
  return std::count_if(networks_.begin(), networks_.end(), [&](const Json& n) {
    return Text(n, "Name") == ref || Text(n, "Id") == ref;
  });
}

StubAnswer StubState::ListNetworks(const Json& filters) {
  MutexLock lock(&mu_);
  Json out = Json::array();
  for (const Json& n : networks_) {
    if (StubMatches(filters, TextMap(n, "Labels"))) out.push_back(n);
  }
  return {200, std::move(out)};
}

StubAnswer StubState::InspectNetwork(const std::string& ref) {
  MutexLock lock(&mu_);
  const Json* n = FindNetworkLocked(ref);
  if (n == nullptr) return StubError(404, fmt::format("network {} not found", ref));
  return {200, *n};
}

StubAnswer StubState::CreateNetwork(const Json& body) {
  MutexLock lock(&mu_);
  const std::string name = Text(body, "Name");
  if (FindNetworkLocked(name) != nullptr) {
    return StubError(409, fmt::format("network with name {} already exists", name));
  }
  Json network = body;
  network["Id"] = NewId();
  if (!network.contains("IPAM")) {
    network["IPAM"] = {
        {"Config", {{{"Subnet", fmt::format("172.{}.0.0/16", 18 + networks_.size())}}}}};
  }
  const std::string id = Text(network, "Id");
  networks_.push_back(std::move(network));
  EmitLocked("network", "create", id, {{"name", name}});
  return {201, {{"Id", id}, {"Warning", ""}}};
}

StubAnswer StubState::RemoveNetwork(const std::string& ref) {
  MutexLock lock(&mu_);
  Json* n = FindNetworkLocked(ref);
  if (n == nullptr) return StubError(404, fmt::format("network {} not found", ref));
  const Json& containers = Field(*n, "Containers");
  if ((containers.is_object() && !containers.empty()) || IsInUseLocked(*n)) {
    return StubError(403,
                     fmt::format("error while removing network: network {} has active endpoints",
                                 Text(*n, "Name")));
  }
  const std::string id = Text(*n, "Id");
  networks_.erase(networks_.begin() + (n - networks_.data()));
  EmitLocked("network", "destroy", id, Json::object());
  return {204, nullptr};
}

void StubState::DuplicateNetwork(const std::string& ref) {
  MutexLock lock(&mu_);
  const Json* n = FindNetworkLocked(ref);
  if (n == nullptr) return;
  Json twin = *n;
  twin["Id"] = NewId();
  twin.erase("Containers");
  networks_.push_back(std::move(twin));
}

StubAnswer StubState::ConnectNetwork(const std::string& ref, const Json& body, bool connect) {
  const std::string container = Text(body, "Container");
  MutexLock lock(&mu_);
  Json* n = FindNetworkLocked(ref);
  if (n == nullptr) return StubError(404, fmt::format("network {} not found", ref));
  if (FindLocked(container) == nullptr) return StubError(404, "No such container: " + container);
  if (connect) {
    (*n)["Containers"][container] = Json::object();
  } else {
    (*n)["Containers"].erase(container);
  }
  return {200, nullptr};
}

StubAnswer StubState::CreateVolume(const Json& body) {
  MutexLock lock(&mu_);
  if (const Json* v = FindNamed(&volumes_, Text(body, "Name"))) return {201, *v};
  Json volume = {{"Name", Text(body, "Name")},
                 {"Driver", Text(body, "Driver")},
                 {"Labels", Field(body, "Labels")},
                 {"Options", Field(body, "DriverOpts")},
                 {"Mountpoint", "/var/lib/stub/" + Text(body, "Name")}};
  volumes_.push_back(volume);
  return {201, std::move(volume)};
}

StubAnswer StubState::InspectVolume(const std::string& name) {
  MutexLock lock(&mu_);
  const Json* v = FindNamed(&volumes_, name);
  if (v == nullptr) return StubError(404, fmt::format("get {}: no such volume", name));
  return {200, *v};
}

StubAnswer StubState::ListVolumes(const Json& filters) {
  MutexLock lock(&mu_);
  Json out = Json::array();
  for (const Json& v : volumes_) {
    if (StubMatches(filters, TextMap(v, "Labels"))) out.push_back(v);
  }
  return {200, {{"Volumes", std::move(out)}}};
}

StubAnswer StubState::RemoveVolume(const std::string& name) {
  MutexLock lock(&mu_);
  Json* v = FindNamed(&volumes_, name);
  if (v == nullptr) return StubError(404, fmt::format("get {}: no such volume", name));
  if (MountsVolumeLocked(name)) {
    return StubError(409, fmt::format("remove {}: volume is in use", name));
  }
  volumes_.erase(volumes_.begin() + (v - volumes_.data()));
  return {204, nullptr};
}

}  // namespace gantry::docker
