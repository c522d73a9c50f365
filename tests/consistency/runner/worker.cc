#include "tests/consistency/runner/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace gantry::consistency {
namespace {

constexpr uint32_t kKeysEach = 10;
constexpr uint32_t kFilling = 900;  // bytes of an object, at most
constexpr Revision kBack = 800;     // how far back exact reads go
constexpr int kPageTries = 20;

std::string ObjectPath(const std::string& key) {
  return MapsPath(ScopeOf(key)) + key.substr(key.find('/'));
}

std::string Body(const std::string& key, Revision expect, const std::string& value,
                 size_t filling) {
  const std::string revision = expect == 0 ? "" : fmt::format(R"(,"resourceVersion":"{}")", expect);
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}"{}}},"data":{{"v":"{}","f":"{}"}}}})",
      key.substr(key.find('/') + 1), revision, value, std::string(filling, 'f'));
}

}  // namespace

void Worker::Run() {
  while (shared_.begun.fetch_add(1) < shared_.operations) {
    const std::string key = RandomKey();
    const uint32_t dice = Below(100);
    if (dice < 14) {
      Create(key);
    } else if (dice < 32) {
      Update(key);
    } else if (dice < 45) {
      Patch(key);
    } else if (dice < 54) {
      Delete(key);
    } else if (dice < 86) {
      Get(key);
    } else if (dice < 95) {
      List();
    } else {
      Pages();
    }
  }
}

Revision Worker::Fence(const std::string& scope) {
  const std::string key = scope + "/fence";
  for (int i = 0; i < kPageTries; ++i) {
    Create(key);
    if (const Item* item = Known(key)) return item->revision;
  }
  return 0;
}

Operation Worker::Begin(Verb verb, const std::string& key) {
  api_.Prepare();  // what a dead server did not do it never does
  Operation op;
  op.client = client_;
  op.verb = verb;
  op.key = key;
  op.begin = Recorder::Now();
  return op;
}

void Worker::End(Operation op, const Api::Answer& answer) {
  op.outcome = answer.outcome;
  if (op.outcome != Outcome::kUnknown) op.end = Recorder::Now();
  if (op.outcome == Outcome::kOk) {
    if (op.verb == Verb::kDelete) {
      op.uid = answer.body.at("details").value("uid", "").substr(0, 13);
    } else if (op.verb == Verb::kList) {
      op.items = ItemsOf(answer.body);
      op.revision = RevisionOf(answer.body);
      shared_.Saw(op.revision);
      if (op.reading != Reading::kExact) {
        for (const Item& item : op.items) Learn(item);
      }
    } else {
      op.items = {ItemOf(answer.body)};
      Learn(op.items[0]);
    }
  }
  if (op.outcome == Outcome::kNotFound) known_.erase(op.key);
  shared_.recorder->Add(op);
}

void Worker::Learn(const Item& item) {
  known_[item.key] = item;
  shared_.Saw(item.revision);
}

void Worker::Create(const std::string& key) {
  Operation op = Begin(Verb::kCreate, key);
  op.write = NewValue();
  const std::string body = Body(key, 0, op.write, Below(kFilling));
  const Api::Answer answer = api_.Request("POST", MapsPath(ScopeOf(key)), body);
  End(std::move(op), answer);
}

void Worker::Update(const std::string& key) {
  Operation op = Begin(Verb::kUpdate, key);
  op.write = NewValue();
  if (const Item* known = Known(key); known != nullptr && Chance(60)) op.expect = known->revision;
  const std::string body = Body(key, op.expect, op.write, Below(kFilling));
  const Api::Answer answer = api_.Request("PUT", ObjectPath(key), body);
  End(std::move(op), answer);
}

void Worker::Patch(const std::string& key) {
  Operation op = Begin(Verb::kPatch, key);
  op.write = NewValue();
  if (Chance(25)) {
    const std::string body =
        fmt::format(R"([{{"op":"add","path":"/data/p","value":"{}"}}])", op.write);
    const auto answer = api_.Request("PATCH", ObjectPath(key), body, "application/json-patch+json");
    return End(std::move(op), answer);
  }
  if (const Item* known = Known(key); known != nullptr && Chance(30)) op.expect = known->revision;
  const std::string meta =
      op.expect == 0 ? "" : fmt::format(R"("metadata":{{"resourceVersion":"{}"}},)", op.expect);
  const std::string body = fmt::format(R"({{{}"data":{{"p":"{}"}}}})", meta, op.write);
  const char* const type =
      Chance(50) ? "application/merge-patch+json" : "application/strategic-merge-patch+json";
  const Api::Answer answer = api_.Request("PATCH", ObjectPath(key), body, type);
  End(std::move(op), answer);
}

void Worker::Delete(const std::string& key) {
  Operation op = Begin(Verb::kDelete, key);
  std::string body;
  if (const Item* known = Known(key); known != nullptr && Chance(50)) {
    op.expect = known->revision;
    body = fmt::format(
        R"({{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{{"resourceVersion":"{}"}}}})",
        op.expect);
  }
  const Api::Answer answer = api_.Request("DELETE", ObjectPath(key), body);
  End(std::move(op), answer);
}

void Worker::Get(const std::string& key) {
  Operation op = Begin(Verb::kGet, key);
  std::string query;
  if (const uint32_t dice = Below(10); dice == 0) {
    op.reading = Reading::kAny;
    query = "?resourceVersion=0";
  } else if (dice < 3) {
    op.reading = Reading::kNotOlder;
    op.at = shared_.newest.load();
    query = fmt::format("?resourceVersion={}", op.at);
  }
  const Api::Answer answer = api_.Request("GET", ObjectPath(key) + query);
  End(std::move(op), answer);
}

void Worker::List() {
  Operation op = Begin(Verb::kList, RandomScope());
  std::string query;
  if (const uint32_t dice = Below(10); dice < 2) {
    op.reading = Reading::kAny;
    query = "?resourceVersion=0";
  } else if (dice < 4) {
    op.reading = Reading::kNotOlder;
    op.at = shared_.newest.load();
    query = fmt::format("?resourceVersion={}", op.at);
    if (Chance(50)) query += "&resourceVersionMatch=NotOlderThan";
  } else if (dice < 6) {
    op.reading = Reading::kExact;
    op.at = RecentRevision();
    query = fmt::format("?resourceVersion={}&resourceVersionMatch=Exact", op.at);
  }
  const Api::Answer answer = api_.Request("GET", MapsPath(op.key) + query);
  End(std::move(op), answer);
}

// Goes on over restarts of the server, with the same token.
void Worker::Pages() {
  Operation op = Begin(Verb::kPages, RandomScope());
  const std::string path = fmt::format("{}?limit={}", MapsPath(op.key), 1 + Below(6));
  std::string next;
  if (Chance(30)) {
    op.reading = Reading::kExact;
    op.at = RecentRevision();
    next = fmt::format("&resourceVersion={}", op.at);
  }
  for (int tries = 0; tries < kPageTries;) {
    const Api::Answer answer = api_.Request("GET", path + next);
    op.outcome = answer.outcome;
    op.end = Recorder::Now();
    if (answer.outcome == Outcome::kUnknown) {
      ++tries;
      continue;
    }
    if (answer.outcome != Outcome::kOk) break;
    const std::vector<Item> items = ItemsOf(answer.body);
    const Json& meta = answer.body.at("metadata");
    op.pages.push_back(
        {RevisionOf(answer.body), items.size(), meta.value("remainingItemCount", int64_t{-1})});
    op.items.insert(op.items.end(), items.begin(), items.end());
    const std::string token = meta.value("continue", "");
    if (token.empty()) break;
    next = "&continue=" + token;
  }
  if (op.outcome == Outcome::kUnknown) op.end = kNever;
  if (op.outcome != Outcome::kOk) op.items.clear();
  if (!op.pages.empty()) op.revision = op.pages[0].revision;
  shared_.Saw(op.revision);
  shared_.recorder->Add(op);
}

std::string Worker::NewValue() {
  return fmt::format("{}.{}", client_, shared_.next_value.fetch_add(1) + 1);
}

std::string Worker::RandomKey() {
  return fmt::format("{}/k{}", kScopes[Below(2)], Below(kKeysEach));
}

std::string Worker::RandomScope() {
  if (shared_.whole && Chance(30)) return "";
  return kScopes[Below(2)];
}

Revision Worker::RecentRevision() {
  const Revision back = static_cast<Revision>(Below(Chance(50) ? 10 : kBack));
  return std::max(shared_.base, shared_.newest.load() - back);
}

const Item* Worker::Known(const std::string& key) const {
  const auto it = known_.find(key);
  return it == known_.end() ? nullptr : &it->second;
}

}  // namespace gantry::consistency
