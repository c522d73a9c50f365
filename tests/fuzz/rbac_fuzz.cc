#include <algorithm>

#include "apiserver/rbac/rules.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::DumpJson;
using gantry::Json;
using gantry::apiserver::RequestInfo;
using gantry::fuzz::Require;
using namespace gantry::apiserver::rbac;

struct Access {
  RequestInfo info;
  std::string path;
};

// Every access that words of the rules below can be about.
const std::vector<Access>& Accesses() {
  static const std::vector<Access> all = [] {
    std::vector<Access> list;
    for (const char* verb : {"get", "list", "bind"}) {
      for (const char* path : {"/audit", "/api/v1", "/apis"}) {
        RequestInfo info;
        info.verb = verb;
        list.push_back({info, path});
      }
      for (const char* group : {"", "gantry.dev"}) {
        for (const char* resource : {"services", "nodes"}) {
          for (const char* subresource : {"", "scale", "status"}) {
            for (const char* name : {"", "a", "b"}) {
              RequestInfo info;
              info.is_resource = true;
              info.verb = verb;
              info.group = group;
              info.resource = resource;
              info.subresource = subresource;
              info.name = name;
              list.push_back({info, ""});
            }
          }
        }
      }
    }
    return list;
  }();
  return all;
}

bool AllowsAny(const Rules& rules, const Access& access) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return Allows(rule, access.info, access.path); });
}

std::string Print(const Rules& rules) {
  Json list = Json::array();
  for (const Rule& rule : rules) list.push_back(RuleToJson(rule));
  return DumpJson(list);
}

// Whatever the rules are, nobody gets more than they have by them.
void CheckPair(const Rules& held, const Rules& wanted) {
  const Rules missing = Uncovered(held, wanted);
  Rules together = held;
  together.insert(together.end(), missing.begin(), missing.end());
  const Rules compact = Compact(wanted);
  for (const Access& access : Accesses()) {
    const bool asked = AllowsAny(wanted, access);
    if (asked) {
      Require(AllowsAny(together, access), "what is wanted is held or missing", Print(held),
              Print(wanted));
    } else {
      Require(!AllowsAny(missing, access), "nothing is missing that is not wanted", Print(held),
              Print(wanted));
    }
    Require(AllowsAny(compact, access) == asked, "compact rules allow the same", Print(wanted));
  }
  for (const Rule& rule : missing) {
    Require(rule.verbs.size() == 1 && rule.resources.size() + rule.non_resource_urls.size() == 1,
            "what is missing is told one by one", Print({rule}));
  }
  Require(Uncovered(held, missing) == missing, "what is missing is missing", Print(held),
          Print(wanted));
  Require(Uncovered(wanted, wanted).empty(), "rules give themselves", Print(wanted));
  Require(Uncovered(EverythingRules(), wanted).empty(), "everything gives all", Print(wanted));
  for (const Rule& rule : wanted) {
    const Rules again = RulesFromJson(Json::array({RuleToJson(rule)}));
    Require(again == Rules{rule}, "a printed rule is read as itself", Print({rule}));
    (void)Describe(rule);
  }
}

// Rules out of bytes, from words that meet.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Rules Take() {
    Rules rules;
    for (int n = Byte() % 4; n > 0; --n) {
      Rule rule;
      rule.verbs = Words({"get", "list", "bind", "*"});
      if (Byte() % 4 == 0) {
        rule.non_resource_urls = Words({"/audit", "/api/*", "/apis", "*", "/a*"});
      } else {
        rule.api_groups = Words({"", "gantry.dev", "*"});
        rule.resources =
            Words({"services", "nodes", "services/scale", "*/scale", "services/*", "*"});
        if (Byte() % 2 == 0) rule.resource_names = Words({"a", "b"});
      }
      rules.push_back(std::move(rule));
    }
    return rules;
  }

 private:
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const char byte = bytes_.front();
    bytes_.remove_prefix(1);
    return static_cast<uint8_t>(byte);
  }
  std::vector<std::string> Words(std::initializer_list<const char*> from) {
    std::vector<std::string> words;
    const uint8_t chosen = Byte();
    for (size_t i = 0; i < from.size(); ++i) {
      if ((chosen >> i) & 1) words.emplace_back(from.begin()[i]);
    }
    return words;
  }

  std::string_view bytes_;
};

}  // namespace

// Two lines of JSON, what is held and what is wanted; anything else is bytes for such rules.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  if (!text.starts_with('[')) {
    Reader reader(text);
    const Rules held = reader.Take();
    CheckPair(held, reader.Take());
    return 0;
  }
  std::vector<Rules> read;
  for (const std::string_view line : gantry::fuzz::SplitLines(text)) {
    const auto json = gantry::ParseJson(line);
    if (json.ok()) read.push_back(RulesFromJson(*json));
  }
  if (read.size() > 1 && read[0].size() + read[1].size() < 20) CheckPair(read[0], read[1]);
  return 0;
}
