#include "controllers/drivers/docker/testing/stub_router.h"

#include <cmath>

#include "apis/machinery/base/context.h"
#include "controllers/drivers/docker/testing/stub_filter.h"
#include "controllers/drivers/docker/testing/stub_shell.h"

namespace gantry::docker {
namespace {

std::string UrlDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// 1.41 as 41: a stub has one major version.
int Minor(const std::string& version) {
  const size_t dot = version.find('.');
  return dot == std::string::npos ? 0 : std::atoi(version.c_str() + dot + 1);
}

int64_t Nanos(const std::string& seconds) {
  const size_t dot = seconds.find('.');
  int64_t nanos = std::atoll(seconds.c_str()) * 1000000000;
  if (dot != std::string::npos) {
    std::string fraction = seconds.substr(dot + 1, 9);
    fraction.resize(9, '0');
    nanos += std::atoll(fraction.c_str());
  }
  return nanos;
}

std::string Frame(OutputChannel channel, std::string_view bytes) {
  std::string out(8, '\0');
  out[0] = channel == OutputChannel::kStderr ? 2 : 1;
  for (int i = 0; i < 4; ++i) out[7 - i] = static_cast<char>(bytes.size() >> (8 * i) & 255);
  return out.append(bytes);
}

class Router {
 public:
  Router(StubState* state, const StubRequest& request, StubWriter* writer)
      : state_(state), request_(request), writer_(writer) {}

  StubReply Route() {
    const std::string& target = request_.target;
    const size_t question = target.find('?');
    for (const std::string& part :
         Split(question == std::string::npos ? "" : target.substr(question + 1), '&')) {
      const size_t equals = part.find('=');
      query_[part.substr(0, equals)] =
          equals == std::string::npos ? "" : UrlDecode(part.substr(equals + 1));
    }
    parts_ = Split(target.substr(0, question), '/');
    for (std::string& p : parts_) p = UrlDecode(p);
    if (!parts_.empty() && parts_[0].size() > 2 && parts_[0][0] == 'v' && isdigit(parts_[0][1])) {
      const std::string version = parts_[0].substr(1);
      if (Minor(version) > Minor(request_.api_version)) {
        return {StubError(400, fmt::format("client version {} is too new. Maximum supported API "
                                           "version is {}",
                                           version, request_.api_version))};
      }
      parts_.erase(parts_.begin());
    }
    if (auto json = ParseJson(request_.body); json.ok()) body_ = *std::move(json);
    if (auto json = ParseJson(query_["filters"]); json.ok()) filters_ = *std::move(json);
    return Dispatch();
  }

 private:
  bool Is(std::string_view method, size_t parts, std::string_view collection,
          std::string_view verb = "") const {
    return request_.method == method && parts_.size() == parts && parts_[0] == collection &&
           (verb.empty() || parts_.back() == verb);
  }

  StubReply Dispatch() {
    if (parts_.empty()) return {StubError(404, "page not found")};
    if (parts_[0] == "_ping") return {{200, "OK"}};
    if (parts_[0] == "info") return {state_->Info()};
    if (parts_[0] == "version") {
      return {{200,
               {{"Version", "20.10.24"},
                {"ApiVersion", request_.api_version},
                {"MinAPIVersion", "1.12"}}}};
    }
    if (parts_[0] == "events") return Events();
    if (parts_[0] == "containers") return Containers();
    if (parts_[0] == "exec") return Exec();
    if (parts_[0] == "images") return Images();
    if (parts_[0] == "networks") return {Networks()};
    if (parts_[0] == "volumes") return {Volumes()};
    return {StubError(404, "page not found")};
  }

  StubReply Containers() {
    if (Is("GET", 2, "containers", "json")) return {state_->ListContainers(filters_)};
    if (Is("POST", 2, "containers", "create")) {
      return {state_->CreateContainer(query_["name"], body_)};
    }
    if (parts_.size() < 2) return {StubError(404, "page not found")};
    const std::string& id = parts_[1];
    if (Is("DELETE", 2, "containers")) return {state_->RemoveContainer(id, query_["force"] == "1")};
    if (Is("GET", 3, "containers", "json")) return {state_->InspectContainer(id)};
    if (Is("GET", 3, "containers", "logs")) return Logs(id);
    if (Is("POST", 3, "containers", "start")) return {state_->StartContainer(id)};
    if (Is("POST", 3, "containers", "stop")) return {state_->StopContainer(id, 0)};
    if (Is("POST", 3, "containers", "kill")) return {state_->KillContainer(id)};
    if (Is("POST", 3, "containers", "update")) return {state_->UpdateContainer(id, body_)};
    if (Is("POST", 3, "containers", "rename")) {
      return {state_->RenameContainer(id, query_["name"])};
    }
    if (Is("POST", 3, "containers", "wait")) {
      return {state_->WaitContainer(id, writer_->closing())};
    }
    if (Is("POST", 3, "containers", "exec")) return {state_->CreateExec(id, body_)};
    if (Is("POST", 3, "containers", "resize")) return {{200, nullptr}};
    if (Is("POST", 3, "containers", "attach")) return Attach(id);
    return {StubError(404, "page not found")};
  }

  StubReply Images() {
    if (Is("GET", 2, "images", "json")) return {state_->ListImages()};
    if (Is("POST", 2, "images", "create")) return Pull();
    if (parts_.size() < 2) return {StubError(404, "page not found")};
    const std::string& ref = parts_[1];
    if (Is("GET", 3, "images", "json")) return {state_->InspectImage(ref)};
    if (Is("POST", 3, "images", "tag")) {
      return {state_->TagImage(ref, query_["repo"] + ":" + query_["tag"])};
    }
    if (Is("DELETE", 2, "images")) return {state_->RemoveImage(ref)};
    return {StubError(404, "page not found")};
  }

  StubAnswer Networks() {
    if (Is("GET", 1, "networks")) return state_->ListNetworks(filters_);
    if (Is("POST", 2, "networks", "create")) return state_->CreateNetwork(body_);
    if (Is("GET", 2, "networks")) return state_->InspectNetwork(parts_[1]);
    if (Is("DELETE", 2, "networks")) return state_->RemoveNetwork(parts_[1]);
    if (Is("POST", 3, "networks")) {
      return state_->ConnectNetwork(parts_[1], body_, parts_[2] == "connect");
    }
    return StubError(404, "page not found");
  }

  StubAnswer Volumes() {
    if (Is("GET", 1, "volumes")) return state_->ListVolumes(filters_);
    if (Is("POST", 2, "volumes", "create")) return state_->CreateVolume(body_);
    if (Is("GET", 2, "volumes")) return state_->InspectVolume(parts_[1]);
    if (Is("DELETE", 2, "volumes")) return state_->RemoveVolume(parts_[1]);
    return StubError(404, "page not found");
  }

  bool StartChunked() {
    return writer_->Raw(
        fmt::format("HTTP/1.1 200 OK\r\nApi-Version: {}\r\nContent-Type: "
                    "application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                    request_.api_version));
  }
  bool Chunk(std::string_view bytes) {
    return writer_->Raw(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
  }
  bool EndChunks() { return writer_->Raw("0\r\n\r\n"); }
  bool StartHijack() {
    return writer_->Raw(
        "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
        "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  }

  StubReply Pull() {
    bool open = StartChunked();
    for (const Json& line : state_->Pull(query_["fromImage"], query_["tag"])) {
      open = open && Chunk(DumpJson(line) + "\r\n");
    }
    if (open) EndChunks();
    return {{}, true};
  }

  StubReply Events() {
    const std::string since = query_["since"];
    size_t cursor = state_->EventCursor(since.empty() ? 0 : Nanos(since));
    bool open = StartChunked();
    while (open && !*writer_->closing()) {
      for (const Json& e : state_->EventsFrom(&cursor, writer_->closing())) {
        const StringMap labels = TextMap(Field(e, "Actor"), "Attributes");
        if (open && StubMatches(filters_, labels)) open = Chunk(DumpJson(e) + "\n");
      }
    }
    return {{}, true};
  }

  StubReply Logs(const std::string& id) {
    if (!state_->HasContainer(id)) return {StubError(404, "No such container: " + id)};
    const bool follow = query_["follow"] == "1";
    const int64_t since = query_["since"].empty() ? 0 : Nanos(query_["since"]);
    size_t at = 0;
    bool end = false;
    if (const std::string tail = query_["tail"]; tail != "all" && !tail.empty()) {
      const size_t all = state_->Logs(id, 0, false, writer_->closing(), &end).size();
      at = all - std::min<size_t>(all, static_cast<size_t>(std::atoll(tail.c_str())));
    }
    bool open = StartChunked();
    do {
      const auto lines = state_->Logs(id, at, follow, writer_->closing(), &end);
      at += lines.size();
      for (const StubLogLine& line : lines) {
        if (!open || line.time_nano < since) continue;
        std::string text = line.text;
        if (query_["timestamps"] == "1") {
          const WallTime t{
              std::chrono::duration_cast<WallTime::duration>(Duration(line.time_nano))};
          text = FormatMicroTime(t) + " " + text;
        }
        open = Chunk(Frame(line.channel, text));
      }
    } while (open && !end);
    if (open) EndChunks();
    return {{}, true};
  }

  StubReply Attach(const std::string& id) {
    if (!state_->HasContainer(id)) return {StubError(404, "No such container: " + id)};
    bool end = false;
    size_t at = state_->Logs(id, 0, false, writer_->closing(), &end).size();
    end = false;
    bool open = StartHijack();
    while (open && !end) {
      for (const StubLogLine& line : state_->Logs(id, at, true, writer_->closing(), &end)) {
        ++at;
        open = open && writer_->Raw(Frame(line.channel, line.text));
      }
    }
    return {{}, true};
  }

  StubReply Exec() {
    if (parts_.size() < 3) return {StubError(404, "page not found")};
    const std::string& id = parts_[1];
    if (parts_[2] == "json") return {state_->InspectExec(id)};
    if (parts_[2] == "resize") return {{200, nullptr}};
    const std::optional<Json> exec = state_->ExecBody(id);
    if (!exec) return {StubError(404, "No such exec instance: " + id)};
    const bool tty = Flag(*exec, "Tty");
    StartHijack();
    StubIo io;
    io.write = [&](OutputChannel channel, std::string_view bytes) {
      writer_->Raw(tty ? std::string(bytes) : Frame(channel, bytes));
    };
    io.read = [&] { return Flag(*exec, "AttachStdin") ? writer_->ReadInput() : std::string(); };
    io.sleep = [&](double seconds) {
      return Context().SleepFor(std::chrono::milliseconds(std::llround(seconds * 1000))).ok();
    };
    io.env = [&](const std::string& name) {
      for (const std::string& e : Texts(*exec, "Env")) {
        if (e.compare(0, name.size() + 1, name + "=") == 0) return e.substr(name.size() + 1);
      }
      return std::string();
    };
    state_->FinishExec(id, RunStubCommand(Texts(*exec, "Cmd"), io));
    return {{}, true};
  }

  StubState* const state_;
  const StubRequest& request_;
  StubWriter* const writer_;
  std::vector<std::string> parts_;
  std::map<std::string, std::string> query_;
  Json body_ = Json::object();
  Json filters_ = Json::object();
};

}  // namespace

StubReply RouteStubRequest(StubState* state, const StubRequest& request, StubWriter* writer) {
  return Router(state, request, writer).Route();
}

}  // namespace gantry::docker
