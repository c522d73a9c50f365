#include "apiserver/server/audit_endpoint.h"

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/endpoints/body_pipe.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

// Which records are asked for.
class Wanted {
 public:
  static Result<Wanted> Parse(const Query& query) {
    Wanted wanted;
    for (const auto& [name, value] : query.all()) {
      if (name == "user" || name == "verb" || name == "resource" || name == "namespace" ||
          name == "name") {
        wanted.values_[name] = value;
      } else if (name == "since" || name == "until") {
        auto& bound = name == "since" ? wanted.since_ : wanted.until_;
        GANTRY_TRY_SET(bound, ParseTime(value).Wrap(name));
      } else {
        return Error(Code::kBadRequest,
                     "unknown parameter \"" + name +
                         "\": allowed are user, verb, resource, namespace, name, since, until");
      }
    }
    return wanted;
  }

  bool Matches(const Json& event) const {
    const Json& object = GetObject(event, "objectRef");
    for (const auto& [name, value] : values_) {
      if (name == "user") {
        if (GetString(GetObject(event, "user"), "username") != value) return false;
      } else if (GetString(name == "verb" ? event : object, name.c_str()) != value) {
        return false;
      }
    }
    if (!since_ && !until_) return true;
    const auto time = ParseTime(GetString(event, "requestReceivedTimestamp"));
    return time.ok() && (!since_ || *time >= *since_) && (!until_ || *time <= *until_);
  }

 private:
  std::map<std::string, std::string> values_;
  std::optional<WallTime> since_;
  std::optional<WallTime> until_;
};

// False: the reader is gone.
bool SendFile(const std::string& path, const Wanted& wanted, BodyPipe* pipe) {
  std::ifstream file(path);  // one that was removed meanwhile is empty
  std::string line;
  while (std::getline(file, line)) {
    const Result<Json> event = ParseJson(line);
    // Half a line is what a killed server left.
    if (!event.ok() || !wanted.Matches(*event)) continue;
    if (!pipe->Write(line + "\n")) return false;
  }
  return true;
}

}  // namespace

Task<Response> AuditEndpoint::Answer(Request& request) {
  if (log_ == nullptr) {
    co_return ErrorResponse(Error(Code::kNotFound, "this server keeps no audit log"));
  }
  Result<Wanted> wanted = Wanted::Parse(request.query);
  if (!wanted.ok()) co_return ErrorResponse(wanted.error());
  const auto pipe = std::make_shared<BodyPipe>();
  pool_.Post([log = log_, wanted = *std::move(wanted), pipe] {
    log->Flush();
    for (const std::string& path : log->Files()) {
      if (!SendFile(path, wanted, pipe.get())) break;
    }
    pipe->End();
  });
  Response response;
  response.content_type = "application/x-ndjson";
  response.long_running = true;
  response.stream = std::make_unique<PipeStream>(pipe);
  co_return response;
}

}  // namespace gantry::apiserver
