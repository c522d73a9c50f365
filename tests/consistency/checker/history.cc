#include "tests/consistency/checker/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "apis/machinery/base/json.h"

namespace gantry::consistency {
namespace {

constexpr const char* kVerbs[] = {"create", "update", "patch", "delete", "get", "list", "pages"};
constexpr const char* kOutcomes[] = {"ok",      "notfound", "exists", "conflict",
                                     "refused", "expired",  "future", "unknown"};
constexpr const char* kReadings[] = {"newest", "any", "notolder", "exact"};
constexpr const char* kTypes[] = {"added", "modified", "deleted", "bookmark", "initialend"};
constexpr const char* kFroms[] = {"revision", "any", "stream"};

template <typename E, size_t kSize>
E Named(const char* const (&names)[kSize], const std::string& name) {
  const auto it = std::find(std::begin(names), std::end(names), name);
  if (it == std::end(names))
    throw std::invalid_argument("\"" + name + "\" is no word of its place");
  return static_cast<E>(it - std::begin(names));
}

std::string ItemText(const Item& item) {
  return fmt::format(R"(["{}",{},"{}","{}","{}"])", item.key, item.revision, item.uid, item.value,
                     item.patch);
}

Item ReadItem(const Json& json) {
  return {json.at(0), json.at(1), json.at(2), json.at(3), json.at(4)};
}

std::string Time(const char* name, Nanoseconds time) {
  return time == kNever ? "" : fmt::format(",\"{}\":{}", name, time);
}

Operation ReadOperation(const Json& json) {
  Operation op;
  op.verb = Named<Verb>(kVerbs, json.at("op"));
  op.client = json.at("client");
  op.key = json.at("key");
  op.begin = json.at("begin");
  op.end = json.value("end", kNever);
  op.outcome = Named<Outcome>(kOutcomes, json.at("result"));
  op.write = json.value("write", "");
  op.expect = json.value("expect", Revision{0});
  op.expect_uid = json.value("expectUid", "");
  op.reading = Named<Reading>(kReadings, json.value("reading", "newest"));
  op.at = json.value("at", Revision{0});
  op.revision = json.value("revision", Revision{0});
  op.uid = json.value("uid", "");
  if (json.contains("items")) {
    for (const Json& item : json["items"]) op.items.push_back(ReadItem(item));
  }
  if (json.contains("pages")) {
    for (const Json& page : json["pages"]) {
      op.pages.push_back({page.at(0), page.at(1), page.at(2)});
    }
  }
  return op;
}

class Reader {
 public:
  History Take() && {
    std::sort(history_.deaths.begin(), history_.deaths.end());
    return std::move(history_);
  }

  void Read(const std::string& text, size_t line) {
    const Json json = Json::parse(text);
    if (json.contains("op")) {
      history_.operations.push_back(ReadOperation(json));
      history_.operations.back().line = line;
    } else if (json.contains("watch")) {
      ReadWatch(json, line);
    } else if (json.contains("event")) {
      WatchEvent event;
      event.type = Named<WatchEvent::Type>(kTypes, json.at("type"));
      event.time = json.at("time");
      event.item = ReadItem(json.at("item"));
      Find(json.at("event"))->events.push_back(std::move(event));
    } else if (json.contains("end")) {
      Watch* const watch = Find(json.at("end"));
      watch->end = json.at("time");
      watch->outcome = Named<Outcome>(kOutcomes, json.at("result"));
      watch->complete_to = json.value("completeTo", Revision{0});
    } else if (json.contains("death")) {
      history_.deaths.push_back(json.at("death"));
    } else {
      throw std::invalid_argument("no op, watch, event, end or death");
    }
  }

 private:
  void ReadWatch(const Json& json, size_t line) {
    Watch watch;
    watch.client = json.at("client");
    watch.scope = json.at("scope");
    watch.from = Named<Watch::From>(kFroms, json.at("from"));
    watch.at = json.value("at", Revision{0});
    watch.begin = json.at("begin");
    watch.line = line;
    numbers_[json.at("watch")] = history_.watches.size();
    history_.watches.push_back(std::move(watch));
  }
  Watch* Find(int64_t number) {
    const auto it = numbers_.find(number);
    if (it == numbers_.end()) throw std::invalid_argument("there is no such watch");
    return &history_.watches[it->second];
  }

  History history_;
  std::unordered_map<int64_t, size_t> numbers_;
};

}  // namespace

std::string OperationLine(const Operation& op) {
  std::string text = fmt::format(R"({{"op":"{}","client":{},"key":"{}","begin":{}{},"result":"{}")",
                                 kVerbs[static_cast<int>(op.verb)], op.client, op.key, op.begin,
                                 Time("end", op.end), kOutcomes[static_cast<int>(op.outcome)]);
  if (!op.write.empty()) text += fmt::format(R"(,"write":"{}")", op.write);
  if (op.expect != 0) text += fmt::format(R"(,"expect":{})", op.expect);
  if (!op.expect_uid.empty()) text += fmt::format(R"(,"expectUid":"{}")", op.expect_uid);
  if (op.verb >= Verb::kGet) {
    text += fmt::format(R"(,"reading":"{}")", kReadings[static_cast<int>(op.reading)]);
    if (op.at != 0) text += fmt::format(R"(,"at":{})", op.at);
  }
  if (op.revision != 0) text += fmt::format(R"(,"revision":{})", op.revision);
  if (!op.uid.empty()) text += fmt::format(R"(,"uid":"{}")", op.uid);
  if (!op.items.empty()) {
    std::string items;
    for (const Item& item : op.items) items += (items.empty() ? "" : ",") + ItemText(item);
    text += ",\"items\":[" + items + "]";
  }
  if (!op.pages.empty()) {
    std::string pages;
    for (const Page& page : op.pages) {
      if (!pages.empty()) pages += ',';
      pages += fmt::format("[{},{},{}]", page.revision, page.items, page.remaining);
    }
    text += ",\"pages\":[" + pages + "]";
  }
  return text + "}";
}

std::string WatchLine(int64_t number, const Watch& watch) {
  return fmt::format(R"({{"watch":{},"client":{},"scope":"{}","from":"{}","at":{},"begin":{}}})",
                     number, watch.client, watch.scope, kFroms[static_cast<int>(watch.from)],
                     watch.at, watch.begin);
}

std::string EventLine(int64_t number, const WatchEvent& event) {
  return fmt::format(R"({{"event":{},"type":"{}","time":{},"item":{}}})", number,
                     kTypes[static_cast<int>(event.type)], event.time, ItemText(event.item));
}

std::string WatchEndLine(int64_t number, const Watch& watch) {
  return fmt::format(R"({{"end":{},"time":{},"result":"{}","completeTo":{}}})", number, watch.end,
                     kOutcomes[static_cast<int>(watch.outcome)], watch.complete_to);
}

std::string DeathLine(Nanoseconds time) { return fmt::format(R"({{"death":{}}})", time); }

Result<History> ReadHistory(std::istream& in) {
  Reader reader;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      reader.Read(line, number);
    } catch (const std::exception& e) {
      return Error(Code::kBadRequest, fmt::format("line {}: {}", number, e.what()));
    }
  }
  return std::move(reader).Take();
}

}  // namespace gantry::consistency
