#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/print/progress.h"
#include "kubectl-plugin/print/template.h"
#include "kubectl-plugin/selection.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

struct WaitFlags {
  SelectionFlags which;
  std::string condition;
  std::string timeout = "30s";
};

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return tolower(static_cast<unsigned char>(x)) == tolower(static_cast<unsigned char>(y));
         });
}

// Whether the condition holds for the object as it is now, not for an older generation of it.
bool ConditionHolds(const Object& o, const std::string& type, const std::string& status) {
  for (const Json& condition : GetArray(o.status(), "conditions")) {
    if (!EqualsIgnoringCase(GetString(condition, "type"), type)) continue;
    int64_t observed = GetInt(condition, "observedGeneration");
    if (observed == 0) observed = GetInt(o.status(), "observedGeneration");
    if (observed != 0 && observed < o.generation()) return false;
    return EqualsIgnoringCase(GetString(condition, "status"), status);
  }
  return false;
}

// `delete`, `create`, `condition=Ready[=False]` or `jsonpath={.a}[=b]` as a question to an object.
Result<Met> ParseFor(const std::string& text) {
  if (text == "delete") return Met([](const Object* o) { return o == nullptr; });
  if (text == "create") return Met([](const Object* o) { return o != nullptr; });
  const size_t equals = text.find('=');
  const std::string rest = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (text.substr(0, equals) == "condition" && !rest.empty()) {
    const size_t split = rest.find('=');
    const std::string type = rest.substr(0, split);
    const std::string status = split == std::string::npos ? "true" : rest.substr(split + 1);
    return Met([type, status](const Object* o) { return o && ConditionHolds(*o, type, status); });
  }
  if (text.substr(0, equals) == "jsonpath" && !rest.empty()) {
    const size_t brace = rest.rfind('}');
    const size_t split = rest.find('=', brace == std::string::npos ? 0 : brace);
    GANTRY_TRY_SET(const JsonPathTemplate path, JsonPathTemplate::Parse(rest.substr(0, split)));
    if (split == std::string::npos) {
      return Met([path](const Object* o) { return o && !path.Render(o->json()).empty(); });
    }
    const std::string value = rest.substr(split + 1);
    return Met([path, value](const Object* o) { return o && path.Render(o->json()) == value; });
  }
  return LocalError(
      fmt::format("unrecognized condition: \"{}\"; use condition=TYPE[=STATUS], "
                  "jsonpath={{PATH}}[=VALUE], create or delete",
                  text));
}

class Waiter {
 public:
  Waiter(Session* session, const WaitFlags& flags) : session_(*session), flags_(flags) {}

  Result<int> Run() {
    if (flags_.condition.empty()) return LocalError("--for is required: --for=condition=Ready");
    GANTRY_TRY_SET(const Met met, ParseFor(flags_.condition));
    GANTRY_TRY_SET(const Duration timeout, ParseTimeout(flags_.timeout));
    GANTRY_TRY_SET(const auto objects, SelectObjects(session_, flags_.which));
    if (objects.empty()) {
      if (flags_.condition == "delete") return 0;
      return LocalError("no matching resources found");
    }
    const Context all = timeout.count() > 0 ? session_.ctx().WithTimeout(timeout) : session_.ctx();
    int code = 0;
    for (const auto& [type, key] : objects) {
      // One time-out for all of them together.
      const auto left =
          all.deadline() ? std::max<Duration>(*all.deadline() - Clock::Real()->Mono(), Duration(1))
                         : timeout;
      GANTRY_TRY_SET(const bool in_time, WaitOne(*type, key, left, met));
      if (!in_time) code = 1;
    }
    return code;
  }

 private:
  // False when the time was up.
  Result<bool> WaitOne(const ServedResource& type, const ObjectKey& key, Duration timeout,
                       const Met& met) {
    Progress progress(session_.io());
    const bool may_be_absent = flags_.condition == "delete" || flags_.condition == "create";
    bool absent = false;
    const Status s = WaitForObject(session_, type, key, timeout, [&](const Object* o) {
      absent = !o && !may_be_absent;
      if (absent || met(o)) return true;
      const std::string state = o ? StateLine(*o) : "";
      progress.Show(fmt::format("waiting for {}{}", type.ObjectName(key.name),
                                state.empty() ? "" : ": " + state));
      return false;
    });
    progress.Clear();
    if (absent) {
      return Error(Code::kNotFound, fmt::format("{} \"{}\" not found", type.Name(), key.name));
    }
    if (!s.ok() && s.code() != Code::kTimeout) return s.error();
    if (!s.ok()) {
      session_.io().err << fmt::format("error: timed out waiting for the condition on {}/{}\n",
                                       type.resource.plural, key.name);
      return false;
    }
    session_.io().out << type.ObjectName(key.name) << " condition met" << std::endl;
    return true;
  }

  Session& session_;
  const WaitFlags& flags_;
};

}  // namespace

void AddWait(const Command& root, Session* session) {
  auto flags = std::make_shared<WaitFlags>();
  const Command verb = root.Add("wait", "wait until objects are in a state",
                                "kubectl-gantry wait TYPE/NAME... --for=condition=Ready");
  verb.Words(&flags->which.words, "types and names")
      .List("-f,--filename", &flags->which.files, "the objects of these files")
      .Flag("-R,--recursive", &flags->which.recursive, "go down into directories")
      .Flag("--all", &flags->which.all, "all objects of the type in the namespace")
      .Text("--for", &flags->condition,
            "condition=TYPE[=STATUS], jsonpath={PATH}[=VALUE], create or delete")
      .Text("-l,--selector", &flags->which.selector, "only objects with these labels")
      .Text("--timeout", &flags->timeout,
            "how long to wait (30s); 0s: look once; negative: without end");
  verb.Runs([session, flags] { return Waiter(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
